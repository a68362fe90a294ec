#include "common/record/batch_statistics.h"

#include <bit>
#include <cmath>
#include <limits>

#include "common/arrow/time_units.h"
#include "common/base/byte_reader.h"
#include "common/base/endian.h"
#include "common/record/corrupt_record.h"
#include "common/row/aligned_row.h"

namespace strom::record {

namespace {

constexpr int8_t kVersion = 1;
constexpr size_t kBytesPerColumn = sizeof(int16_t) + sizeof(int32_t);

// Java's Float.compare and Double.compare: -0.0 before 0.0, every NaN the same and the greatest.
template <class Float>
bool FloatLess(Float a, Float b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  if (a == 0 && b == 0) return std::signbit(a) && !std::signbit(b);
  return a < b;
}

// Both values are of the same supported type. Strings compare as unsigned bytes.
bool Less(const Value& a, const Value& b) {
  if (const auto* v = a.get_if<bool>()) return *v < *b.get_if<bool>();
  if (const auto* v = a.get_if<int64_t>()) return *v < *b.get_if<int64_t>();
  if (const auto* v = a.get_if<float>()) return FloatLess(*v, *b.get_if<float>());
  if (const auto* v = a.get_if<double>()) return FloatLess(*v, *b.get_if<double>());
  if (const auto* v = a.get_if<Bytes>()) return *v < *b.get_if<Bytes>();
  if (const auto* v = a.get_if<Decimal>()) return *v < *b.get_if<Decimal>();
  if (const auto* v = a.get_if<Timestamp>()) return *v < *b.get_if<Timestamp>();
  STROM_UNREACHABLE();
}

// What a reader will get back: Arrow cuts off digits finer than the unit of the column.
Value AsStored(const Value& value, const DataType& type) {
  if (type.kind() == TypeKind::kTime) {
    const arrow::TimeUnit unit = arrow::UnitOf(type.precision());
    const int64_t millis = *value.get_if<int64_t>();
    return Value::Int(arrow::TimeFromUnit(arrow::TimeToUnit(millis, unit), unit));
  }
  if (const auto* time = value.get_if<Timestamp>()) {
    const arrow::TimeUnit unit = arrow::UnitOf(type.precision());
    // The builder of the batch has taken the value, so it fits both ways.
    return Value::Time(
        arrow::TimestampFromUnit(arrow::TimestampToUnit(*time, unit).value(), unit).value());
  }
  return value;
}

bool HasBounds(const DataType& type) { return type.kind() != TypeKind::kChar; }

Status ReadColumns(ByteReader& reader, int16_t count, std::span<const DataType> column_types,
                   BatchStatistics& statistics, std::vector<DataType>& types) {
  if (reader.remaining() < static_cast<size_t>(count) * kBytesPerColumn) {
    return Error(ErrorCode::kCorruptRecord, "{} bytes cannot hold {} columns", reader.remaining(),
                 count);
  }
  for (int16_t i = 0; i < count; ++i) {
    STROM_ASSIGN_OR_RETURN(const int16_t column, reader.ReadLittle<int16_t>());
    if (column < 0 || static_cast<size_t>(column) >= column_types.size()) {
      return Error(ErrorCode::kCorruptRecord, "column {} of a schema with {} columns", column,
                   column_types.size());
    }
    statistics.columns.push_back(column);
    types.push_back(column_types[static_cast<size_t>(column)].WithNullable(true));
  }
  for (int16_t i = 0; i < count; ++i) {
    STROM_ASSIGN_OR_RETURN(const int32_t null_count, reader.ReadLittle<int32_t>());
    if (null_count < 0) {
      return Error(ErrorCode::kCorruptRecord, "null count {} of column {} is negative", null_count,
                   statistics.columns[static_cast<size_t>(i)]);
    }
    statistics.null_counts.push_back(null_count);
  }
  return Status::Ok();
}

// False if the size says that there are no statistics.
Result<bool> ReadRow(ByteReader& reader, std::span<const DataType> types, Row& row) {
  STROM_ASSIGN_OR_RETURN(const int32_t size, reader.ReadLittle<int32_t>());
  if (size <= 0) return false;
  STROM_ASSIGN_OR_RETURN(const BytesView bytes, reader.ReadBytes(static_cast<size_t>(size)));
  STROM_ASSIGN_OR_RETURN(row, DecodeAlignedRow(bytes, types));
  return true;
}

Result<std::optional<BatchStatistics>> Parse(BytesView bytes,
                                             std::span<const DataType> column_types) {
  const std::optional<BatchStatistics> absent;
  if (bytes.empty()) return absent;
  ByteReader reader(bytes, "batch");
  STROM_ASSIGN_OR_RETURN(const int8_t version, reader.ReadLittle<int8_t>());
  if (version != kVersion) return absent;
  STROM_ASSIGN_OR_RETURN(const int16_t count, reader.ReadLittle<int16_t>());
  if (count <= 0) return absent;
  BatchStatistics statistics;
  std::vector<DataType> types;
  STROM_RETURN_IF_ERROR(ReadColumns(reader, count, column_types, statistics, types));
  STROM_ASSIGN_OR_RETURN(const bool has_min, ReadRow(reader, types, statistics.min));
  if (!has_min) return absent;
  STROM_ASSIGN_OR_RETURN(const bool has_max, ReadRow(reader, types, statistics.max));
  if (!has_max) return absent;
  return std::optional(std::move(statistics));
}

}  // namespace

bool SupportsStatistics(const DataType& type) {
  return !type.IsNested() && type.kind() != TypeKind::kBinary && type.kind() != TypeKind::kBytes;
}

Result<std::optional<BatchStatistics>> ParseBatchStatistics(
    BytesView bytes, std::span<const DataType> column_types) {
  Result<std::optional<BatchStatistics>> statistics = Parse(bytes, column_types);
  if (!statistics.ok()) return AsCorruptRecord(statistics.status(), "batch statistics");
  return statistics;
}

StatisticsCollector::StatisticsCollector(std::span<const DataType> column_types,
                                         std::vector<int16_t> columns) {
  STROM_CHECK(columns.size() <= static_cast<size_t>(std::numeric_limits<int16_t>::max()))
      << columns.size();
  for (const int16_t column : columns) {
    STROM_CHECK(column >= 0 && static_cast<size_t>(column) < column_types.size()) << column;
    const DataType& type = column_types[static_cast<size_t>(column)];
    STROM_CHECK(SupportsStatistics(type)) << type.ToString();
    types_.push_back(type.WithNullable(true));
  }
  statistics_.null_counts.resize(columns.size());
  statistics_.min.resize(columns.size());
  statistics_.max.resize(columns.size());
  statistics_.columns = std::move(columns);
}

void StatisticsCollector::Add(const Row& row) {
  for (size_t i = 0; i < types_.size(); ++i) {
    const Value& given = row.at(static_cast<size_t>(statistics_.columns[i]));
    if (given.is_null()) {
      ++statistics_.null_counts[i];
    } else if (HasBounds(types_[i])) {
      const Value value = AsStored(given, types_[i]);
      Value& min = statistics_.min[i];
      Value& max = statistics_.max[i];
      if (min.is_null() || Less(value, min)) min = value;
      if (max.is_null() || Less(max, value)) max = value;
    }
  }
}

Result<Bytes> StatisticsCollector::Encode() const {
  Bytes out;
  AppendLittle(out, kVersion);
  AppendLittle(out, static_cast<int16_t>(types_.size()));
  for (const int16_t column : statistics_.columns) AppendLittle(out, column);
  for (const int32_t null_count : statistics_.null_counts) AppendLittle(out, null_count);
  for (const Row* row : {&statistics_.min, &statistics_.max}) {
    STROM_ASSIGN_OR_RETURN(const Bytes bytes, EncodeAlignedRow(*row, types_));
    AppendLittle(out, static_cast<int32_t>(bytes.size()));
    out += bytes;
  }
  return out;
}

}  // namespace strom::record
