#include <fmt/core.h>

#include "common/base/check.h"
#include "pipeline/duckdb/duck.h"

namespace strom::duck {

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

std::string SqlType(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INTEGER";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
    case TypeKind::kString:
      return "VARCHAR";
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return "BLOB";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({}, {})", type.precision(), type.scale());
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kTimestamp:
      return type.precision() > 6 ? "TIMESTAMP_NS" : "TIMESTAMP";
    case TypeKind::kTimestampLtz:
      return "TIMESTAMP WITH TIME ZONE";
    case TypeKind::kArray:
      return SqlType(type.element()) + "[]";
    case TypeKind::kMap:
      return fmt::format("MAP({}, {})", SqlType(type.key()), SqlType(type.value()));
    case TypeKind::kRow: {
      std::string text = "STRUCT(";
      for (const RowField& field : type.fields()) {
        if (!text.ends_with('(')) text += ", ";
        text += QuoteIdentifier(field.name) + " " + SqlType(field.type);
      }
      return text + ")";
    }
  }
  STROM_CHECK(false) << "unknown type kind " << static_cast<int>(type.kind());
  return "";
}

}  // namespace strom::duck
