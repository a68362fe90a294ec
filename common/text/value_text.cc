#include "common/text/value_text.h"

#include <charconv>
#include <cmath>

#include <absl/strings/escaping.h>

#include "common/base/check.h"
#include "common/text/time_text.h"
#include "common/text/value_json.h"
#include "common/types/decimal.h"

namespace strom {
namespace {

// Both float and double: the shortest text for that width.
template <class T>
std::string FloatToText(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return fmt::format("{}", value);
}

template <class T>
Result<T> Number(std::string_view text, const char* what) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    return Error(ErrorCode::kCorruptRecord, "{} is out of the range of a {}", text, what);
  }
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return Error(ErrorCode::kCorruptRecord, "'{}' is no {}", text, what);
  }
  return value;
}

Result<Value> Parse(std::string_view text, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (text == "true") return Value::Bool(true);
      if (text == "false") return Value::Bool(false);
      return Error(ErrorCode::kCorruptRecord, "'{}' is neither true nor false", text);
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt: {
      STROM_ASSIGN_OR_RETURN(const int64_t number, Number<int64_t>(text, "whole number"));
      return Value::Int(number);
    }
    case TypeKind::kFloat: {
      STROM_ASSIGN_OR_RETURN(const float number, Number<float>(text, "number"));
      return Value::Float(number);
    }
    case TypeKind::kDouble: {
      STROM_ASSIGN_OR_RETURN(const double number, Number<double>(text, "number"));
      return Value::Double(number);
    }
    case TypeKind::kChar:
    case TypeKind::kString:
      return Value::String(Bytes(text));
    case TypeKind::kBinary:
    case TypeKind::kBytes: {
      Bytes bytes;
      if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes)) {
        return Error(ErrorCode::kCorruptRecord, "'{}' is no base64", text);
      }
      return Value::String(std::move(bytes));
    }
    case TypeKind::kDecimal: {
      STROM_ASSIGN_OR_RETURN(const __int128 unscaled,
                             ParseDecimal(text, type.precision(), type.scale()));
      return Value::Dec(unscaled);
    }
    case TypeKind::kDate: {
      STROM_ASSIGN_OR_RETURN(const int64_t days, DateFromText(text));
      return Value::Int(days);
    }
    case TypeKind::kTime: {
      STROM_ASSIGN_OR_RETURN(const int64_t millis, TimeFromText(text));
      return Value::Int(millis);
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const bool has_zone = type.kind() == TypeKind::kTimestampLtz;
      STROM_ASSIGN_OR_RETURN(const Timestamp at,
                             TimestampFromText(text, has_zone, type.precision()));
      return Value::Time(at);
    }
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return ValueFromJson(text, type);
  }
  STROM_UNREACHABLE();
}

}  // namespace

std::string ValueToText(const Value& value, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return *value.get_if<bool>() ? "true" : "false";
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return fmt::format("{}", *value.get_if<int64_t>());
    case TypeKind::kFloat:
      return FloatToText(*value.get_if<float>());
    case TypeKind::kDouble:
      return FloatToText(*value.get_if<double>());
    case TypeKind::kChar:
    case TypeKind::kString:
      return *value.get_if<Bytes>();
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return absl::Base64Escape(*value.get_if<Bytes>());
    case TypeKind::kDecimal:
      return FormatDecimal(value.get_if<Decimal>()->unscaled, type.scale());
    case TypeKind::kDate:
      return DateToText(*value.get_if<int64_t>());
    case TypeKind::kTime:
      return TimeToText(*value.get_if<int64_t>());
    case TypeKind::kTimestamp:
      return TimestampToText(*value.get_if<Timestamp>(), false);
    case TypeKind::kTimestampLtz:
      return TimestampToText(*value.get_if<Timestamp>(), true);
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return ValueToJson(value, type);
  }
  STROM_UNREACHABLE();
}

Result<Value> ValueFromText(std::string_view text, const DataType& type) {
  STROM_ASSIGN_OR_RETURN(Value value, Parse(text, type));
  STROM_RETURN_IF_ERROR(CheckValue(value, type, "the value"));
  return value;
}

}  // namespace strom
