#include "pipeline/sink/postgres/postgres_sql.h"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "pipeline/postgres/text/pg_text.h"
#include "pipeline/sink/postgres/postgres_type.h"

namespace strom::sink {
namespace {

using postgres::QuoteIdentifier;

std::string Name(const SinkTable& table) {
  return QuoteIdentifier(table.schema_name) + "." + QuoteIdentifier(table.name);
}

std::string Join(const std::vector<std::string>& parts, std::string_view with) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += with;
    text += part;
  }
  return text;
}

bool IsKey(const SinkTable& table, size_t column) {
  return std::find(table.primary_key.begin(), table.primary_key.end(), column) !=
         table.primary_key.end();
}

// "unnest($1::bigint[])". An array of varchar(5) would cut silently, so lengths are left to the
// assignment; `character` alone means one character, and only `bpchar` any number.
std::string Values(size_t number, const std::string& type) {
  const std::string base = BaseType(type);
  if (!ElementOf(type)) return fmt::format("unnest(${}::text[]::{}[])", number, base);
  return fmt::format("unnest(${}::{}[])", number, base == "character" ? "bpchar" : base);
}

}  // namespace

std::string UpsertSql(const SinkTable& table, const std::vector<std::string>& types) {
  std::vector<std::string> names;
  std::vector<std::string> parameters;
  std::vector<std::string> key;
  std::vector<std::string> updates;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string name = QuoteIdentifier(table.columns[i].name);
    names.push_back(name);
    parameters.push_back(Values(i + 1, types[i]));
    if (!IsKey(table, i)) updates.push_back(name + " = EXCLUDED." + name);
  }
  for (const size_t column : table.primary_key) {
    key.push_back(QuoteIdentifier(table.columns[column].name));
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} ON CONFLICT ({}) DO {}", Name(table),
                     Join(names, ", "), Join(parameters, ", "), Join(key, ", "),
                     updates.empty() ? "NOTHING" : "UPDATE SET " + Join(updates, ", "));
}

std::string DeleteSql(const SinkTable& table, const std::vector<std::string>& types) {
  std::vector<std::string> parameters;
  std::vector<std::string> conditions;
  for (size_t i = 0; i < table.primary_key.size(); ++i) {
    const size_t column = table.primary_key[i];
    const std::string name = QuoteIdentifier(table.columns[column].name);
    parameters.push_back(fmt::format("{} AS {}", Values(i + 1, types[column]), name));
    conditions.push_back(fmt::format("t.{} = gone.{}", name, name));
  }
  return fmt::format("DELETE FROM {} AS t USING (SELECT {}) AS gone WHERE {}", Name(table),
                     Join(parameters, ", "), Join(conditions, " AND "));
}

std::string PositionSql(const std::string& position_table) {
  return fmt::format(
      "WITH mine AS (UPDATE {} SET position = $3, updated_at = now() WHERE job = $1 AND epoch = "
      "$2::bigint RETURNING 1) SELECT 1 / count(*) FROM mine",
      position_table);
}

}  // namespace strom::sink
