#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/script.h"

namespace strom::sql {

// A query in words DuckDB's parser takes, and where each piece came from. Only what that parser
// would refuse or misread is changed here; what things mean is the binder's work (binder.h).
//
// Calls the binder knows: strom_cast(x, 'TYPE'), strom_try_cast, strom_extract('UNIT', x),
// strom_floor_to('UNIT', x), strom_ceil_to, strom_json_value(x, path, 'TYPE').
struct DialectText {
  struct Mark {
    size_t offset;  // In `sql`, where the piece begins.
    Position at;    // Of the token of the query it came from.
    size_t begin;   // That token's place in the query, in bytes.
  };

  std::string sql;
  std::vector<Mark> marks;  // By offset.

  // The last piece that begins at or before `offset`.
  const Mark& MarkOf(size_t offset) const;
};

// Translates one query; `at` is where it begins.
// Errors: kInvalidSql with the place, for what Strom does not do (MATCH_RECOGNIZE, table functions
// of one's own, …) and for what is none of Flink's.
Result<DialectText> TranslateDialect(std::string_view query, Position at);

}  // namespace strom::sql
