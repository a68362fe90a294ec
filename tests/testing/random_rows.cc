#include "tests/testing/random_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "common/types/decimal.h"

namespace strom::testing {
namespace {

constexpr int64_t kMillisOfDay = 86400000;
constexpr int64_t kTimestampMillisMax = 9000000000000;  // As nanoseconds below 2^63.
constexpr uint64_t kScalarKinds = static_cast<uint64_t>(TypeKind::kArray);
constexpr uint64_t kKinds = static_cast<uint64_t>(TypeKind::kRow) + 1;

int64_t PowerOf10(int exponent) { return static_cast<int64_t>(PowerOfTen(exponent)); }

// Rounds down to a multiple.
int64_t Floor(int64_t value, int64_t unit) {
  const int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

}  // namespace

std::vector<DataType> RandomRows::RandomTypes() {
  std::vector<DataType> types;
  for (uint64_t n = 1 + Uniform(static_cast<uint64_t>(options_.columns_max)); n > 0; --n) {
    types.push_back(RandomType());
  }
  return types;
}

DataType RandomRows::TypeAtDepth(int depth) {
  const auto kind = static_cast<TypeKind>(Uniform(depth > 0 ? kKinds : kScalarKinds));
  const DataType type = KindAtDepth(kind, depth);
  return type.WithNullable(!Percent(options_.not_null_percent));
}

DataType RandomRows::KindAtDepth(TypeKind kind, int depth) {
  switch (kind) {
    case TypeKind::kBoolean:
      return DataType::Boolean();
    case TypeKind::kTinyInt:
      return DataType::TinyInt();
    case TypeKind::kSmallInt:
      return DataType::SmallInt();
    case TypeKind::kInt:
      return DataType::Int();
    case TypeKind::kBigInt:
      return DataType::BigInt();
    case TypeKind::kFloat:
      return DataType::Float();
    case TypeKind::kDouble:
      return DataType::Double();
    case TypeKind::kChar:
      return DataType::Char(static_cast<int32_t>(1 + Uniform(12)));
    case TypeKind::kString:
      return DataType::String();
    case TypeKind::kBinary:
      return DataType::Binary(static_cast<int32_t>(1 + Uniform(12)));
    case TypeKind::kBytes:
      return DataType::Bytes();
    case TypeKind::kDecimal: {
      const auto precision = static_cast<int32_t>(1 + Uniform(kDecimalDigitsMax));
      return DataType::Decimal(precision,
                               static_cast<int32_t>(Uniform(static_cast<uint64_t>(precision) + 1)));
    }
    case TypeKind::kDate:
      return DataType::Date();
    case TypeKind::kTime:
      return DataType::Time(static_cast<int32_t>(Uniform(10)));
    case TypeKind::kTimestamp:
      return DataType::Timestamp(static_cast<int32_t>(Uniform(10)));
    case TypeKind::kTimestampLtz:
      return DataType::TimestampLtz(static_cast<int32_t>(Uniform(10)));
    case TypeKind::kArray:
      return DataType::Array(TypeAtDepth(depth - 1));
    case TypeKind::kMap: {
      DataType key = TypeAtDepth(0);  // Before the value, whatever the compiler evaluates first.
      return DataType::Map(std::move(key), TypeAtDepth(depth - 1));
    }
    case TypeKind::kRow: {
      std::vector<RowField> fields;
      for (size_t n = 1 + Count(); n > 0; --n) {
        fields.push_back({.name = "f" + std::to_string(fields.size()),
                          .type = TypeAtDepth(depth - 1),
                          .description = std::nullopt});
      }
      return DataType::Row(std::move(fields));
    }
  }
  STROM_UNREACHABLE();
}

Row RandomRows::RandomRow(const std::vector<DataType>& types) {
  Row row;
  row.reserve(types.size());
  for (const DataType& type : types) row.push_back(RandomValue(type));
  return row;
}

Value RandomRows::RandomValue(const DataType& type) {
  if (type.nullable() && Percent(options_.null_percent)) return Value::Null();
  return RandomNotNull(type);
}

Value RandomRows::RandomNotNull(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return Value::Bool(Percent(50));
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
      return Value::Float(Floating<float>());
    case TypeKind::kDouble:
      return Value::Double(Floating<double>());
    case TypeKind::kChar:
      return Value::String(Text(static_cast<size_t>(type.length())));
    case TypeKind::kString:
      return Value::String(Text(static_cast<size_t>(options_.bytes_max)));
    case TypeKind::kBinary:
      return Value::String(Binary(static_cast<size_t>(type.length())));
    case TypeKind::kBytes:
      return Value::String(Binary(static_cast<size_t>(options_.bytes_max)));
    case TypeKind::kDecimal:
      return RandomDecimal(type);
    case TypeKind::kTime:
      return Value::Int(
          Floor(Integer(0, kMillisOfDay - 1), PowerOf10(std::max(0, 3 - type.precision()))));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return RandomTimestamp(type);
    case TypeKind::kArray: {
      ValueList list;
      for (size_t n = Count(); n > 0; --n) list.push_back(RandomValue(type.element()));
      return Value::List(std::move(list));
    }
    case TypeKind::kMap: {
      ValueMap map;
      for (size_t n = Count(); n > 0; --n) {
        Value key = RandomNotNull(type.key());
        map.emplace_back(std::move(key), RandomValue(type.value()));
      }
      return Value::Map(std::move(map));
    }
    case TypeKind::kRow: {
      Row row;
      for (const RowField& field : type.fields()) row.push_back(RandomValue(field.type));
      return Value::Struct(std::move(row));
    }
  }
  STROM_UNREACHABLE();
}

int64_t RandomRows::Integer(int64_t min, int64_t max) {
  switch (Uniform(8)) {
    case 0:
      return min;
    case 1:
      return max;
    case 2:
      return std::max<int64_t>(min, -1);
    case 3:
      return 0;
    case 4: {  // Around the steps of variable-length integers.
      const int64_t step = int64_t{1} << (7 * (1 + Uniform(8)));
      return std::min(max, Percent(50) ? step : step - 1);
    }
    default: {
      const uint64_t span = static_cast<uint64_t>(max) - static_cast<uint64_t>(min);
      const uint64_t offset = span == UINT64_MAX ? engine_() : Uniform(span + 1);
      return static_cast<int64_t>(static_cast<uint64_t>(min) + offset);
    }
  }
}

template <class Float>
Float RandomRows::Floating() {
  using Limits = std::numeric_limits<Float>;
  constexpr Float kEdges[] = {0,
                              -Float{0},
                              Limits::infinity(),
                              -Limits::infinity(),
                              Limits::quiet_NaN(),
                              Limits::max(),
                              Limits::lowest(),
                              Limits::denorm_min()};
  if (Percent(30)) return kEdges[Uniform(std::size(kEdges))];
  using Bits = std::conditional_t<sizeof(Float) == 4, uint32_t, uint64_t>;
  const auto value = std::bit_cast<Float>(static_cast<Bits>(engine_()));
  return std::isnan(value) ? Limits::quiet_NaN() : value;
}

size_t RandomRows::Size(size_t bytes_max) {
  const size_t edges[] = {0, 7, 8};  // Around what fits a slot of an array.
  const size_t size = Percent(30) ? edges[Uniform(3)] : Uniform(bytes_max + 1);
  return std::min(size, bytes_max);
}

Bytes RandomRows::Text(size_t bytes_max) {
  constexpr std::string_view kCharacters[] = {
      "a", "Z", "0", " ", ",", "\xc3\xa9", "\xe7\x94\xb5", "\xf0\x9f\x94\x8c"};
  Bytes text;
  for (const size_t size = Size(bytes_max); text.size() < size;) {
    const std::string_view next = kCharacters[Uniform(std::size(kCharacters))];
    text += text.size() + next.size() <= size ? next : "x";
  }
  return text;
}

Bytes RandomRows::Binary(size_t bytes_max) {
  Bytes bytes(Size(bytes_max), '\0');
  for (char& byte : bytes) byte = static_cast<char>(Uniform(256));
  if (!bytes.empty() && bytes.back() == '\0') bytes.back() = '\x80';
  return bytes;
}

Value RandomRows::RandomTimestamp(const DataType& type) {
  const int precision = type.precision();
  const int64_t millis = Percent(10) ? 0 : Integer(-kTimestampMillisMax, kTimestampMillisMax);
  if (precision <= 3) return Value::Time(Floor(millis, PowerOf10(3 - precision)));
  const int64_t nanos = Floor(Integer(0, 999999), PowerOf10(9 - precision));
  return Value::Time(millis, static_cast<int32_t>(nanos));
}

Value RandomRows::RandomDecimal(const DataType& type) {
  const __int128 limit = PowerOfTen(type.precision());
  if (Percent(10)) return Value::Dec(limit - 1);
  if (Percent(10)) return Value::Dec(1 - limit);
  const uint64_t high = engine_();
  const auto bits = static_cast<unsigned __int128>(high) << 64 | engine_();
  // Sizes of all lengths, not only those near the limit.
  const __int128 bound = PowerOfTen(1 + static_cast<int>(Uniform(type.precision())));
  return Value::Dec(static_cast<__int128>(bits) % bound);
}

}  // namespace strom::testing
