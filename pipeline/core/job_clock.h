#pragma once

#include <optional>

#include "common/runtime/clock.h"
#include "common/types/value.h"

namespace strom::pipeline {

// How often a result that depends on the time is looked at.
inline constexpr MonoDuration kClockTick = Seconds(10);

// What the clock functions of a job's SQL read: the wall clock, or one instant for ever (setting
// strom.clock: tests and the demo hand the same instant to their oracle).
class JobClock {
 public:
  // `clock` outlives it.
  explicit JobClock(const runtime::Clock& clock, std::optional<Timestamp> frozen = std::nullopt)
      : clock_(clock), frozen_(frozen) {}

  Timestamp Now() const { return frozen_ ? *frozen_ : Timestamp{clock_.WallNow(), 0}; }
  // The minute that has begun: for who must be able to say later what it was.
  Timestamp Minute() const {
    constexpr int64_t kMinute = 60'000;
    const Timestamp now = Now();
    return frozen_ ? now : Timestamp{now.millis - (now.millis % kMinute + kMinute) % kMinute, 0};
  }
  bool frozen() const { return frozen_.has_value(); }

 private:
  const runtime::Clock& clock_;
  const std::optional<Timestamp> frozen_;
};

}  // namespace strom::pipeline
