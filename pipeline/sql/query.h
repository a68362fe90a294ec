#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/schema.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/script.h"

namespace strom::sql {

// A table a query reads: what binding needs to know of it.
struct SourceTable {
  std::string
      name;  // Unique within a query: what the translated text calls it, lower-case, no dots.
  std::string path;  // "db.table", or a connector table's name: for messages and for readers.
  std::vector<Column> columns;
  std::vector<size_t> primary_key;  // Positions; empty: rows are only appended.
};

// Finds what a name in a query stands for. Errors: kInvalidSql, kTableNotExist.
using Resolver = std::function<Result<SourceTable>(const ObjectName&)>;

// A SELECT of a script, ready for DuckDB: names resolved, Flink's functions and types rewritten,
// checked by binding.
struct BoundQuery {
  std::string sql;                   // DuckDB's dialect; reads SourceTable::name.
  std::string tree;                  // The same as json_serialize_sql gives it, for planners.
  std::vector<SourceTable> sources;  // In order of appearance, each once.
  std::vector<duck::Field> columns;  // Of the result, with the types Flink gives them.
  bool uses_clock = false;           // Reads the job clock: strom_clock(), see duck.h.
};

// What a session sets that changes what a query means.
struct BindOptions {
  int32_t zone_offset_seconds = 0;  // Of 'table.local-time-zone': what to add to UTC.
};

// Translates and binds `query`; positions in errors count from `at`. `views`: temporary views in
// scope, by name, with their text. `target_columns`, if given: each result column is cast to the
// type of the target's (implicit casts Flink refuses are refused: kInvalidSql naming column and
// types). Errors: kInvalidSql "line 3, column 7: …".
Result<BoundQuery> BindQuery(duck::Database& database, std::string_view query, Position at,
                             const Resolver& resolve, const std::vector<CreateView>& views,
                             const std::vector<Column>* target_columns,
                             const BindOptions& options = {});

}  // namespace strom::sql
