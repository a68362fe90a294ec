#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/sink/sink.h"

namespace strom::sink {

// The statements of a PostgreSQL sink. Pure.
//
// Rows travel as one array a column, so that a statement is the same for any number of rows:
//   INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT (a) DO UPDATE …

// `types`: PostgreSQL's names of the columns' types, as format_type writes them: "numeric(10,2)".
std::string UpsertSql(const SinkTable& table, const std::vector<std::string>& types);
// One array for each column of the primary key.
std::string DeleteSql(const SinkTable& table, const std::vector<std::string>& types);

// A value as PostgreSQL reads it; none: NULL. Nested types as JSON; dates of
// any year.
std::optional<std::string> ToPostgresText(const Value& value, const DataType& type);

// {"1",NULL,"a \"b\""}: an array of these.
std::string ToArrayText(const std::vector<std::optional<std::string>>& elements);

// Whether a column of this PostgreSQL type, as format_type writes it, takes values of `type`
// without cutting or rounding them. What is too large or too long for it is an error of the
// database.
bool Takes(const std::string& postgres_type, const DataType& type);

}  // namespace strom::sink
