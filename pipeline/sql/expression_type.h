#pragma once

#include <optional>
#include <span>
#include <string>

#include "common/types/data_type.h"

namespace strom::sql {

// What Flink says an expression's type is. Nullability is not followed.
struct ExpressionType {
  enum class Kind : uint8_t { kNull, kValue, kInterval };  // kNull: NULL itself, of any type.

  Kind kind = Kind::kNull;
  DataType type = DataType::Int();  // Of kValue.

  static ExpressionType Null() { return {}; }
  static ExpressionType Interval() { return {.kind = Kind::kInterval}; }
  static ExpressionType Of(DataType type) {
    return {.kind = Kind::kValue, .type = type.WithNullable(true)};
  }

  bool Is(TypeKind k) const { return kind == Kind::kValue && type.kind() == k; }
  bool IsInteger() const;  // TINYINT to BIGINT.
  bool IsDecimal() const { return Is(TypeKind::kDecimal); }
  bool IsFloating() const { return Is(TypeKind::kFloat) || Is(TypeKind::kDouble); }
  bool IsNumeric() const { return IsInteger() || IsDecimal() || IsFloating(); }
  bool IsString() const { return Is(TypeKind::kString) || Is(TypeKind::kChar); }
  bool IsBytes() const { return Is(TypeKind::kBytes) || Is(TypeKind::kBinary); }
  bool IsDate() const { return Is(TypeKind::kDate); }
  bool IsTimestamp() const { return Is(TypeKind::kTimestamp); }
  bool IsLtz() const { return Is(TypeKind::kTimestampLtz); }
  bool IsTemporal() const { return IsDate() || IsTimestamp() || IsLtz() || Is(TypeKind::kTime); }

  std::string ToString() const;
};

enum class Arithmetic : uint8_t { kAdd, kMultiply, kDivide, kModulo };  // kAdd: minus, too.

// Of two numbers; DECIMAL if one is and the other no float.
DataType NumericResult(Arithmetic op, const DataType& a, const DataType& b);

// The type all of these become in CASE, COALESCE, UNION; nullopt if Flink knows none.
std::optional<ExpressionType> CommonType(std::span<const ExpressionType> types);

// Whether INSERT takes a value of `from` for a column of `to` without a CAST.
// Same rules as Flink: LogicalTypeCasts.java.
bool CanAssign(const ExpressionType& from, const DataType& to);

}  // namespace strom::sql
