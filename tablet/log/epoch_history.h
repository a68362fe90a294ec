#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "tablet/log/epochs.h"

namespace strom::tablet {

// Which leader epochs wrote which parts of one bucket's log. What a follower and its leader compare
// to find where their logs part (KIP-101): two logs that have the same epoch for the record at an
// offset are the same up to there.
//
// Pure: a value, without I/O or locks. It does not know where its log ends; callers say.
//
// Always true: from one entry to the next, epochs and start offsets both rise.
class EpochHistory {
 public:
  const std::vector<EpochStart>& entries() const { return entries_; }

  // The epoch of the record before `end`; nullopt if it is not known.
  std::optional<LeaderEpoch> EpochBefore(LogOffset end) const;

  // Where the records of `epoch` end in a log of [log_start, log_end): the largest known epoch that
  // is not above it, and the start of the one after it, or the log's end. If all known epochs are
  // above it: kNoEpoch, and where the first of them starts (the log's end if none is known).
  EpochEnd EndOf(LeaderEpoch epoch, LogOffset log_start, LogOffset log_end) const;

  // The entries of the records in [from, to), oldest first. The first may start before `from`; it
  // starts behind it if the epoch of the first records is not known.
  std::vector<EpochStart> Covering(LogOffset from, LogOffset to) const;

  // The leader of `epoch` goes on where the log ends. Nothing changes if that is the newest known.
  // Entries at or above `log_end` go: no record was written under them.
  // Errors: kFencedLeaderEpoch if a newer epoch is known.
  Status Begin(LeaderEpoch epoch, LogOffset log_end);

  // A log that ends at `log_end` takes the records [log_end, next) of a leader who says that these
  // are the `epochs` that cover them (ones at or above `next` are left out). `log_empty`: there is
  // no record before `log_end` to compare with. Entries at or above `log_end` go first.
  // Errors, with nothing changed: kCorruptRecord if epochs or starts do not rise, go back behind
  // the newest known, say of a record that is already here that another epoch wrote it, or leave
  // out one although this log knows its epochs.
  Status Extend(std::span<const EpochStart> epochs, bool log_empty, LogOffset log_end,
                LogOffset next);

  // The log was cut at `log_end`: entries at or above it go.
  void CutFrom(LogOffset log_end);
  // The log now begins at `log_start`: so does the epoch that wrote its first record.
  void CutBelow(LogOffset log_start);

  // Kafka's text: "0\n" (the version), "<count>\n", then "<epoch> <start offset>\n" each.
  std::string ToText() const;
  // Errors: kCorruptRecord naming the line.
  static Result<EpochHistory> FromText(std::string_view text);

  friend bool operator==(const EpochHistory&, const EpochHistory&) = default;

 private:
  std::vector<EpochStart> entries_;
};

}  // namespace strom::tablet
