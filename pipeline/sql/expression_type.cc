#include "pipeline/sql/expression_type.h"

#include <algorithm>

#include "common/types/decimal.h"
#include "pipeline/duckdb/decimal_types.h"

namespace strom::sql {
namespace {

bool IsIntegerKind(TypeKind kind) {
  return kind >= TypeKind::kTinyInt && kind <= TypeKind::kBigInt;
}
bool IsFloatKind(TypeKind kind) { return kind == TypeKind::kFloat || kind == TypeKind::kDouble; }
bool IsStringKind(TypeKind kind) { return kind == TypeKind::kChar || kind == TypeKind::kString; }
bool IsBytesKind(TypeKind kind) { return kind == TypeKind::kBinary || kind == TypeKind::kBytes; }
bool IsNumericKind(TypeKind kind) {
  return IsIntegerKind(kind) || IsFloatKind(kind) || kind == TypeKind::kDecimal;
}

std::optional<DataType> CommonOfTwo(const DataType& a, const DataType& b) {
  if (a == b) return a;
  const TypeKind x = a.kind();
  const TypeKind y = b.kind();
  if (IsNumericKind(x) && IsNumericKind(y)) {
    if (IsFloatKind(x) || IsFloatKind(y)) {
      const bool both = x == TypeKind::kFloat && y == TypeKind::kFloat;
      return both ? DataType::Float() : DataType::Double();
    }
    if (IsIntegerKind(x) && IsIntegerKind(y)) return x < y ? b : a;
    const DataType p = duck::AsDecimal(a);
    const DataType q = duck::AsDecimal(b);
    const int32_t scale = std::max(p.scale(), q.scale());
    const int32_t digits = std::max(p.precision() - p.scale(), q.precision() - q.scale());
    return DataType::Decimal(std::min(digits + scale, kDecimalDigitsMax), scale);
  }
  if (IsStringKind(x) && IsStringKind(y)) return DataType::String();
  if (IsBytesKind(x) && IsBytesKind(y)) return DataType::Bytes();
  const auto temporal = [](TypeKind k) {
    return k == TypeKind::kDate || k == TypeKind::kTimestamp || k == TypeKind::kTimestampLtz;
  };
  if (temporal(x) && temporal(y)) {
    const auto precision = [](const DataType& t) {
      return t.kind() == TypeKind::kDate ? 0 : t.precision();
    };
    const int32_t digits = std::max(precision(a), precision(b));
    if (x == TypeKind::kTimestampLtz || y == TypeKind::kTimestampLtz) {
      return DataType::TimestampLtz(digits);
    }
    return DataType::Timestamp(digits);
  }
  if (x == y && x == TypeKind::kTime) return DataType::Time(std::max(a.precision(), b.precision()));
  if (x == y && x == TypeKind::kArray) {
    const auto element = CommonOfTwo(a.element(), b.element());
    if (element) return DataType::Array(*element);
  }
  return std::nullopt;
}

}  // namespace

bool ExpressionType::IsInteger() const {
  return kind == Kind::kValue && IsIntegerKind(type.kind());
}

std::string ExpressionType::ToString() const {
  switch (kind) {
    case Kind::kNull:
      return "NULL";
    case Kind::kInterval:
      return "INTERVAL";
    case Kind::kValue:
      return type.WithNullable(true).ToString();
  }
  return "?";
}

DataType NumericResult(Arithmetic op, const DataType& a, const DataType& b) {
  if (a.kind() == TypeKind::kDecimal || b.kind() == TypeKind::kDecimal) {
    if (!IsFloatKind(a.kind()) && !IsFloatKind(b.kind())) {
      const DataType p = duck::AsDecimal(a);
      const DataType q = duck::AsDecimal(b);
      switch (op) {
        case Arithmetic::kAdd:
          return duck::AdditionType(p, q);
        case Arithmetic::kMultiply:
          return duck::MultiplicationType(p, q);
        case Arithmetic::kDivide:
          return duck::DivisionType(p, q);
        case Arithmetic::kModulo:
          return duck::ModuloType(p, q);
      }
    }
    return DataType::Double();
  }
  return CommonOfTwo(a.WithNullable(true), b.WithNullable(true)).value_or(DataType::Double());
}

std::optional<ExpressionType> CommonType(std::span<const ExpressionType> types) {
  ExpressionType common = ExpressionType::Null();
  for (const ExpressionType& type : types) {
    if (type.kind == ExpressionType::Kind::kNull) continue;
    if (common.kind == ExpressionType::Kind::kNull) {
      common = type;
      continue;
    }
    if (common.kind != type.kind) return std::nullopt;
    if (type.kind == ExpressionType::Kind::kInterval) continue;
    const auto two = CommonOfTwo(common.type, type.type);
    if (!two) return std::nullopt;
    common = ExpressionType::Of(*two);
  }
  return common;
}

bool CanAssign(const ExpressionType& from, const DataType& to) {
  if (from.kind == ExpressionType::Kind::kNull) return true;
  if (from.kind == ExpressionType::Kind::kInterval) return false;
  const TypeKind source = from.type.kind();
  const TypeKind target = to.kind();
  switch (target) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return IsIntegerKind(source) && source <= target;
    case TypeKind::kDecimal:
    case TypeKind::kDouble:
      return IsNumericKind(source);
    case TypeKind::kFloat:
      return IsNumericKind(source) && source != TypeKind::kDouble;
    case TypeKind::kChar:
    case TypeKind::kString:
      return IsStringKind(source);
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return IsBytesKind(source);
    case TypeKind::kDate:
      return source == TypeKind::kDate || source == TypeKind::kTimestamp;
    case TypeKind::kTime:
      return source == TypeKind::kTime || source == TypeKind::kTimestamp;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return source == TypeKind::kTimestamp || source == TypeKind::kTimestampLtz;
    case TypeKind::kBoolean:
      return source == target;
    case TypeKind::kArray:
      return source == target && CanAssign(ExpressionType::Of(from.type.element()), to.element());
    case TypeKind::kMap:
      return source == target && CanAssign(ExpressionType::Of(from.type.key()), to.key()) &&
             CanAssign(ExpressionType::Of(from.type.value()), to.value());
    case TypeKind::kRow: {
      if (source != target || from.type.fields().size() != to.fields().size()) return false;
      for (size_t i = 0; i < to.fields().size(); ++i) {
        if (!CanAssign(ExpressionType::Of(from.type.fields()[i].type), to.fields()[i].type)) {
          return false;
        }
      }
      return true;
    }
  }
  return false;
}

}  // namespace strom::sql
