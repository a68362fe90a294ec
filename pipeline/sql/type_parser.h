#pragma once

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "pipeline/sql/token.h"

namespace strom::sql {

// Reads a type in Flink's words at the cursor: INT, VARCHAR(20), DECIMAL(10, 2) NOT NULL,
// TIMESTAMP(3) WITH LOCAL TIME ZONE, ARRAY<ROW<a INT, b STRING>>, with Flink's default parameters.
// VARCHAR(n) is STRING and VARBINARY(n) is BYTES: Fluss has no others.
// Errors: kInvalidSql with the place.
Result<DataType> ParseType(TokenCursor& cursor);

}  // namespace strom::sql
