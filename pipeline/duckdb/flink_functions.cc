#include "pipeline/duckdb/flink_functions.h"

#include <iterator>

#include <fmt/format.h>

namespace strom::duck {
namespace {

Status RegisterAll(duckdb_connection connection, std::vector<ScalarFunction> functions) {
  for (auto first = functions.begin(); first != functions.end();) {
    auto last = first;
    while (last != functions.end() && last->name == first->name) ++last;
    STROM_RETURN_IF_ERROR(
        Register(connection, {std::make_move_iterator(first), std::make_move_iterator(last)}));
    first = last;
  }
  return Status::Ok();
}

// A macro with a body for every number of arguments.
std::string ExtremeMacro(std::string_view name, std::string_view function) {
  std::string sql = fmt::format("CREATE MACRO {}", name);
  std::string arguments = "a1";
  std::string nulls = "a1 IS NULL";
  for (int count = 2; count <= 8; ++count) {
    arguments += fmt::format(", a{}", count);
    nulls += fmt::format(" OR a{} IS NULL", count);
    sql += fmt::format("{} ({}) AS CASE WHEN {} THEN NULL ELSE {}({}) END", count == 2 ? "" : ",",
                       arguments, nulls, function, arguments);
  }
  return sql;
}

Status RegisterMacros(duckdb_connection connection) {
  const std::string macros[] = {
      ExtremeMacro("flink_greatest", "greatest"),
      ExtremeMacro("flink_least", "least"),
      "CREATE MACRO flink_regexp_extract (t, p) AS "
      "CASE WHEN regexp_matches(t, p) THEN regexp_extract(t, p) END, "
      "(t, p, g) AS CASE WHEN regexp_matches(t, p) THEN regexp_extract(t, p, g) END",
      R"(CREATE MACRO flink_regexp_replace(t, p, r) AS
           regexp_replace(t, p, replace(r, '\', '\\'), 'g'))",
  };
  for (const std::string& sql : macros) {
    ResultHandle result;
    if (duckdb_query(connection, sql.c_str(), result.get()) != DuckDBSuccess) {
      return Error(ErrorCode::kUnknownServerError, "DuckDB refuses a macro: {}",
                   duckdb_result_error(result.get()));
    }
  }
  return Status::Ok();
}

}  // namespace

Status RegisterFlinkFunctions(duckdb_connection connection) {
  STROM_RETURN_IF_ERROR(RegisterAll(connection, FlinkTextFunctions()));
  STROM_RETURN_IF_ERROR(RegisterAll(connection, FlinkNumberFunctions()));
  STROM_RETURN_IF_ERROR(RegisterAll(connection, FlinkTimeFunctions()));
  STROM_RETURN_IF_ERROR(RegisterAll(connection, FlinkTimeTextFunctions()));
  return RegisterMacros(connection);
}

}  // namespace strom::duck
