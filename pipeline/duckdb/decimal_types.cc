#include "pipeline/duckdb/decimal_types.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/types/decimal.h"

namespace strom::duck {
namespace {

constexpr int kScaleKept = 6;  // What adjustment leaves of a scale.

DataType Adjusted(int precision, int scale) {
  if (precision <= kDecimalDigitsMax) return DataType::Decimal(precision, scale);
  const int whole = precision - scale;
  return DataType::Decimal(kDecimalDigitsMax,
                           std::max(kDecimalDigitsMax - whole, std::min(scale, kScaleKept)));
}

int Whole(const DataType& type) { return type.precision() - type.scale(); }

}  // namespace

DataType AsDecimal(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return DataType::Decimal(3, 0);
    case TypeKind::kSmallInt:
      return DataType::Decimal(5, 0);
    case TypeKind::kInt:
      return DataType::Decimal(10, 0);
    case TypeKind::kBigInt:
      return DataType::Decimal(19, 0);
    default:
      STROM_CHECK(type.kind() == TypeKind::kDecimal) << type.ToString() << " is not exact";
      return DataType::Decimal(type.precision(), type.scale());
  }
}

DataType AdditionType(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale(), b.scale());
  return Adjusted(std::max(Whole(a), Whole(b)) + scale + 1, scale);
}

DataType MultiplicationType(const DataType& a, const DataType& b) {
  return Adjusted(a.precision() + b.precision() + 1, a.scale() + b.scale());
}

DataType DivisionType(const DataType& a, const DataType& b) {
  const int scale = std::max(kScaleKept, a.scale() + b.precision() + 1);
  return Adjusted(Whole(a) + b.scale() + scale, scale);
}

DataType ModuloType(const DataType& a, const DataType& b) {
  if (a.scale() == 0 && b.scale() == 0) return b;
  const int scale = std::max(a.scale(), b.scale());
  return Adjusted(std::min(Whole(a), Whole(b)) + scale, scale);
}

DataType RoundType(const DataType& a, int digits) {
  if (digits >= a.scale()) return DataType::Decimal(a.precision(), a.scale());
  // Rounding may add a digit in front.
  if (digits < 0) return DataType::Decimal(std::min(kDecimalDigitsMax, 1 + Whole(a)), 0);
  return DataType::Decimal(1 + Whole(a) + digits, digits);
}

DataType SumType(const DataType& type) {
  if (type.kind() != TypeKind::kDecimal) return type.WithNullable(true);
  return DataType::Decimal(kDecimalDigitsMax, type.scale());
}

DataType AverageType(const DataType& type) {
  if (type.kind() != TypeKind::kDecimal) return type.WithNullable(true);
  return DivisionType(SumType(type), DataType::Decimal(20, 0));
}

}  // namespace strom::duck
