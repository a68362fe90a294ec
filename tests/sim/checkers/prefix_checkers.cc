#include "tests/sim/checkers/prefix_checkers.h"

#include <algorithm>
#include <queue>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sim/checkers/whole_log.h"

namespace strom::sim {
namespace {

using record::ChangeType;
using Rows = std::vector<SeenRow>;  // By key.

std::string Text(const Rows& rows) {
  std::vector<std::string> texts;
  for (const SeenRow& row : rows) {
    texts.push_back(fmt::format("{}: {}", row.key,
                                row.value == kNull ? "NULL" : std::to_string(row.value)));
  }
  return fmt::format("{{{}}}", fmt::join(texts, ", "));
}

int64_t Ms(MonoTime time) { return time.nanos() / 1'000'000; }

// The rows of a group, from nothing on, in the changelog's order.
class Group {
 public:
  Group() { Keep(MonoTime()); }

  // `write` made the change; nullptr if nobody knows which, as of a delete.
  void OnRecord(const LoggedRecord& record, const UpsertOp* write) {
    if (record.type == ChangeType::kUpdateBefore) return;
    if (record.type == ChangeType::kDelete) {
      rows_.erase(record.key);
    } else {
      rows_[record.key] = {record.key, record.value, record.more};
    }
    Keep(write ? write->time.invoked : MonoTime());
    if (write && write->outcome == Outcome::kOk) {
      answered_.emplace_back(write->time.completed, earliest_.size() - 1);
    }
  }

  // `lookups` in the order they were called.
  void Check(const std::string& name, const std::vector<const PrefixLookupOp*>& lookups,
             Violations* found) {
    std::sort(answered_.begin(), answered_.end());
    auto answered = answered_.begin();
    // Of lookups: when they were answered, and which state they saw.
    using Seen = std::pair<MonoTime, size_t>;
    std::priority_queue<Seen, std::vector<Seen>, std::greater<>> ended;
    size_t oldest = 0;  // That a lookup may see that is called now.
    for (const PrefixLookupOp* const op : lookups) {
      for (; answered != answered_.end() && answered->first < op->time.invoked; ++answered) {
        oldest = std::max(oldest, answered->second);
      }
      for (; !ended.empty() && ended.top().first < op->time.invoked; ended.pop()) {
        oldest = std::max(oldest, ended.top().second);
      }
      const auto add = [&](const char* kind, const std::string& what) {
        found->push_back(fmt::format("S15 {}: {}: a lookup from {} to {} ms saw {}, {}", kind, name,
                                     Ms(op->time.invoked), Ms(op->time.completed), Text(op->rows),
                                     what));
      };
      Rows rows = op->rows;
      std::ranges::sort(rows);
      const auto states = states_.find(rows);
      if (states == states_.end()) {
        add("cut", "which the changelog makes at no offset");
        continue;
      }
      // The oldest possible one hinders those behind it least.
      const auto state = std::ranges::lower_bound(states->second, oldest);
      if (state == states->second.end()) {
        add("stale", "which was over when it was called");
        continue;
      }
      if (earliest_[*state] > op->time.completed) {
        add("early", "before it can have come about");
        continue;
      }
      ended.emplace(op->time.completed, *state);
    }
  }

  Rows Last() const {
    Rows rows;
    for (const auto& [key, row] : rows_) rows.push_back(row);
    return rows;
  }

 private:
  void Keep(MonoTime invoked) {
    states_[Last()].push_back(earliest_.size());
    earliest_.push_back(earliest_.empty() ? invoked : std::max(earliest_.back(), invoked));
  }

  std::map<int64_t, SeenRow> rows_;
  std::map<Rows, std::vector<size_t>> states_;  // Which of them are so, ascending.
  std::vector<MonoTime> earliest_;              // Of each: when it can have come about.
  std::vector<std::pair<MonoTime, size_t>> answered_;  // From when on who looks sees it, or later.
};

// Each row once, and all of them of the group.
bool AreOfGroup(const Rows& rows, int64_t group, int64_t groups) {
  std::set<int64_t> keys;
  return std::ranges::all_of(rows, [&](const SeenRow& row) {
    return row.key % groups == group && keys.insert(row.key).second;
  });
}

}  // namespace

Violations CheckPrefixLookups(const History& history, const FinalState& end) {
  Violations found;
  const auto name_of = [](TableId table, int64_t group) {
    return fmt::format("table {} group {}", table, group);
  };
  std::map<std::pair<TableId, int64_t>, std::vector<const PrefixLookupOp*>> lookups;
  for (const PrefixLookupOp& op : history.prefix_lookups) {
    if (AreOfGroup(op.rows, op.group, end.RulesOf(op.table).groups)) {
      lookups[{op.table, op.group}].push_back(&op);
      continue;
    }
    found.push_back(fmt::format("S15 rows: {}: a lookup at {} ms saw {}",
                                name_of(op.table, op.group), Ms(op.time.completed),
                                Text(op.rows)));
  }
  std::map<std::tuple<TableId, int64_t, int64_t>, const UpsertOp*> writes;
  for (const UpsertOp& op : history.upserts) {
    if (op.value && end.RulesOf(op.table).groups > 0) writes[{op.table, op.key, *op.value}] = &op;
  }
  std::map<std::pair<TableId, int64_t>, Group> groups;
  for (const FinalBucket& bucket : end.buckets) {
    const TableId table = bucket.bucket.table;
    const int64_t count = end.RulesOf(table).groups;
    if (count == 0) continue;
    for (const LoggedRecord& record : WholeLog(bucket)) {
      if (record.offset >= bucket.high_watermark) break;
      const auto write = writes.find({table, record.key, record.value});
      const bool of_write =
          record.type == ChangeType::kInsert || record.type == ChangeType::kUpdateAfter;
      groups[{table, record.key % count}].OnRecord(
          record, of_write && write != writes.end() ? write->second : nullptr);
    }
  }
  for (auto& [key, ops] : lookups) {
    std::ranges::stable_sort(ops, {}, [](const PrefixLookupOp* op) { return op->time.invoked; });
    groups[key].Check(name_of(key.first, key.second), ops, &found);
  }
  for (const auto& [table, by_group] : end.groups) {
    for (auto [group, rows] : by_group) {
      std::ranges::sort(rows);
      Rows expected = groups[{table, group}].Last();
      if (rows == expected) continue;
      found.push_back(fmt::format("S15 end: {}: the lookup finds {}, the changelog has {}",
                                  name_of(table, group), Text(rows), Text(expected)));
    }
  }
  return found;
}

}  // namespace strom::sim
