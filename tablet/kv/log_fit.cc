#include "tablet/kv/log_fit.h"

#include <algorithm>

#include "common/arrow/time_units.h"

namespace strom::tablet {
namespace {

std::optional<Value> FitBinary(const Bytes& bytes, size_t length) {
  if (bytes.size() >= length) return std::nullopt;
  Bytes filled = bytes;
  filled.resize(length, '\0');
  return Value::String(std::move(filled));
}

std::optional<Value> FitTime(int64_t millis, int32_t precision) {
  const arrow::TimeUnit unit = arrow::UnitOf(precision);
  const int64_t kept = arrow::TimeFromUnit(arrow::TimeToUnit(millis, unit), unit);
  return kept == millis ? std::nullopt : std::optional(Value::Int(kept));
}

std::optional<Value> FitTimestamp(Timestamp time, int32_t precision) {
  const arrow::TimeUnit unit = arrow::UnitOf(precision);
  const std::optional<int64_t> count = arrow::TimestampToUnit(time, unit);
  const auto kept = count ? arrow::TimestampFromUnit(*count, unit) : std::nullopt;
  return !kept || *kept == time ? std::nullopt : std::optional(Value::Time(*kept));
}

std::optional<Value> FitList(const ValueList& list, const DataType& element) {
  std::optional<ValueList> fitted;
  for (size_t i = 0; i < list.size(); ++i) {
    std::optional<Value> value = FitToArrow(list[i], element);
    if (!value) continue;
    if (!fitted) fitted = list;
    (*fitted)[i] = *std::move(value);
  }
  return fitted ? std::optional(Value::List(*std::move(fitted))) : std::nullopt;
}

std::optional<Value> FitMap(const ValueMap& map, const DataType& type) {
  std::optional<ValueMap> fitted;
  for (size_t i = 0; i < map.size(); ++i) {
    std::optional<Value> key = FitToArrow(map[i].first, type.key());
    std::optional<Value> value = FitToArrow(map[i].second, type.value());
    if (!key && !value) continue;
    if (!fitted) fitted = map;
    if (key) (*fitted)[i].first = *std::move(key);
    if (value) (*fitted)[i].second = *std::move(value);
  }
  return fitted ? std::optional(Value::Map(*std::move(fitted))) : std::nullopt;
}

std::optional<Value> FitRow(const Row& row, const std::vector<RowField>& fields) {
  std::optional<Row> fitted;
  for (size_t i = 0; i < row.size(); ++i) {
    std::optional<Value> value = FitToArrow(row[i], fields[i].type);
    if (!value) continue;
    if (!fitted) fitted = row;
    (*fitted)[i] = *std::move(value);
  }
  return fitted ? std::optional(Value::Struct(*std::move(fitted))) : std::nullopt;
}

}  // namespace

bool ChangesInArrow(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBinary:
      return true;
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return arrow::UnitOf(type.precision()) != arrow::TimeUnit::kNano;
    case TypeKind::kArray:
      return ChangesInArrow(type.element());
    case TypeKind::kMap:
      return ChangesInArrow(type.key()) || ChangesInArrow(type.value());
    case TypeKind::kRow:
      return std::ranges::any_of(type.fields(), ChangesInArrow, &RowField::type);
    default:
      return false;
  }
}

std::optional<Value> FitToArrow(const Value& value, const DataType& type) {
  if (value.is_null()) return std::nullopt;
  switch (type.kind()) {
    case TypeKind::kBinary:
      return FitBinary(*value.get_if<Bytes>(), static_cast<size_t>(type.length()));
    case TypeKind::kTime:
      return FitTime(*value.get_if<int64_t>(), type.precision());
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return FitTimestamp(*value.get_if<Timestamp>(), type.precision());
    case TypeKind::kArray:
      return FitList(*value.list(), type.element());
    case TypeKind::kMap:
      return FitMap(*value.map(), type);
    case TypeKind::kRow:
      return FitRow(*value.row(), type.fields());
    default:
      return std::nullopt;
  }
}

}  // namespace strom::tablet
