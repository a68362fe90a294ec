#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/types/table_descriptor.h"
#include "common/types/value.h"

namespace strom::client {

// The columns that a writer of a primary-key table sets: all, or some (partial update). Immutable.
class TargetColumns {
 public:
  // `names` empty: all. Errors: kInvalidTargetColumn naming the column: it does not exist, comes
  // twice, is of the primary key and missing, numbers itself; and for some columns only, any
  // outside the primary key that is NOT NULL, also one that is set. Same rules as the server.
  static Result<TargetColumns> Make(const TableInfo& table, const std::vector<std::string>& names);

  // In the order given.
  const std::vector<Column>& columns() const { return columns_; }
  // Where they are in the table; empty: all columns.
  const std::vector<int32_t>& positions() const { return positions_; }

  // The row of all columns of the table: `row` has one value for each of columns(); the others are
  // NULL. `scratch` is where it is made if `row` is not it already.
  // Errors: kCorruptRecord for another number of values.
  Result<const Row*> Widen(const Row& row, Row& scratch) const;

 private:
  TargetColumns(std::vector<Column> columns, std::vector<int32_t> positions, size_t width)
      : columns_(std::move(columns)), positions_(std::move(positions)), width_(width) {}

  std::vector<Column> columns_;
  std::vector<int32_t> positions_;
  size_t width_;
};

}  // namespace strom::client
