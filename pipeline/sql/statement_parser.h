#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/script.h"
#include "pipeline/sql/token.h"

namespace strom::sql {

// The parts of ParseScript; each reads one thing at the cursor. Errors: kInvalidSql with the place.

// ('key' = 'value', …), with the parentheses. A key that comes twice is an error.
Result<Options> ParseOptions(TokenCursor& cursor);

// [IF NOT EXISTS] name (columns and constraints) [COMMENT …] [PARTITIONED BY …] [WITH …], after
// CREATE [TEMPORARY] TABLE. The definition's `text` and `temporary` are the caller's.
Result<TableDefinition> ParseTableDefinition(std::string_view script, TokenCursor& cursor);

// What stands from the cursor to the statement's end (a semicolon or the end), moving there.
struct QueryText {
  std::string text;
  Position at;
};
Result<QueryText> ParseQueryText(std::string_view script, TokenCursor& cursor);

// (a, b, c), with the parentheses. Errors: also for a name that comes twice.
Result<std::vector<std::string>> ParseColumnNames(TokenCursor& cursor);

// `statement`, a CREATE TABLE or CREATE VIEW, with `name` instead of its own.
Result<std::string> RenameInCreate(std::string_view statement, std::string_view name);

}  // namespace strom::sql
