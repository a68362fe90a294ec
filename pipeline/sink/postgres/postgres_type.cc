#include "pipeline/sink/postgres/postgres_type.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace strom::sink {
namespace {

using postgres::PgElement;

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

}  // namespace

std::string BaseType(const std::string& postgres_type) { return ParseTypeName(postgres_type).base; }

std::optional<PgElement> ElementOf(const std::string& postgres_type) {
  static constexpr std::pair<std::string_view, PgElement> kElements[] = {
      {"boolean", PgElement::kBool},
      {"bytea", PgElement::kBytea},
      {"bigint", PgElement::kInt8},
      {"smallint", PgElement::kInt2},
      {"integer", PgElement::kInt4},
      {"text", PgElement::kText},
      {"real", PgElement::kFloat4},
      {"double precision", PgElement::kFloat8},
      {"character", PgElement::kBpchar},
      {"character varying", PgElement::kVarchar},
      {"date", PgElement::kDate},
      {"time without time zone", PgElement::kTime},
      {"timestamp without time zone", PgElement::kTimestamp},
      {"timestamp with time zone", PgElement::kTimestamptz},
      {"numeric", PgElement::kNumeric},
  };
  const std::string base = BaseType(postgres_type);
  for (const auto& [name, element] : kElements) {
    if (name == base) return element;
  }
  return std::nullopt;  // json, jsonb, uuid.
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
