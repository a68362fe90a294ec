#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/record/log_record_reader.h"
#include "common/record/record_schema.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_properties.h"

namespace strom::client {

// Which columns of a table a scanner wants, and how it gets them. Immutable.
class ScanProjection {
 public:
  // `names` empty: all columns. Errors: kInvalidColumnProjection naming the column that does not
  // exist or comes twice; kInvalidConfig for properties of the table that do not read.
  static Result<ScanProjection> Make(const TableInfo& table, const std::vector<std::string>& names);

  // The columns wanted, in the order wanted.
  const std::vector<Column>& columns() const { return columns_; }

  // Positions that tablet servers are asked for, ascending; empty: batches come whole, because all
  // columns are wanted or the log format cannot be pruned.
  const std::vector<int32_t>& pushed_down() const { return pushed_down_; }

  LogFormat log_format() const { return log_format_; }

 private:
  ScanProjection() = default;

  std::vector<Column> columns_;
  std::vector<int32_t> pushed_down_;
  LogFormat log_format_ = LogFormat::kArrow;
};

// How batches of one schema, as fetched, become rows of the columns wanted. Immutable.
class ScanPlan {
 public:
  // Columns are matched by id: those the schema does not have are NULL.
  static ScanPlan Make(const ScanProjection& projection, const Schema& schema);

  // What the batches are decoded with.
  const record::RecordSchema& record_schema() const { return record_schema_; }
  // Of each column wanted, where the batch has it; nullopt: it is NULL.
  const std::vector<std::optional<size_t>>& sources() const { return sources_; }
  // The row asked for. `decoded` has one value for each column of record_schema().
  Row Arrange(Row decoded) const;

 private:
  ScanPlan(record::RecordSchema record_schema, std::vector<std::optional<size_t>> sources);

  record::RecordSchema record_schema_;
  std::vector<std::optional<size_t>> sources_;
  bool as_decoded_ = false;                     // The row is what was decoded.
};

// The plans of the schemas seen so far.
using ScanPlans = std::map<SchemaId, ScanPlan>;

}  // namespace strom::client
