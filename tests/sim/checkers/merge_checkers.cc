#include "tests/sim/checkers/merge_checkers.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sim/checkers/whole_log.h"

namespace strom::sim {
namespace {

using record::ChangeType;

std::string Text(const std::vector<int64_t>& columns) {
  std::vector<std::string> texts;
  for (const int64_t column : columns) {
    texts.push_back(column == kNull ? "NULL" : std::to_string(column));
  }
  return fmt::format("({})", fmt::join(texts, ", "));
}

// What is wrong with a change in a table of `rules`, where `old` is the row before, nullptr if
// there is none; empty: nothing.
std::string WhatEngineDoesNot(const TableRules& rules, const LoggedRecord& record,
                              const LoggedRecord* old) {
  if (record.type == ChangeType::kDelete) return "deletes";
  if (record.type != ChangeType::kUpdateAfter || old == nullptr) return "";
  if (rules.engine == MergeEngine::kFirstRow) return "changes the first row";
  if (record.more.at(0) >= old->more.at(0)) return "";
  return fmt::format("puts version {} in place of {}", record.more.at(0), old->more.at(0));
}

// The writes of one table, and what its rows go through.
class ColumnCheck {
 public:
  void OnWrite(const UpsertOp& op) {
    if (op.value) {
      writes_[{op.key, *op.value}] = &op;
      return;
    }
    std::vector<bool> touched;
    for (const auto& column : op.more) touched.push_back(column.has_value());
    deletes_[op.key].insert(std::move(touched));
  }

  void OnRecord(const TableBucket& bucket, const LoggedRecord& record, Violations* found) {
    const auto at = rows_.find(record.key);
    const LoggedRecord* const old = at == rows_.end() ? nullptr : &at->second;
    std::string wrong;
    switch (record.type) {
      case ChangeType::kInsert:
      case ChangeType::kUpdateAfter:
        wrong = record.value == kNull ? WrongInDelete(record, old) : WrongInUpsert(record, old);
        break;
      case ChangeType::kDelete:
        wrong = WrongInRemoval(record, old);
        break;
      case ChangeType::kUpdateBefore:
        if (old && old->more != record.more) wrong = "is no row that was there";
        break;
      case ChangeType::kAppendOnly:
        break;  // S11.
    }
    if (!wrong.empty()) {
      found->push_back(fmt::format(
          "S13 columns: {}: {} ({}, {}) {} at {} {}; before it: {}", bucket,
          record::ChangeTypeSymbol(record.type), record.key,
          record.value == kNull ? "NULL" : std::to_string(record.value), Text(record.more),
          record.offset, wrong, old ? Text(old->more) : "no row"));
    }
    if (record.type == ChangeType::kDelete) rows_.erase(record.key);
    if (record.type == ChangeType::kInsert || record.type == ChangeType::kUpdateAfter) {
      shown_.insert({record.key, record.value, record.more});
      rows_[record.key] = record;
    }
  }

  // Whether the changelog has a row of that value with these other columns.
  bool Has(const SeenRow& row) const { return shown_.contains(row); }

 private:
  std::string WrongInUpsert(const LoggedRecord& record, const LoggedRecord* old) const {
    const auto write = writes_.find({record.key, record.value});
    if (write == writes_.end()) return "was written by nobody";
    const auto& columns = write->second->more;
    for (size_t i = 0; i < record.more.size(); ++i) {
      const int64_t before = old ? old->more[i] : kNull;
      if (columns.at(i) && *columns[i] != record.more[i]) {
        return fmt::format("has not what was written into column {}", i);
      }
      if (!columns[i] && record.more[i] != before) {
        return fmt::format("touches column {}, which its write leaves out", i);
      }
    }
    return "";
  }

  // Deletes carry nothing that tells them apart: one of those that were asked for must fit.
  bool SomeDelete(int64_t key, auto fits) const {
    const auto deletes = deletes_.find(key);
    return deletes != deletes_.end() && std::ranges::any_of(deletes->second, fits);
  }

  std::string WrongInDelete(const LoggedRecord& record, const LoggedRecord* old) const {
    if (old == nullptr) return "has no value";
    if (std::ranges::count(record.more, kNull) == std::ssize(record.more)) return "is empty";
    const bool fits = SomeDelete(record.key, [&](const std::vector<bool>& touched) {
      for (size_t i = 0; i < record.more.size(); ++i) {
        if (record.more[i] != (touched.at(i) ? kNull : old->more[i])) return false;
      }
      return true;
    });
    return fits ? "" : "is what no delete makes";
  }

  std::string WrongInRemoval(const LoggedRecord& record, const LoggedRecord* old) const {
    if (old == nullptr) return "";  // S11.
    const bool fits = SomeDelete(record.key, [&](const std::vector<bool>& touched) {
      for (size_t i = 0; i < old->more.size(); ++i) {
        if (!touched.at(i) && old->more[i] != kNull) return false;
      }
      return true;
    });
    return fits ? "" : "takes columns that no delete names";
  }

  std::map<std::pair<int64_t, int64_t>, const UpsertOp*> writes_;  // By key and value.
  std::map<int64_t, std::set<std::vector<bool>>> deletes_;  // By key: the columns each touches.
  std::map<int64_t, LoggedRecord> rows_;
  std::set<SeenRow> shown_;
};

}  // namespace

Violations CheckEngines(const FinalState& end) {
  Violations found;
  for (const FinalBucket& bucket : end.buckets) {
    const TableRules rules = end.RulesOf(bucket.bucket.table);
    if (rules.engine == MergeEngine::kLastRow) continue;
    std::map<int64_t, const LoggedRecord*> rows;
    for (const LoggedRecord& record : WholeLog(bucket)) {
      if (record.type == ChangeType::kUpdateBefore) continue;
      const LoggedRecord*& row = rows[record.key];
      const std::string wrong = WhatEngineDoesNot(rules, record, row);
      if (!wrong.empty()) {
        found.push_back(fmt::format("S10 engine: {}: {} ({}, {}) at {} {}, which {} does not",
                                    bucket.bucket, record::ChangeTypeSymbol(record.type),
                                    record.key, record.value, record.offset, wrong,
                                    ToName(rules.engine)));
      }
      row = record.type == ChangeType::kDelete ? nullptr : &record;
    }
  }
  return found;
}

Violations CheckColumns(const History& history, const FinalState& end) {
  Violations found;
  std::map<TableId, ColumnCheck> checks;
  for (const UpsertOp& op : history.upserts) {
    if (!op.more.empty()) checks[op.table].OnWrite(op);
  }
  for (const FinalBucket& bucket : end.buckets) {
    const auto check = checks.find(bucket.bucket.table);
    if (check == checks.end()) continue;
    for (const LoggedRecord& record : WholeLog(bucket)) {
      check->second.OnRecord(bucket.bucket, record, &found);
    }
  }
  const auto see = [&](TableId table, const SeenRow& row, MonoTime at) {
    const auto check = checks.find(table);
    if (check == checks.end() || check->second.Has(row)) return;
    found.push_back(fmt::format("S13 seen: table {} key {}: a lookup at {} ms saw {} with {}, "
                                "which the changelog never had",
                                table, row.key, at.nanos() / 1'000'000,
                                row.value == kNull ? "NULL" : std::to_string(row.value),
                                Text(row.more)));
  };
  for (const LookupOp& op : history.lookups) {
    if (op.more.empty()) continue;
    see(op.table, {op.key, op.value.value_or(kNull), op.more}, op.time.completed);
  }
  for (const PrefixLookupOp& op : history.prefix_lookups) {
    for (const SeenRow& row : op.rows) see(op.table, row, op.time.completed);
  }
  return found;
}

}  // namespace strom::sim
