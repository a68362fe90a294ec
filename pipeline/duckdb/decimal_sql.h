#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "pipeline/duckdb/duck.h"

// Flink's arithmetic on DECIMAL as DuckDB's SQL: DuckDB divides and averages in DOUBLE, and fails
// where Flink gives NULL. Operands are SQL text with their types; text is put in as it is given.
//
// Where DuckDB has no operator, the call is of a function made for the scales and the result type
// ("flink_divide_2_4_38_20"): that is why a database is needed. It is made once, and stays.
namespace strom::duck {

struct TypedSql {
  std::string sql;
  DataType type;
};

// a / b, at least one of them DECIMAL, the other exact too (see AsDecimal). HALF_UP, once, from the
// exact quotient; NULL if it has too many digits. A division by zero fails the statement.
Result<TypedSql> DivideDecimals(Database& database, const TypedSql& a, const TypedSql& b);

// a * b, likewise.
Result<TypedSql> MultiplyDecimals(Database& database, const TypedSql& a, const TypedSql& b);

// AVG(x), of a DECIMAL or an integer; of an integer it is one, cut off. `distinct`: of different
// values. `filter`: a condition, or empty.
Result<TypedSql> AverageOf(Database& database, const TypedSql& x, bool distinct,
                           std::string_view filter);

// TRUNCATE(x, digits): x of DECIMAL, its type stays.
Result<TypedSql> TruncateDecimal(Database& database, const TypedSql& x, int digits);

// CAST(x AS target), target a DECIMAL, x a number, VARCHAR too: HALF_UP of what Java prints for
// FLOAT and DOUBLE (1.005 gives 1.01; DuckDB's cast gives 1.00); NULL if it has too many digits, is
// no number, or is not finite. Of what DuckDB has in 128 bits, and of FLOAT and DOUBLE, by a
// function of ours: DuckDB divides 128 bits bit by bit, and the text of a number takes as long.
Result<TypedSql> ToDecimal(Database& database, const TypedSql& x, const DataType& target);

}  // namespace strom::duck
