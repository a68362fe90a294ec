#include "pipeline/sink/postgres_sql.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <string_view>

#include <fmt/core.h>

#include "common/text/value_text.h"
#include "pipeline/postgres/pg_text.h"

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

// A type of PostgreSQL as format_type writes it, taken apart: "timestamp(3) without time zone".
struct TypeName {
  std::string base;           // "timestamp without time zone".
  std::optional<int> first;   // 3.
  std::optional<int> second;  // Of numeric(10,2): 2.
};

TypeName ParseTypeName(const std::string& name) {
  const size_t open = name.find('(');
  const size_t close = name.find(')', std::min(open, name.size()));
  if (close == std::string::npos) return {.base = name, .first = {}, .second = {}};
  TypeName type{.base = name.substr(0, open) + name.substr(close + 1), .first = {}, .second = {}};
  int number = 0;
  const char* const end = name.data() + close;
  const auto [comma, error] = std::from_chars(name.data() + open + 1, end, number);
  if (error != std::errc()) return type;
  type.first = number;
  if (comma != end && std::from_chars(comma + 1, end, number).ec == std::errc()) {
    type.second = number;
  }
  return type;
}

// "$1::bigint[]". An array of varchar(5) would cut silently, so lengths are left to the assignment;
// `character` alone means one character, and only `bpchar` any number.
std::string Parameter(size_t number, const std::string& type) {
  const std::string base = ParseTypeName(type).base;
  return fmt::format("${}::{}[]", number, base == "character" ? "bpchar" : base);
}

// DATE, TIMESTAMP and TIMESTAMP_LTZ of any year. The calendar repeats every 400 years: the text is
// that of the year 2000 to 2399, with the year put right. There is no year 0: 1 BC is before 1.
std::string DatedText(const Value& value, const DataType& type) {
  constexpr int64_t kCycleDays = 146'097;
  constexpr int64_t kFirstDay = 10'957;  // 2000-01-01.
  const bool is_date = type.kind() == TypeKind::kDate;
  const int64_t unit = is_date ? 1 : int64_t{86'400'000};  // Of a day.
  const int64_t at = is_date ? *value.get_if<int64_t>() : value.get_if<Timestamp>()->millis;
  const int64_t cycle = kCycleDays * unit;
  int64_t cycles = (at - kFirstDay * unit) / cycle;
  if (at - kFirstDay * unit < cycles * cycle) --cycles;
  const int64_t shifted = at - cycles * cycle;
  const std::string text =
      is_date ? ValueToText(Value::Int(shifted), type)
              : ValueToText(Value::Time(shifted, value.get_if<Timestamp>()->nanos_of_milli), type);
  const int64_t year = std::stoi(text.substr(0, 4)) + 400 * cycles;
  return fmt::format("{:04}{}{}", year > 0 ? year : 1 - year, text.substr(4),
                     year > 0 ? "" : " BC");
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
    parameters.push_back(Parameter(i + 1, types[i]));
    if (!IsKey(table, i)) updates.push_back(name + " = EXCLUDED." + name);
  }
  for (const size_t column : table.primary_key) {
    key.push_back(QuoteIdentifier(table.columns[column].name));
  }
  return fmt::format("INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT ({}) DO {}",
                     Name(table), Join(names, ", "), Join(parameters, ", "), Join(key, ", "),
                     updates.empty() ? "NOTHING" : "UPDATE SET " + Join(updates, ", "));
}

std::string DeleteSql(const SinkTable& table, const std::vector<std::string>& types) {
  std::vector<std::string> parameters;
  std::vector<std::string> names;
  std::vector<std::string> conditions;
  for (size_t i = 0; i < table.primary_key.size(); ++i) {
    const size_t column = table.primary_key[i];
    const std::string name = QuoteIdentifier(table.columns[column].name);
    parameters.push_back(Parameter(i + 1, types[column]));
    names.push_back(name);
    conditions.push_back(fmt::format("t.{} = gone.{}", name, name));
  }
  return fmt::format("DELETE FROM {} AS t USING unnest({}) AS gone ({}) WHERE {}", Name(table),
                     Join(parameters, ", "), Join(names, ", "), Join(conditions, " AND "));
}

std::optional<std::string> ToPostgresText(const Value& value, const DataType& type) {
  if (value.is_null()) return std::nullopt;
  if (type.kind() == TypeKind::kBytes || type.kind() == TypeKind::kBinary) {
    return "\\x" + ToHex(*value.get_if<Bytes>());
  }
  if (type.kind() == TypeKind::kDate || type.kind() == TypeKind::kTimestamp ||
      type.kind() == TypeKind::kTimestampLtz) {
    return DatedText(value, type);
  }
  return ValueToText(value, type);
}

std::string ToArrayText(const std::vector<std::optional<std::string>>& elements) {
  std::string text = "{";
  for (const std::optional<std::string>& element : elements) {
    if (text.size() > 1) text += ',';
    if (!element) {
      text += "NULL";
      continue;
    }
    text += '"';
    for (const char c : *element) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

bool Takes(const std::string& postgres_type, const DataType& type) {
  const TypeName column = ParseTypeName(postgres_type);
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), column.base) != names.end();
  };
  const bool text = is({"text", "character varying"});
  // Digits after the point of a number that are kept; those of a second.
  const int scale = column.first ? column.second.value_or(0) : INT_MAX;
  const int fraction = column.first.value_or(6);
  const bool whole = is({"bigint"}) || (is({"numeric"}) && scale >= 0);
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return is({"boolean"});
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
      return whole || is({"smallint", "integer"});
    case TypeKind::kInt:
      return whole || is({"integer"});
    case TypeKind::kBigInt:
      return whole;
    case TypeKind::kFloat:
      return is({"real", "double precision"});
    case TypeKind::kDouble:
      return is({"double precision"});
    case TypeKind::kDecimal:
      return is({"numeric"}) && scale >= type.scale();
    case TypeKind::kChar:
    case TypeKind::kString:
      return text || is({"character", "json", "jsonb", "uuid"});
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return is({"bytea"});
    case TypeKind::kDate:
      return is({"date"});
    case TypeKind::kTime:  // Of milliseconds, whatever its precision.
      return is({"time without time zone"}) && fraction >= std::min(3, type.precision());
    case TypeKind::kTimestamp:
      return is({"timestamp without time zone"}) && fraction >= type.precision();
    case TypeKind::kTimestampLtz:
      return is({"timestamp with time zone"}) && fraction >= type.precision();
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return text || is({"json", "jsonb"});
  }
  return false;
}

}  // namespace strom::sink
