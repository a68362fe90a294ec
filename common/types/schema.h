#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/aggregate_function.h"
#include "common/types/data_type.h"

namespace strom {

struct Column {
  std::string name;
  DataType type;
  std::optional<std::string> comment;
  std::optional<AggregateFunction> aggregate;  // Only with the aggregation merge engine.
  int32_t id = -1;                             // -1: none assigned yet. See Schema.

  friend bool operator==(const Column&, const Column&) = default;
};

// What a schema is made from; see Schema::Make.
struct SchemaSpec {
  std::vector<Column> columns;
  std::vector<std::string> primary_key;  // Empty: a log table.
  std::optional<std::string> auto_increment_column;
  int32_t highest_field_id = -1;  // Below the largest id in use: that one.
};

// The columns of a table and its primary key. An immutable value, cheap to copy.
//
// Column ids survive schema changes: readers match columns of two schema versions by id. One
// counter from 0 gives each column its id, then the fields of the ROWs inside it in pre-order, then
// the next column. Same rule as Fluss: Schema.java, ReassignFieldId.java.
//
// Always true: names and ids are unique, also inside each ROW; primary-key columns exist, are
// NOT NULL and of no nested type; the auto-increment column is INT or BIGINT and outside the
// primary key; no id is above highest_field_id.
class Schema {
 public:
  // Assigns ids where they are missing (all columns have one or none), makes the primary key
  // NOT NULL and checks the rules. Errors: kInvalidTable naming the column.
  static Result<Schema> Make(SchemaSpec spec);

  const std::vector<Column>& columns() const { return rep_->spec.columns; }
  const std::vector<std::string>& primary_key() const { return rep_->spec.primary_key; }
  const std::optional<std::string>& auto_increment_column() const {
    return rep_->spec.auto_increment_column;
  }
  int32_t highest_field_id() const { return rep_->spec.highest_field_id; }

  bool has_primary_key() const { return !primary_key().empty(); }
  // Positions of the primary-key columns, in primary-key order.
  const std::vector<size_t>& primary_key_indexes() const { return rep_->primary_key_indexes; }

  // All columns as a ROW NOT NULL.
  const DataType& row_type() const { return rep_->row_type; }

  // Position of the column with this name or id.
  std::optional<size_t> Find(std::string_view name) const;
  std::optional<size_t> FindById(int32_t id) const;

  // Positions of the named columns, in the order of `names`.
  // Errors: kInvalidTable naming the column that does not exist.
  Result<std::vector<size_t>> IndexesOf(std::span<const std::string> names) const;

  // The columns at these positions as a ROW NOT NULL, in the given order.
  // Errors: kInvalidColumnProjection for a position that does not exist or comes twice.
  Result<DataType> Project(std::span<const size_t> positions) const;

  // This schema with one more column at the end, under the next free ids.
  // Errors: kInvalidAlterTable if the name exists or the type is NOT NULL.
  Result<Schema> WithColumn(Column column) const;

  friend bool operator==(const Schema& a, const Schema& b);

 private:
  struct Rep {
    SchemaSpec spec;
    std::vector<size_t> primary_key_indexes;
    DataType row_type;
    std::vector<size_t> by_name;  // Positions, sorted by column name.
  };

  explicit Schema(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  std::shared_ptr<const Rep> rep_;
};

}  // namespace strom
