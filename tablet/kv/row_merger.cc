#include "tablet/kv/row_merger.h"

#include <algorithm>
#include <functional>

#include "common/base/mutation.h"

namespace strom::tablet {
namespace {

class LastRowMerger final : public RowMerger {
 public:
  bool overwrites() const override { return true; }
  Merged Upsert(const Row* /*old*/, const Row& /*incoming*/) const override {
    return Merged::Incoming();
  }
};

class FirstRowMerger final : public RowMerger {
 public:
  Merged Upsert(const Row* old, const Row& /*incoming*/) const override {
    return old ? Merged::Keep() : Merged::Incoming();
  }
};

// The row with the larger version wins, the new one if they are equal. NULL is the smallest.
class VersionedMerger final : public RowMerger {
 public:
  explicit VersionedMerger(size_t column) : column_(column) {}

  Merged Upsert(const Row* old, const Row& incoming) const override {
    const bool older = old && Less(incoming[column_], (*old)[column_]);
    return older ? Merged::Keep() : Merged::Incoming();
  }

 private:
  // Both are NULL or of the column's type: INT, BIGINT or a timestamp.
  static bool Less(const Value& a, const Value& b) {
    if (a.is_null() || b.is_null()) return a.is_null() && !b.is_null();
    if (const auto* number = a.get_if<int64_t>()) return *number < *b.get_if<int64_t>();
    return *a.get_if<Timestamp>() < *b.get_if<Timestamp>();
  }

  const size_t column_;
};

// Takes the target columns from the incoming row, NULLs too, and leaves the others as they are. A
// delete makes the targets NULL; when nothing else is left of the row but its key, the row goes.
class PartialUpdateMerger final : public RowMerger {
 public:
  PartialUpdateMerger(std::vector<bool> is_target, std::vector<bool> is_key)
      : is_target_(std::move(is_target)), is_key_(std::move(is_key)) {}

  Merged Upsert(const Row* old, const Row& incoming) const override {
    // Only the key: it is there already.
    if (old && is_target_ == is_key_) return Merged::Keep();
    Row row = old ? *old : Row(incoming.size());
    for (size_t i = 0; i < row.size(); ++i) {
      if (is_target_[i]) row[i] = incoming[i];
    }
    return Merged::Of(std::move(row));
  }

  Merged Delete(const Row& old) const override {
    Row row = old;
    bool empty = true;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!is_target_[i]) {
        empty = empty && row[i].is_null();
      } else if (!is_key_[i]) {
        row[i] = Value::Null();
      }
    }
    return empty ? Merged::Remove() : Merged::Of(std::move(row));
  }

 private:
  const std::vector<bool> is_target_;
  const std::vector<bool> is_key_;
};

Result<std::vector<bool>> TargetsOf(const std::vector<int32_t>& columns, size_t width) {
  std::vector<bool> is_target(width);
  for (const int32_t column : columns) {
    if (column < 0 || static_cast<size_t>(column) >= width) {
      return Error(ErrorCode::kInvalidTargetColumn, "target column {} of a table with {} columns",
                   column, width);
    }
    if (is_target[static_cast<size_t>(column)]) {
      return Error(ErrorCode::kInvalidTargetColumn, "target column {} is given twice", column);
    }
    is_target[static_cast<size_t>(column)] = true;
  }
  return is_target;
}

Status CheckPartialUpdate(const Schema& schema, const std::vector<bool>& is_target,
                          const std::vector<bool>& is_key) {
  for (size_t i = 0; i < is_key.size(); ++i) {
    const Column& column = schema.columns()[i];
    if (is_key[i] && !is_target[i]) {
      return Error(ErrorCode::kInvalidTargetColumn,
                   "the target columns leave out primary-key column {} '{}'", i, column.name);
    }
    if (!is_key[i] && !column.type.nullable()) {
      return Error(ErrorCode::kInvalidTargetColumn,
                   "a partial update needs all columns but the key nullable; column {} '{}' is {}",
                   i, column.name, column.type.ToString());
    }
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<const RowMerger>> MakeRowMerger(
    const KvTable& table, const std::optional<std::vector<int32_t>>& target_columns,
    MergeMode mode) {
  using Made = std::unique_ptr<const RowMerger>;
  const Schema& schema = table.newest().schema;
  const MergeEngine engine =
      mode == MergeMode::kOverwrite ? MergeEngine::kLastRow : table.properties().merge_engine;
  if (target_columns) {
    STROM_ASSIGN_OR_RETURN(std::vector<bool> is_target,
                           TargetsOf(*target_columns, schema.columns().size()));
    if (!std::ranges::all_of(is_target, std::identity())) {
      if (engine != MergeEngine::kLastRow) {
        return Error(ErrorCode::kInvalidTargetColumn, "merge engine {} has no partial updates",
                     ToName(engine));
      }
      std::vector<bool> is_key(is_target.size());
      for (const size_t i : schema.primary_key_indexes()) is_key[i] = true;
      STROM_RETURN_IF_ERROR(CheckPartialUpdate(schema, is_target, is_key));
      return Made(std::make_unique<PartialUpdateMerger>(std::move(is_target), std::move(is_key)));
    }
  }
  switch (engine) {
    case MergeEngine::kLastRow:
      return Made(std::make_unique<LastRowMerger>());
    case MergeEngine::kFirstRow:
      return Made(std::make_unique<FirstRowMerger>());
    case MergeEngine::kVersioned:
      if (Mutated(Mutant::kVersionsUnchecked)) return Made(std::make_unique<LastRowMerger>());
      return Made(
          std::make_unique<VersionedMerger>(*schema.Find(*table.properties().version_column)));
    case MergeEngine::kAggregation:
      break;  // KvTable refuses it.
  }
  STROM_UNREACHABLE();
}

}  // namespace strom::tablet
