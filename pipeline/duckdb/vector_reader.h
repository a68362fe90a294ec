#pragma once

// For sources only: includes duckdb.h.

#include <cstddef>
#include <vector>

#include "common/base/status.h"
#include "common/types/value.h"
#include "pipeline/duckdb/logical_types.h"

namespace strom::duck {

// Turns the cells of one vector into Values. Good for as long as the vector's chunk lives.
class VectorReader {
 public:
  VectorReader(const ColumnLayout& layout, duckdb_vector vector);

  // Errors go to `status`: kInvalidSql for a number with more than 38 digits or a time outside what
  // a Timestamp holds ('infinity'); then the value is NULL.
  Value Read(size_t row, Status& status) const;

 private:
  template <class T>
  T At(size_t row) const {
    return static_cast<const T*>(data_)[row];
  }
  bool IsNull(size_t row) const {
    return validity_ != nullptr && !duckdb_validity_row_is_valid(validity_, row);
  }
  Value ReadDecimal(size_t row, Status& status) const;
  Value ReadTime(size_t row, Status& status) const;
  Value ReadList(size_t offset, size_t length, Status& status) const;
  Value ReadMap(size_t row, Status& status) const;
  Value ReadStruct(size_t row, Status& status) const;

  const ColumnLayout* layout_;
  void* data_;
  uint64_t* validity_;
  std::vector<VectorReader> children_;
};

}  // namespace strom::duck
