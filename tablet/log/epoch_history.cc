#include "tablet/log/epoch_history.h"

#include <algorithm>
#include <limits>

#include "tablet/log/checkpoint_text.h"

namespace strom::tablet {

std::optional<LeaderEpoch> EpochHistory::EpochBefore(LogOffset end) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->start_offset < end) return entry->epoch;
  }
  return std::nullopt;
}

EpochEnd EpochHistory::EndOf(LeaderEpoch epoch, LogOffset log_start, LogOffset log_end) const {
  const auto next = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const EpochStart& entry) { return entry.epoch > epoch; });
  const LogOffset end = next == entries_.end() ? log_end : std::min(next->start_offset, log_end);
  return {.epoch = next == entries_.begin() ? kNoEpoch : std::prev(next)->epoch,
          .end_offset = std::max(end, log_start)};
}

std::vector<EpochStart> EpochHistory::Covering(LogOffset from, LogOffset to) const {
  std::vector<EpochStart> covering;
  for (const EpochStart& entry : entries_) {
    if (entry.start_offset >= to) break;
    if (entry.start_offset <= from) covering.clear();  // Those before end at or below `from`.
    covering.push_back(entry);
  }
  return covering;
}

Status EpochHistory::Begin(LeaderEpoch epoch, LogOffset log_end) {
  if (!entries_.empty() && entries_.back().epoch > epoch) {
    return Error(ErrorCode::kFencedLeaderEpoch,
                 "leader epoch {} cannot begin at offset {}: epoch {} began at {}", epoch, log_end,
                 entries_.back().epoch, entries_.back().start_offset);
  }
  CutFrom(log_end);
  if (entries_.empty() || entries_.back().epoch != epoch) entries_.push_back({epoch, log_end});
  return Status::Ok();
}

Status EpochHistory::Extend(std::span<const EpochStart> epochs, bool log_empty, LogOffset log_end,
                            LogOffset next) {
  EpochHistory extended;
  if (!log_empty) {
    extended = *this;
    extended.CutFrom(log_end);
  }
  std::vector<EpochStart>& known = extended.entries_;
  const bool all_known = !known.empty();
  if (all_known && (epochs.empty() || epochs.front().start_offset > log_end)) {
    return Error(ErrorCode::kCorruptRecord,
                 "the leader names no epoch for offset {}, where epoch {} ends", log_end,
                 known.back().epoch);
  }
  const EpochStart* before = nullptr;
  for (const EpochStart& entry : epochs) {
    if (entry.start_offset >= next) break;
    if (before && (entry.epoch <= before->epoch || entry.start_offset <= before->start_offset)) {
      return Error(ErrorCode::kCorruptRecord,
                   "the leader says epoch {} starts at {}, after epoch {} at {}", entry.epoch,
                   entry.start_offset, before->epoch, before->start_offset);
    }
    before = &entry;
    const LeaderEpoch newest = known.empty() ? kNoEpoch : known.back().epoch;
    if (entry.epoch < newest || entry.epoch < LeaderEpoch(0)) {
      return Error(ErrorCode::kCorruptRecord, "epoch {} from offset {} on, behind epoch {}",
                   entry.epoch, entry.start_offset, newest);
    }
    if (entry.epoch == newest) continue;
    if (!log_empty && entry.start_offset < log_end) {
      return Error(ErrorCode::kCorruptRecord,
                   "the leader says epoch {} wrote from offset {} on, here epoch {} wrote up to {}",
                   entry.epoch, entry.start_offset, newest, log_end);
    }
    known.push_back({entry.epoch, std::max(entry.start_offset, log_end)});
  }
  *this = std::move(extended);
  return Status::Ok();
}

void EpochHistory::CutFrom(LogOffset log_end) {
  while (!entries_.empty() && entries_.back().start_offset >= log_end) entries_.pop_back();
}

void EpochHistory::CutBelow(LogOffset log_start) {
  const auto later = std::find_if(entries_.begin(), entries_.end(), [&](const EpochStart& entry) {
    return entry.start_offset > log_start;
  });
  if (later == entries_.begin()) return;
  const auto first = std::prev(later);
  first->start_offset = log_start;
  entries_.erase(entries_.begin(), first);
}

std::string EpochHistory::ToText() const {
  std::string text = fmt::format("0\n{}\n", entries_.size());
  for (const EpochStart& entry : entries_) {
    text += fmt::format("{} {}\n", entry.epoch, entry.start_offset);
  }
  return text;
}

Result<EpochHistory> EpochHistory::FromText(std::string_view text) {
  STROM_ASSIGN_OR_RETURN(const auto lines, ParseCheckpointText(text));
  EpochHistory history;
  std::vector<EpochStart>& entries = history.entries_;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<int64_t>& numbers = lines[i];
    if (numbers.size() != 2 || numbers[0] < 0 || numbers[1] < 0 ||
        numbers[0] > std::numeric_limits<LeaderEpoch::rep>::max()) {
      return BadCheckpointLine(i, numbers);
    }
    const EpochStart entry{LeaderEpoch(static_cast<LeaderEpoch::rep>(numbers[0])),
                           LogOffset(numbers[1])};
    if (!entries.empty() && (entry.epoch <= entries.back().epoch ||
                             entry.start_offset <= entries.back().start_offset)) {
      return BadCheckpointLine(i, numbers);
    }
    entries.push_back(entry);
  }
  return history;
}

}  // namespace strom::tablet
