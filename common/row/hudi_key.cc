#include "common/row/hudi_key.h"

#include <fmt/format.h>

#include "common/row/scalar.h"
#include "common/types/civil_time.h"
#include "common/types/decimal.h"
#include "common/types/java_number.h"
#include "common/types/utf8.h"

namespace strom::internal {
namespace {

constexpr std::string_view kNullText = "__null__";
constexpr std::string_view kEmptyText = "__empty__";

// Java prints a fraction of 3, 6 or 9 digits, and a local time without seconds if they are zero.
Result<std::string> TimestampText(const Timestamp& time, bool with_zone) {
  const auto civil = CivilFromMillis(time.millis, time.nanos_of_milli);
  if (!civil) {
    return Error(ErrorCode::kCorruptRecord, "{} ms are outside of the years 0 to 9999",
                 time.millis);
  }
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", civil->year, civil->month,
                                 civil->day, civil->hour, civil->minute);
  if (with_zone || civil->second != 0 || civil->nanos != 0) {
    text += fmt::format(":{:02}", civil->second);
  }
  if (civil->nanos % 1000 != 0) {
    text += fmt::format(".{:09}", civil->nanos);
  } else if (civil->nanos % 1000000 != 0) {
    text += fmt::format(".{:06}", civil->nanos / 1000);
  } else if (civil->nanos != 0) {
    text += fmt::format(".{:03}", civil->nanos / 1000000);
  }
  if (with_zone) text += 'Z';
  return text;
}

// `value` is not NULL and fits `type`.
Result<std::string> ToText(const Value& value, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return std::string(*value.get_if<bool>() ? "true" : "false");
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      return std::to_string(*value.get_if<int64_t>());
    case TypeKind::kFloat:
      return JavaToString(*value.get_if<float>());
    case TypeKind::kDouble:
      return JavaToString(*value.get_if<double>());
    case TypeKind::kChar:
    case TypeKind::kString:
      return *value.get_if<Bytes>();
    case TypeKind::kDecimal:
      return FormatDecimal(value.get_if<Decimal>()->unscaled, type.scale());
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return TimestampText(*value.get_if<Timestamp>(), type.kind() == TypeKind::kTimestampLtz);
    default:
      STROM_UNREACHABLE() << ": " << type.ToString() << " in a Hudi key";
  }
}

Result<uint32_t> HashValue(const Value& value, const DataType& type, bool only_column) {
  if (value.is_null()) return only_column ? JavaStringHash(kNullText) : 0;
  // As in the compacted form, CHAR(n) is not limited to n bytes.
  const bool text_type = type.kind() == TypeKind::kChar;
  STROM_RETURN_IF_ERROR(CheckValue(value, text_type ? DataType::String() : type, "value"));
  STROM_ASSIGN_OR_RETURN(const std::string text, ToText(value, type));
  const bool ambiguous =
      text.find(',') != std::string::npos || text == kNullText || text == kEmptyText;
  if (!only_column && ambiguous) {
    return Error(ErrorCode::kCorruptRecord,
                 "a key of several columns has no commas, no {} and no {}", kNullText, kEmptyText);
  }
  return JavaStringHash(text);
}

}  // namespace

bool IsHudiKeyType(const DataType& type) {
  return !type.IsNested() && type.kind() != TypeKind::kBinary && type.kind() != TypeKind::kBytes;
}

Result<uint32_t> JavaStringHash(std::string_view text) {
  if (!IsUtf8(text)) return Error(ErrorCode::kCorruptRecord, "the text is no UTF-8");
  uint32_t hash = 0;
  const auto add = [&](uint32_t unit) { hash = 31 * hash + unit; };
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<uint8_t>(text[i]);
    const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code = size == 1 ? first : first & (0x7fU >> size);
    for (size_t k = 1; k < size; ++k) code = code << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3f);
    if (code < 0x10000) {
      add(code);
    } else {  // Two surrogates.
      add(0xd800 + ((code - 0x10000) >> 10));
      add(0xdc00 + ((code - 0x10000) & 0x3ff));
    }
    i += size;
  }
  return hash;
}

Status AppendHudiKey(Bytes& out, const Row& row, std::span<const size_t> columns,
                     std::span<const DataType> types) {
  uint32_t hash = 1;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto value_hash = HashValue(row[columns[i]], types[i], columns.size() == 1);
    if (!value_hash.ok()) {
      return value_hash.status().WithContext(fmt::format("hudi key, column {}", columns[i]));
    }
    hash = 31 * hash + *value_hash;
  }
  AppendBig(out, hash);
  return Status::Ok();
}

}  // namespace strom::internal
