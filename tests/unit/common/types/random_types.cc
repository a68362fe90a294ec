#include "tests/unit/common/types/random_types.h"

#include <algorithm>

#include "common/types/decimal.h"

namespace strom {

DataType RandomTypes::Scalar(TypeKind kind) {
  const DataType plain[] = {DataType::Boolean(), DataType::TinyInt(), DataType::SmallInt(),
                            DataType::Int(),     DataType::BigInt(),  DataType::Float(),
                            DataType::Double()};
  if (kind <= TypeKind::kDouble) return plain[static_cast<size_t>(kind)];
  switch (kind) {
    case TypeKind::kChar:
      return DataType::Char(1 + Below(20));
    case TypeKind::kBinary:
      return DataType::Binary(1 + Below(20));
    case TypeKind::kBytes:
      return DataType::Bytes();
    case TypeKind::kDecimal: {
      const int precision = 1 + Below(38);
      return DataType::Decimal(precision, Below(precision + 1));
    }
    case TypeKind::kDate:
      return DataType::Date();
    case TypeKind::kTime:
      return DataType::Time(Below(10));
    case TypeKind::kTimestamp:
      return DataType::Timestamp(Below(10));
    case TypeKind::kTimestampLtz:
      return DataType::TimestampLtz(Below(10));
    default:
      return DataType::String();
  }
}

DataType RandomTypes::Nested(TypeKind kind, int depth) {
  if (kind == TypeKind::kArray) return DataType::Array(Type(depth - 1));
  if (kind == TypeKind::kMap) {
    DataType key = Type(depth - 1);
    return DataType::Map(std::move(key), Type(depth - 1));
  }
  std::vector<RowField> fields;
  for (int i = Below(4); i >= 0; --i) {
    RowField field{Name(i), Type(depth - 1), {}};
    if (Below(3) == 0) field.description = "it's \"field\" " + std::to_string(i);
    fields.push_back(std::move(field));
  }
  return DataType::Row(std::move(fields));
}

DataType RandomTypes::Type(int depth) {
  const int kinds = static_cast<int>(depth > 1 ? TypeKind::kRow : TypeKind::kTimestampLtz) + 1;
  const auto kind = static_cast<TypeKind>(Below(kinds));
  return (kind >= TypeKind::kArray ? Nested(kind, depth) : Scalar(kind))
      .WithNullable(Below(2) == 0);
}

Bytes RandomTypes::SomeBytes(int max) {
  Bytes bytes(static_cast<size_t>(Below(max + 1)), '\0');
  for (char& byte : bytes) byte = static_cast<char>('a' + Below(26));
  return bytes;
}

Value RandomTypes::ValueOf(const DataType& type) {
  if (type.nullable() && Below(5) == 0) return Value();
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return Value::Bool(Below(2) == 0);
    case TypeKind::kTinyInt:
      return Value::Int(Integer(INT8_MIN, INT8_MAX));
    case TypeKind::kSmallInt:
      return Value::Int(Integer(INT16_MIN, INT16_MAX));
    case TypeKind::kInt:
    case TypeKind::kDate:
      return Value::Int(Integer(INT32_MIN, INT32_MAX));
    case TypeKind::kBigInt:
      return Value::Int(Integer(INT64_MIN, INT64_MAX));
    case TypeKind::kFloat:
      return Value::Float(static_cast<float>(Below(1000)) / 7);
    case TypeKind::kDouble:
      return Value::Double(Below(1000) / 7.0);
    case TypeKind::kChar:
    case TypeKind::kBinary:
      return Value::String(SomeBytes(type.length()));
    case TypeKind::kString:
    case TypeKind::kBytes:
      return Value::String(SomeBytes(50));
    case TypeKind::kDecimal: {
      const __int128 below = PowerOfTen(type.precision());
      const __int128 wide = static_cast<__int128>(Integer(0, INT64_MAX)) * Integer(0, INT64_MAX);
      return Value::Dec(Below(2) == 0 ? wide % below : -(wide % below));
    }
    case TypeKind::kTime:
      return Value::Int(Integer(0, 86399999));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Value::Time(Integer(INT64_MIN, INT64_MAX), Below(1000000));
    case TypeKind::kArray: {
      ValueList list;
      for (int i = Below(4); i > 0; --i) list.push_back(ValueOf(type.element()));
      return Value::List(std::move(list));
    }
    case TypeKind::kMap: {
      ValueMap map;
      for (int i = Below(4); i > 0; --i) {
        Value key = ValueOf(type.key());
        map.emplace_back(std::move(key), ValueOf(type.value()));
      }
      return Value::Map(std::move(map));
    }
    case TypeKind::kRow: {
      Row row;
      for (const RowField& field : type.fields()) row.push_back(ValueOf(field.type));
      return Value::Struct(std::move(row));
    }
  }
  return Value();
}

Value RandomTypes::MisfitOf(const DataType& type) {
  if (!type.nullable() && Below(3) == 0) return Value();
  switch (Below(2) == 0 ? type.kind() : TypeKind::kString) {
    case TypeKind::kTinyInt:
      return Value::Int(Integer(INT8_MAX + 1, INT64_MAX));
    case TypeKind::kSmallInt:
      return Value::Int(Integer(INT64_MIN, INT16_MIN - 1));
    case TypeKind::kInt:
    case TypeKind::kDate:
      return Value::Int(Integer(int64_t{INT32_MAX} + 1, INT64_MAX));
    case TypeKind::kTime:
      return Value::Int(Integer(86400000, INT64_MAX));
    case TypeKind::kChar:
    case TypeKind::kBinary:
      return Value::String(Bytes(static_cast<size_t>(type.length()) + 1, 'x'));
    case TypeKind::kDecimal:
      return Value::Dec(PowerOfTen(type.precision()));
    case TypeKind::kArray:
      return Value::List({ValueOf(type.element()), MisfitOf(type.element())});
    case TypeKind::kMap:
      return Value::Map({{ValueOf(type.key()), MisfitOf(type.value())}});
    case TypeKind::kRow: {
      Row row;
      for (const RowField& field : type.fields()) row.push_back(ValueOf(field.type));
      const auto broken = static_cast<size_t>(Below(static_cast<int>(row.size())));
      row[broken] = MisfitOf(type.fields()[broken].type);
      return Value::Struct(std::move(row));
    }
    default:  // Another kind of value.
      return type.kind() == TypeKind::kBoolean ? Value::Int(1) : Value::Bool(true);
  }
}

SchemaSpec RandomTypes::Schema() {
  SchemaSpec spec;
  const bool keyed = Below(2) == 0;
  for (int i = Below(10); i >= 0; --i) {
    Column column{Name(i), Type(4)};
    if (Below(3) == 0) column.comment = "comment\t" + std::to_string(i);
    const bool in_key = keyed && !column.type.IsNested() && Below(2) == 0;
    if (in_key) spec.primary_key.push_back(column.name);
    if (keyed && !in_key && Below(4) == 0) {
      column.aggregate = AggregateFunction{AggregateKind::kLastValue, {}};
    }
    spec.columns.push_back(std::move(column));
  }
  return spec;
}

}  // namespace strom
