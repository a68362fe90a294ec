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
  std::optional<int64_t> value;  // None: no row, or its value is NULL.
  int64_t earliest = 0;       // When it can have come about at the earliest.
  int64_t latest = kForEver;  // When it must have.
  std::vector<int64_t> more = {};  // The other columns, if there is a row.
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
        const auto value = record.value == kNull ? std::nullopt : std::optional(record.value);
        states.push_back({.value = value, .more = record.more});
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
  bool deletes;
  // The other columns, which tell rows without value apart: all that a lookup saw, those that a
  // delete made NULL.
  std::vector<std::optional<int64_t>> more;

  const char* what() const { return deletes ? "delete" : "lookup"; }
  // Whether it can have seen a row without value in `state`, or none.
  bool FitsMissing(const State& state) const {
    if (state.value) return false;
    if (deletes && state.more.empty()) return true;
    return std::ranges::equal(more, state.more, [](const auto& seen, int64_t column) {
      return !seen || *seen == column;
    });
  }
};

class KeyCheck {
 public:
  KeyCheck(TableId table, int64_t key, const TableRules& rules, std::vector<State> states)
      : table_(table), key_(key), rules_(rules), states_(std::move(states)) {
    if (states_.empty()) states_.emplace_back();
    for (size_t i = 0; i < states_.size(); ++i) {
      if (states_[i].value) index_[*states_[i].value] = i;
    }
  }

  void OnUpsert(const UpsertOp& op) {
    const int64_t invoked = At(op.time.invoked);
    if (!op.value) {
      if (!rules_.takes_deletes()) return;
      deletes_.push_back(invoked);
      if (op.outcome == Outcome::kOk) {
        sights_.push_back({std::nullopt, invoked, At(op.time.completed), true, op.more});
      }
      return;
    }
    const auto at = index_.find(*op.value);
    if (at == index_.end()) return OnRefused(op);
    states_[at->second].earliest = invoked;
    if (op.outcome != Outcome::kOk) return;
    states_[at->second].latest = std::min(states_[at->second].latest, At(op.time.completed));
  }

  void OnLookup(const LookupOp& op) {
    OnSeen(op.time, op.value, op.more);
  }
  void OnSeen(const Interval& time, std::optional<int64_t> value,
              const std::vector<int64_t>& more) {
    sights_.push_back(
        {value, At(time.invoked), At(time.completed), false, {more.begin(), more.end()}});
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
        if (!seen) {
          if (!of_values) NoteUnseen(sight, found);
          continue;
        }
        placed.emplace_back(&sight, *seen);
        Raise(*seen + 1, sight.invoked);
      }
    }
    PlaceAgain(placed);
    for (const auto& [sight, seen] : placed) {
      if (states_[seen].earliest <= sight->completed) continue;
      found->push_back(fmt::format(
          "S12 order: table {} key {}: a {} from {} to {} ms saw {}, which came at {} ms or later",
          table_, key_, sight->what(), Ms(sight->invoked), Ms(sight->completed), Text(sight->value),
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
  // It never happened: S1, if it was acknowledged and nothing ever was there that refuses it. By
  // its answer something was.
  void OnRefused(const UpsertOp& op) {
    if (op.outcome != Outcome::kOk) return;
    const auto refuses = [&](const State& state) {
      return state.value && rules_.Refuses(op, state.more);
    };
    const auto first = std::ranges::find_if(states_, refuses);
    if (first != states_.end()) first->latest = std::min(first->latest, At(op.time.completed));
  }

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

  // `state` came about behind something that began at `invoked`.
  void Raise(size_t state, int64_t invoked) {
    if (state >= states_.size() || states_[state].earliest >= invoked) return;
    states_[state].earliest = invoked;
    SettleBehind(state);
  }

  // What was taken to have seen a state that, as later sights tell, came about too late, has seen
  // one before, if one fits: several states without value may follow one another.
  void PlaceAgain(std::vector<std::pair<const Sight*, size_t>>& placed) {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [sight, seen] : placed) {
        if (sight->value || states_[seen].earliest <= sight->completed) continue;
        const std::optional<size_t> before = LastMissing(*sight);
        if (!before) continue;
        seen = *before;
        Raise(seen + 1, sight->invoked);
        moved = true;
      }
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

  std::optional<size_t> LastMissing(const Sight& sight) const {
    std::optional<size_t> last;  // At the beginning there is no row.
    for (size_t i = 0; i < states_.size() && states_[i].earliest <= sight.completed; ++i) {
      if (sight.FitsMissing(states_[i])) last = i;
    }
    return last;
  }

  void NoteUnseen(const Sight& sight, Violations* found) const {
    found->push_back(fmt::format("S12 phantom: table {} key {}: a {} at {} ms saw a row "
                                 "without value, which the changelog did not have by then",
                                 table_, key_, sight.what(), Ms(sight.completed)));
  }

  const TableId table_;
  const int64_t key_;
  const TableRules rules_;
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
    return checks
        .emplace(std::pair(table, key),
                 KeyCheck(table, key, end.RulesOf(table), keys[{table, key}]))
        .first->second;
  };
  for (const UpsertOp& op : history.upserts) check_of(op.table, op.key).OnUpsert(op);
  for (const LookupOp& op : history.lookups) check_of(op.table, op.key).OnLookup(op);
  // Each is a lookup of all keys of its group.
  std::map<std::pair<TableId, int64_t>, std::vector<int64_t>> groups;
  for (const auto& [table_key, check] : checks) {
    const int64_t count = end.RulesOf(table_key.first).groups;
    if (count > 0) groups[{table_key.first, table_key.second % count}].push_back(table_key.second);
  }
  for (const PrefixLookupOp& op : history.prefix_lookups) {
    for (const int64_t key : groups[{op.table, op.group}]) {
      const auto row = std::ranges::find(op.rows, key, &SeenRow::key);
      KeyCheck& check = check_of(op.table, key);
      if (row == op.rows.end()) {
        check.OnSeen(op.time, std::nullopt, {});
      } else {
        check.OnSeen(op.time, row->value == kNull ? std::nullopt : std::optional(row->value),
                     row->more);
      }
    }
  }
  Violations found;
  for (auto& [key, check] : checks) check.Check(&found);
  return found;
}

}  // namespace strom::sim
