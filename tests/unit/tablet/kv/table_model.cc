#include "tests/unit/tablet/kv/table_model.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {
namespace {

using record::ChangeType;

int64_t IdOf(const Row& row) { return *row[0].get_if<int64_t>(); }

bool IsTarget(const PutOptions& options, size_t column) {
  return !options.target_columns ||
         std::ranges::count(*options.target_columns, static_cast<int32_t>(column)) > 0;
}

bool IsPartial(const PutOptions& options, const Row& row) {
  return options.target_columns && options.target_columns->size() < row.size();
}

// NULL is below every number.
int64_t VersionOf(const Row& row) {
  return row[kVersion].is_null() ? INT64_MIN : *row[kVersion].get_if<int64_t>();
}

}  // namespace

std::vector<Change> TableModel::Apply(const std::vector<Op>& ops, const PutOptions& options) {
  std::vector<Change> changes;
  for (const Op& op : ops) {
    if (op.is_delete) {
      Delete(IdOf(op.row), options, changes);
    } else {
      Upsert(op.row, options, changes);
    }
  }
  return changes;
}

void TableModel::Upsert(const Row& row, const PutOptions& options, std::vector<Change>& changes) {
  const int64_t id = IdOf(row);
  const bool engine = options.mode == MergeMode::kMerge;
  const auto old = rows_.find(id);
  if (old == rows_.end()) {
    Row inserted = row;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!IsTarget(options, i)) inserted[i] = Value::Null();
    }
    rows_[id] = inserted;
    const bool blind = rules_.wal_image && !IsPartial(options, row) &&
                       !(engine && rules_.engine != MergeEngine::kLastRow);
    changes.emplace_back(blind ? ChangeType::kUpdateAfter : ChangeType::kInsert, inserted);
    return;
  }
  if (engine && rules_.engine == MergeEngine::kFirstRow) return;
  if (engine && rules_.engine == MergeEngine::kVersioned &&
      VersionOf(row) < VersionOf(old->second)) {
    return;
  }
  if (options.target_columns && options.target_columns->size() == 1) return;  // The key alone.
  Row merged = old->second;
  for (size_t i = 0; i < row.size(); ++i) {
    if (IsTarget(options, i)) merged[i] = row[i];
  }
  Replace(id, std::move(merged), changes);
}

void TableModel::Delete(int64_t id, const PutOptions& options, std::vector<Change>& changes) {
  if (options.mode == MergeMode::kMerge && rules_.engine != MergeEngine::kLastRow) return;
  const auto old = rows_.find(id);
  if (old == rows_.end()) return;
  Row left = old->second;
  bool anything_left = false;
  for (size_t i = 1; i < left.size(); ++i) {
    if (IsTarget(options, i)) left[i] = Value::Null();
    anything_left = anything_left || !left[i].is_null();
  }
  if (anything_left) return Replace(id, std::move(left), changes);
  changes.emplace_back(ChangeType::kDelete, old->second);
  rows_.erase(old);
}

void TableModel::Replace(int64_t id, Row row, std::vector<Change>& changes) {
  if (!rules_.wal_image) changes.emplace_back(ChangeType::kUpdateBefore, rows_[id]);
  changes.emplace_back(ChangeType::kUpdateAfter, row);
  rows_[id] = std::move(row);
}

TableModel::Rows TableModel::Fold(const std::vector<Change>& changes, bool wal_image) {
  Rows rows;
  std::optional<int64_t> before;  // The key of a -U whose +U comes next.
  for (const auto& [type, row] : changes) {
    const int64_t id = IdOf(row);
    REQUIRE((!before || (type == ChangeType::kUpdateAfter && *before == id)));
    switch (type) {
      case ChangeType::kInsert:
        REQUIRE_FALSE(rows.contains(id));
        rows[id] = row;
        break;
      case ChangeType::kUpdateBefore:
        REQUIRE_FALSE(wal_image);
        REQUIRE(rows.at(id) == row);
        break;
      case ChangeType::kUpdateAfter:
        REQUIRE((wal_image || before == id));
        rows[id] = row;
        break;
      case ChangeType::kDelete:
        REQUIRE(rows.at(id) == row);
        rows.erase(id);
        break;
      case ChangeType::kAppendOnly:
        FAIL("an append in a changelog");
    }
    before = type == ChangeType::kUpdateBefore ? std::optional(id) : std::nullopt;
  }
  REQUIRE_FALSE(before.has_value());
  return rows;
}

}  // namespace strom::tablet
