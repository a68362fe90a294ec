#pragma once

#include <string>
#include <vector>

#include "pipeline/sink/sink.h"

namespace strom::sink {

// The statements of a PostgreSQL sink. Pure. `types`: PostgreSQL's names of the columns' types
// (postgres_type.h).
//
// Rows travel as one array a column, so that a statement is the same for any number of rows:
//   INSERT INTO t (a, b) SELECT unnest($1::bigint[]), unnest($2::text[]) ON CONFLICT (a) DO UPDATE
//   …
// As a list of results, the arrays are taken apart side by side, row after row. In FROM, each would
// be copied into a store of its own first, which made a row of 29 columns 25 % dearer.

std::string UpsertSql(const SinkTable& table, const std::vector<std::string>& types);
// One array for each column of the primary key.
std::string DeleteSql(const SinkTable& table, const std::vector<std::string>& types);

// Writes the position ($3) of job $1 if the table is still that of epoch $2. If it is not, the
// statement fails with kFencedSqlState, and the transaction with it.
std::string PositionSql(const std::string& position_table);
inline constexpr std::string_view kFencedSqlState = "22012";  // Division by zero.

}  // namespace strom::sink
