#pragma once

// For sources only: includes duckdb.h.

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "pipeline/duckdb/handles.h"

namespace strom::duck {

// DuckDB's type for columns of `type`, as duck.h lists them.
TypeHandle ToLogicalType(const DataType& type);

// How a vector of a result is read: DuckDB's type beside the one its values get.
struct ColumnLayout {
  duckdb_type id = DUCKDB_TYPE_INVALID;
  duckdb_type storage = DUCKDB_TYPE_INVALID;  // Of DECIMAL: the integer behind it.
  DataType type = DataType::Int();
  size_t array_size = 0;               // Of fixed-size arrays.
  std::vector<ColumnLayout> children;  // Of nested types, as DataType orders them.
};

// Errors: kInvalidSql for types that no column can have (INTERVAL, UUID, ENUM, ...); `name` is the
// column's.
Result<ColumnLayout> LayoutOf(duckdb_logical_type type, const std::string& name);

}  // namespace strom::duck
