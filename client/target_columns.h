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
  // `names` empty: all, in the table's order. All of them in any order are rows written whole, too.
  // Errors: kInvalidTargetColumn naming the column: it does not exist, comes
  // twice, is of the primary key and missing, numbers itself; and for some columns only, any
  // outside the primary key that is NOT NULL, also one that is set. Same rules as the server.
  static Result<TargetColumns> Make(const TableInfo& table, const std::vector<std::string>& names);

  // In the order given.
  const std::vector<Column>& columns() const { return columns_; }
  // Which columns of the table a partial update sets; empty: rows are written whole.
  const std::vector<int32_t>& positions() const { return partial_; }

  // The row of all columns of the table: `row` has one value for each of columns(); the others are
  // NULL. `scratch` is where it is made if `row` is not it already.
  // Errors: kCorruptRecord for another number of values.
  Result<const Row*> Widen(const Row& row, Row& scratch) const;

 private:
  TargetColumns(std::vector<Column> columns, std::vector<int32_t> places, size_t width)
      : columns_(std::move(columns)), places_(std::move(places)), width_(width) {
    if (places_.size() < width_) partial_ = places_;
  }

  std::vector<Column> columns_;
  std::vector<int32_t> places_;  // In the table, of columns_; empty: the same.
  std::vector<int32_t> partial_;
  size_t width_;
};

}  // namespace strom::client
