#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/value.h"
#include "pipeline/cdc/source_table.h"

namespace strom::cdc {

// Whether values of a built-in PostgreSQL type may be declared as `type`. `element_oid` is that of
// an array's elements, 0 for others; domains go by their base type. What has no row of its own
// (json, uuid, enums, ranges, ...) is a STRING, CHAR for the blank-padded and the short.
//
//   bool BOOLEAN   int2 SMALLINT..BIGINT   int4 INT BIGINT   int8, oid BIGINT   (all: DECIMAL,
//   int2, int4: DOUBLE)   float4 FLOAT DOUBLE   float8 DOUBLE   numeric DECIMAL DOUBLE
//   bytea BYTES BINARY   date DATE   time TIME   timestamp TIMESTAMP   timestamptz TIMESTAMP_LTZ
//   arrays ARRAY of what the elements may be   and STRING for all but bool and bytea
bool MayDeclare(uint32_t type_oid, uint32_t element_oid, const DataType& type);

// The value a text of PostgreSQL stands for, with the settings pinned by PgConnection. Text that
// is not NULL. DECIMAL is rounded half up to its scale; fractions of seconds are cut.
// Errors: kExternalSystem, with the text, for one that is no value of the type or does not fit:
// NaN and Infinity in DECIMAL, too many digits, years outside 1 to 9999, too long.
Result<Value> ParseValueText(BytesView text, const DataType& type);

// The same for a column of a table; also refuses what is no value of it (CheckValue). nullopt:
// NULL. Errors: name table, column and value.
Result<Value> ParseColumnText(std::optional<BytesView> text, const SourceTable& table,
                              size_t column);

}  // namespace strom::cdc
