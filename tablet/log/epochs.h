#pragma once

#include "common/types/ids.h"

// How servers tell each other which leader wrote which part of a bucket's log.
namespace strom::tablet {

// The epoch of records nobody wrote under one: of logs older than their history.
inline constexpr LeaderEpoch kNoEpoch = kNoLeaderEpoch;

// The leader of `epoch` wrote the records from `start_offset` on, up to the next epoch's start.
struct EpochStart {
  LeaderEpoch epoch;
  LogOffset start_offset;

  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

// The records of `epoch` end before `end_offset`.
struct EpochEnd {
  LeaderEpoch epoch;
  LogOffset end_offset;

  friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

}  // namespace strom::tablet
