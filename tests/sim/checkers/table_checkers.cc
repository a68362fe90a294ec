#include "tests/sim/checkers/table_checkers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tests/sim/checkers/whole_log.h"

namespace strom::sim {
namespace {

using record::ChangeType;

constexpr int64_t kForEver = INT64_MAX;

int64_t At(MonoTime time) { return time == MonoTime::Infinite() ? kForEver : time.nanos(); }
int64_t Ms(int64_t nanos) { return nanos == kForEver ? -1 : nanos / 1'000'000; }

std::string Text(const std::optional<int64_t>& value) {
  return value ? std::to_string(*value) : "no row";
}

// The states of one key, in the changelog's order; the first: no row.
struct State {
  std::optional<int64_t> value;
  int64_t earliest = 0;       // When it can have come about at the earliest.
  int64_t latest = kForEver;  // When it must have.
};
using Keys = std::map<std::pair<TableId, int64_t>, std::vector<State>>;

Keys StatesOf(const FinalState& end) {
  Keys keys;
  for (const FinalBucket& bucket : end.buckets) {
    if (!bucket.keyed) continue;
    for (const LoggedRecord& record : WholeLog(bucket)) {
      if (record.offset >= bucket.high_watermark) break;
      auto& states = keys[{bucket.bucket.table, record.key}];
      if (states.empty()) states.emplace_back();
      if (record.type == ChangeType::kInsert || record.type == ChangeType::kUpdateAfter) {
        states.push_back({.value = record.value});
      } else if (record.type == ChangeType::kDelete) {
        states.push_back({.value = std::nullopt});
      }
    }
  }
  return keys;
}

// Something that saw `value` at a moment of the interval.
struct Sight {
  std::optional<int64_t> value;
  int64_t invoked;
  int64_t completed;
  const char* what;
};

class KeyCheck {
 public:
  KeyCheck(TableId table, int64_t key, std::vector<State> states)
      : table_(table), key_(key), states_(std::move(states)) {
    if (states_.empty()) states_.emplace_back();
    for (size_t i = 0; i < states_.size(); ++i) {
      if (states_[i].value) index_[*states_[i].value] = i;
    }
  }

  void OnUpsert(const UpsertOp& op) {
    const int64_t invoked = At(op.time.invoked);
    if (!op.value) {
      deletes_.push_back(invoked);
      if (op.outcome == Outcome::kOk) {
        sights_.push_back({std::nullopt, invoked, At(op.time.completed), "delete"});
      }
      return;
    }
    const auto at = index_.find(*op.value);
    if (at == index_.end()) return;  // Never happened; S1, if it was acknowledged.
    states_[at->second].earliest = invoked;
    if (op.outcome == Outcome::kOk) states_[at->second].latest = At(op.time.completed);
  }

  void OnLookup(const LookupOp& op) {
    sights_.push_back({op.value, At(op.time.invoked), At(op.time.completed), "lookup"});
  }

  void Check(Violations* found) {
    // The second delete of the changelog cannot come before two were asked for, and so on.
    std::sort(deletes_.begin(), deletes_.end());
    size_t deletes = 0;
    for (size_t i = 1; i < states_.size(); ++i) {
      if (states_[i].value) continue;
      states_[i].earliest = deletes < deletes_.size() ? deletes_[deletes] : kForEver;
      ++deletes;
    }
    Settle();
    // Sights of a missing row fit several states: each takes the last one that it can have seen,
    // which hinders the others least, those that ended first in front.
    std::stable_sort(sights_.begin(), sights_.end(),
                     [](const Sight& a, const Sight& b) { return a.completed < b.completed; });
    std::vector<std::pair<const Sight*, size_t>> placed;
    for (const bool of_values : {true, false}) {
      for (const Sight& sight : sights_) {
        if (sight.value.has_value() != of_values) continue;
        const std::optional<size_t> seen = of_values ? Find(sight, found) : LastMissing(sight);
        if (!seen) continue;
        placed.emplace_back(&sight, *seen);
        if (*seen + 1 < states_.size()) {
          State& next = states_[*seen + 1];
          if (next.earliest >= sight.invoked) continue;
          next.earliest = sight.invoked;
          SettleBehind(*seen + 1);
        }
      }
    }
    for (const auto& [sight, seen] : placed) {
      if (states_[seen].earliest <= sight->completed) continue;
      found->push_back(fmt::format(
          "S12 order: table {} key {}: a {} from {} to {} ms saw {}, which came at {} ms or later",
          table_, key_, sight->what, Ms(sight->invoked), Ms(sight->completed), Text(sight->value),
          Ms(states_[seen].earliest)));
    }
    for (const State& state : states_) {
      if (state.earliest <= state.latest) continue;
      found->push_back(fmt::format(
          "S12 late: table {} key {}: {} was acknowledged at {} ms, before it can have come at {} "
          "ms: an older value was seen later",
          table_, key_, Text(state.value), Ms(state.latest), Ms(state.earliest)));
      return;  // Those behind it follow from it.
    }
  }

 private:
  // Nothing comes about before what is in front of it.
  void Settle() {
    for (size_t i = 1; i < states_.size(); ++i) {
      states_[i].earliest = std::max(states_[i].earliest, states_[i - 1].earliest);
    }
  }
  // The same, where it was so until that of `raised` was raised.
  void SettleBehind(size_t raised) {
    const int64_t earliest = states_[raised].earliest;
    for (size_t i = raised + 1; i < states_.size() && states_[i].earliest < earliest; ++i) {
      states_[i].earliest = earliest;
    }
  }

  std::optional<size_t> Find(const Sight& sight, Violations* found) const {
    const auto at = index_.find(*sight.value);
    if (at != index_.end()) return at->second;
    found->push_back(
        fmt::format("S12 phantom: table {} key {}: a lookup at {} ms saw {}, which "
                    "the changelog never had",
                    table_, key_, Ms(sight.completed), *sight.value));
    return std::nullopt;
  }

  size_t LastMissing(const Sight& sight) const {
    size_t last = 0;  // At the beginning there is no row.
    for (size_t i = 0; i < states_.size() && states_[i].earliest <= sight.completed; ++i) {
      if (!states_[i].value) last = i;
    }
    return last;
  }

  const TableId table_;
  const int64_t key_;
  std::vector<State> states_;
  std::map<int64_t, size_t> index_;  // By value.
  std::vector<Sight> sights_;
  std::vector<int64_t> deletes_;  // When each was asked for.
};

}  // namespace

Violations CheckRowsAreFold(const FinalState& end) {
  Violations found;
  const Keys keys = StatesOf(end);
  for (const auto& [table, rows] : end.rows) {
    for (const auto& [key, row] : rows) {
      const auto states = keys.find({table, key});
      const std::optional<int64_t> fold =
          states == keys.end() ? std::nullopt : states->second.back().value;
      if (fold == row) continue;
      found.push_back(fmt::format("S10 fold: table {} key {}: lookup finds {}, the changelog {}",
                                  table, key, Text(row), Text(fold)));
    }
  }
  return found;
}

Violations CheckChangelog(const FinalState& end) {
  Violations found;
  for (const FinalBucket& bucket : end.buckets) {
    if (!bucket.keyed) continue;
    std::map<int64_t, int64_t> rows;
    const LoggedRecord* before = nullptr;  // -U, waiting for its +U.
    for (const LoggedRecord& record : WholeLog(bucket)) {
      const auto row = rows.find(record.key);
      const bool is_old = row != rows.end() && row->second == record.value;
      const bool paired = before != nullptr && before->key == record.key;
      bool fits = false;
      switch (record.type) {
        case ChangeType::kInsert:
          fits = row == rows.end() && before == nullptr;
          break;
        case ChangeType::kUpdateBefore:
        case ChangeType::kDelete:
          fits = is_old && before == nullptr;
          break;
        case ChangeType::kUpdateAfter:
          fits = paired;
          break;
        case ChangeType::kAppendOnly:
          break;
      }
      if (!fits) {
        found.push_back(fmt::format("S11 change: {}: {} ({}, {}) at {}, where the row is {}{}",
                                    bucket.bucket, record::ChangeTypeSymbol(record.type),
                                    record.key, record.value, record.offset,
                                    row == rows.end() ? "missing" : std::to_string(row->second),
                                    before == nullptr ? "" : ", behind a -U"));
      }
      before = record.type == ChangeType::kUpdateBefore ? &record : nullptr;
      if (record.type == ChangeType::kDelete) {
        rows.erase(record.key);
      } else if (record.type != ChangeType::kUpdateBefore) {
        rows[record.key] = record.value;
      }
    }
  }
  return found;
}

Violations CheckSnapshots(const FinalState& end) {
  Violations found;
  const auto add = [&](const FinalSnapshot& snapshot, std::string_view name,
                       const std::string& what) {
    found.push_back(
        fmt::format("S14 {}: {} snapshot {}: {}", name, snapshot.bucket, snapshot.id, what));
  };
  for (const FinalBucket& bucket : end.buckets) {
    std::vector<const FinalSnapshot*> sound;
    for (const auto* const snapshots : {&end.completed, &end.snapshots}) {
      for (const FinalSnapshot& snapshot : *snapshots) {
        if (snapshot.bucket != bucket.bucket) continue;
        if (!snapshot.damage.empty()) {
          add(snapshot, "damage", snapshot.damage);
        } else if (snapshot.log_offset > bucket.high_watermark) {
          add(snapshot, "uncommitted",
              fmt::format("it holds the log up to {}, committed is {}", snapshot.log_offset,
                          bucket.high_watermark));
        } else {
          sound.push_back(&snapshot);
        }
      }
    }
    if (sound.empty()) continue;
    std::ranges::stable_sort(sound, {}, &FinalSnapshot::log_offset);
    const std::vector<LoggedRecord> records = WholeLog(bucket);
    auto next = records.begin();
    std::map<int64_t, int64_t> fold;
    for (const FinalSnapshot* const snapshot : sound) {
      for (; next != records.end() && next->offset < snapshot->log_offset; ++next) {
        if (next->type == ChangeType::kDelete) {
          fold.erase(next->key);
        } else if (next->type != ChangeType::kUpdateBefore) {
          fold[next->key] = next->value;
        }
      }
      if (fold == snapshot->rows) continue;
      add(*snapshot, "fold",
          fmt::format("its {} rows are not the {} that the changelog makes up to {}",
                      snapshot->rows.size(), fold.size(), snapshot->log_offset));
    }
  }
  return found;
}

Violations CheckLookups(const History& history, const FinalState& end) {
  std::map<std::pair<TableId, int64_t>, KeyCheck> checks;
  Keys keys = StatesOf(end);
  const auto check_of = [&](TableId table, int64_t key) -> KeyCheck& {
    const auto at = checks.find({table, key});
    if (at != checks.end()) return at->second;
    return checks.emplace(std::pair(table, key), KeyCheck(table, key, keys[{table, key}]))
        .first->second;
  };
  for (const UpsertOp& op : history.upserts) check_of(op.table, op.key).OnUpsert(op);
  for (const LookupOp& op : history.lookups) check_of(op.table, op.key).OnLookup(op);
  Violations found;
  for (auto& [key, check] : checks) check.Check(&found);
  return found;
}

}  // namespace strom::sim
