#pragma once

// For sources only: includes duckdb.h.

#include <cstddef>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/types/row_ref.h"
#include "pipeline/duckdb/handles.h"

namespace strom::duck {

// Fills one vector, made for ToLogicalType(type), from Values. The vector starts out all valid;
// each row is written once.
class VectorWriter {
 public:
  VectorWriter(const DataType& type, duckdb_vector vector);

  // Errors: kCorruptRecord if `value` holds another alternative than `type` has, or is out of the
  // range of DuckDB's type.
  Status Write(size_t row, const Value& value);
  // From row `first` on, a column of `rows`. Text and bytes are not copied: the vector is good for
  // as long as the rows are.
  Status Write(size_t first, std::span<const RowRef> rows, size_t column);
  void WriteNull(size_t row);

 private:
  template <class T>
  Status Put(size_t row, T value) {
    static_cast<T*>(data_)[row] = value;
    return Status::Ok();
  }
  Status Mismatch(const Value& value) const;
  Status WriteInteger(size_t row, const Value& value);
  Status WriteDecimal(size_t row, const Value& value);
  Status WriteTimestamp(size_t row, const Value& value);
  Status WriteList(size_t row, const ValueList& list);
  Status WriteMap(size_t row, const ValueMap& map);
  // Room for `count` more elements of a list; returns the first one's index.
  size_t Grow(size_t row, size_t count);
  // convert(v, to) writes an alternative A to a cell T; false: let Write see to it.
  template <class A, class T, class Convert>
  Status WriteEach(size_t first, std::span<const RowRef> rows, size_t column,
                   const Convert& convert);
  template <class T>
  Status WriteIntegers(size_t first, std::span<const RowRef> rows, size_t column);
  template <class T>
  Status WriteDecimals(size_t first, std::span<const RowRef> rows, size_t column);

  const DataType& type_;
  duckdb_vector vector_;
  void* data_;
  std::vector<VectorWriter> children_;
};

}  // namespace strom::duck
