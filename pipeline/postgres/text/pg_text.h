#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace strom::postgres {

// Names and strings as they stand in SQL and in replication commands. The sessions of PgConnection
// have standard_conforming_strings on: backslashes mean nothing. NUL bytes do not occur in either.
std::string QuoteIdentifier(std::string_view name);  // "my""table"
std::string QuoteLiteral(std::string_view text);     // 'it''s'

// The elements of an array in PostgreSQL's text form: `{1,NULL,"a \"b\""}`. An element that is
// itself an array stays as it is written, braces included. nullopt: NULL.
// Errors: kExternalSystem for malformed text and for arrays that do not begin at index 1
// (`[0:2]={...}`), which have no place in an ARRAY.
Result<std::vector<std::optional<std::string>>> ParseArrayText(std::string_view text);

// The fields of one line of COPY ... TO STDOUT in text format, with or without its line end:
// separated by tabs, `\N` for NULL, backslash escapes. nullopt: NULL.
// Errors: kExternalSystem for a line that ends in a backslash.
Result<std::vector<std::optional<std::string>>> ParseCopyLine(std::string_view line);

}  // namespace strom::postgres
