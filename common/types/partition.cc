#include "common/types/partition.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/types/civil_time.h"
#include "common/types/java_number.h"
#include "common/types/table_path.h"

namespace strom {
namespace {

constexpr char kSeparator = '$';

Status Invalid(std::string message) {
  return Status(ErrorCode::kPartitionSpecInvalid, std::move(message));
}

template <class Float>
std::string FormatFloat(Float value) {
  if (std::isinf(value)) return value < 0 ? "-Inf" : "Inf";
  std::string text = JavaToString(value);
  std::ranges::replace(text, '.', '_');
  return text;
}

Result<std::string> FormatDate(int64_t days) {
  const auto date = CivilFromDays(days);
  if (!date) return Invalid(fmt::format("day {} is outside the years 0 to 9999", days));
  return fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
}

std::string FormatTimeOfDay(int64_t millis) {
  return fmt::format("{:02}-{:02}-{:02}_{:03}", millis / 3600000, millis / 60000 % 60,
                     millis / 1000 % 60, millis % 1000);
}

// The fraction has no trailing zeros, whatever the precision; with none, the underscore ends it.
Result<std::string> FormatTimestamp(const Timestamp& timestamp) {
  const auto time = CivilFromMillis(timestamp.millis, timestamp.nanos_of_milli);
  if (!time) {
    return Invalid(fmt::format("timestamp {} ms is outside the years 0 to 9999", timestamp.millis));
  }
  std::string fraction = fmt::format("{:09}", time->nanos);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fmt::format("{:04}-{:02}-{:02}-{:02}-{:02}-{:02}_{}", time->year, time->month, time->day,
                     time->hour, time->minute, time->second, fraction);
}

std::string Join(std::span<const std::string> texts, char separator) {
  std::string out;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += separator;
    out += texts[i];
  }
  return out;
}

}  // namespace

bool IsPartitionType(const DataType& type) {
  return !type.IsNested() && type.kind() != TypeKind::kDecimal;
}

Result<std::string> FormatPartitionValue(const Value& value, const DataType& type) {
  if (value.is_null()) return Invalid("a partition value is NULL");
  STROM_RETURN_IF_ERROR(CheckValue(value, type, "partition value"));
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return std::string(*value.get_if<bool>() ? "true" : "false");
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return std::to_string(*value.get_if<int64_t>());
    case TypeKind::kFloat:
      return FormatFloat(*value.get_if<float>());
    case TypeKind::kDouble:
      return FormatFloat(*value.get_if<double>());
    case TypeKind::kChar:
    case TypeKind::kString:
      return *value.get_if<Bytes>();
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return ToHex(*value.get_if<Bytes>());
    case TypeKind::kDate:
      return FormatDate(*value.get_if<int64_t>());
    case TypeKind::kTime:
      return FormatTimeOfDay(*value.get_if<int64_t>());
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return FormatTimestamp(*value.get_if<Timestamp>());
    case TypeKind::kDecimal:
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      break;
  }
  return Invalid(fmt::format("{} cannot be a partition column", type.ToString()));
}

Status CheckPartitionValue(std::string_view value, bool is_new) {
  if (const auto problem = NameProblem(value)) return Invalid("partition value " + *problem);
  if (is_new && value.starts_with(kReservedNamePrefix)) {
    return Invalid(fmt::format("partition value '{}' begins with '{}', which is reserved", value,
                               kReservedNamePrefix));
  }
  return Status::Ok();
}

Result<std::vector<std::optional<std::string>>> ResolvePartialPartitionSpec(
    const PartitionSpec& spec, std::span<const std::string> keys) {
  std::vector<std::optional<std::string>> values(keys.size());
  for (const auto& [key, value] : spec) {
    const auto found = std::ranges::find(keys, key);
    if (found == keys.end()) {
      return Invalid(
          fmt::format("'{:.200}' is no partition key; they are {}", key, Join(keys, ',')));
    }
    auto& slot = values[found - keys.begin()];
    if (slot) return Invalid(fmt::format("partition key '{}' is given twice", key));
    slot = value;
  }
  return values;
}

Result<std::vector<std::string>> ResolvePartitionSpec(const PartitionSpec& spec,
                                                      std::span<const std::string> keys) {
  STROM_ASSIGN_OR_RETURN(const auto partial, ResolvePartialPartitionSpec(spec, keys));
  std::vector<std::string> values;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!partial[i]) return Invalid(fmt::format("partition key '{}' is missing", keys[i]));
    values.push_back(*partial[i]);
  }
  return values;
}

std::string PartitionName(std::span<const std::string> values) { return Join(values, kSeparator); }

Result<std::vector<std::string>> SplitPartitionName(std::string_view name, size_t key_count) {
  const size_t value_count = static_cast<size_t>(std::ranges::count(name, kSeparator)) + 1;
  if (value_count != key_count) {
    return Invalid(fmt::format("partition name '{:.200}' has {} values, there are {} keys", name,
                               value_count, key_count));
  }
  std::vector<std::string> values;
  for (size_t begin = 0; values.size() < value_count;) {
    const size_t end = std::min(name.find(kSeparator, begin), name.size());
    values.emplace_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return values;
}

std::string QualifiedPartitionName(std::span<const std::string> keys,
                                   std::span<const std::string> values) {
  STROM_CHECK(keys.size() == values.size()) << keys.size() << " keys, " << values.size();
  std::vector<std::string> pairs;
  for (size_t i = 0; i < keys.size(); ++i) pairs.push_back(keys[i] + "=" + values[i]);
  return Join(pairs, '/');
}

Result<std::string> PartitionNameOfRow(const Row& row, const Schema& schema,
                                       std::span<const std::string> keys) {
  STROM_CHECK(row.size() == schema.columns().size()) << row.size() << " values";
  STROM_ASSIGN_OR_RETURN(const std::vector<size_t> positions, schema.IndexesOf(keys));
  std::vector<std::string> values;
  for (const size_t position : positions) {
    const Column& column = schema.columns()[position];
    const auto in_column = [&](const Status& s) {
      return s.WithContext(fmt::format("partition column '{}'", column.name));
    };
    Result<std::string> value = FormatPartitionValue(row[position], column.type);
    if (!value.ok()) return in_column(value.status());
    if (Status s = CheckPartitionValue(*value, /*is_new=*/false); !s.ok()) return in_column(s);
    values.push_back(*std::move(value));
  }
  return PartitionName(values);
}

}  // namespace strom
