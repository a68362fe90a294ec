#include "pipeline/cdc/value_text.h"

#include <charconv>
#include <limits>

#include "common/types/decimal.h"
#include "pipeline/cdc/time_text.h"
#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {
namespace {

Status NoValue(BytesView text, const DataType& type, std::string_view why = "") {
  return Error(ErrorCode::kExternalSystem, "'{}' is no value of {}{}{}", text.substr(0, 100),
               type.ToString(), why.empty() ? "" : ": ", why);
}

Result<Value> ParseInteger(BytesView text, const DataType& type) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return NoValue(text, type);
  return Value::Int(value);
}

template <class Float>
Result<Float> ParseFloat(BytesView text, const DataType& type) {
  using Limits = std::numeric_limits<Float>;
  if (text == "NaN") return Limits::quiet_NaN();
  if (text == "Infinity") return Limits::infinity();
  if (text == "-Infinity") return -Limits::infinity();
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return NoValue(text, type);
  return value;
}

Result<Value> ParseBytes(BytesView text, const DataType& type) {
  if (!text.starts_with("\\x")) return NoValue(text, type, "it is not in hexadecimal form");
  Result<Bytes> bytes = FromHex(text.substr(2));
  if (!bytes.ok()) return NoValue(text, type, bytes.status().message());
  return Value::String(*std::move(bytes));
}

Result<Value> ParseArray(BytesView text, const DataType& type) {
  STROM_ASSIGN_OR_RETURN(const auto elements, postgres::ParseArrayText(text));
  ValueList list;
  list.reserve(elements.size());
  for (const auto& element : elements) {
    if (!element) {
      list.push_back(Value::Null());
      continue;
    }
    STROM_ASSIGN_OR_RETURN(Value value, ParseValueText(*element, type.element()));
    list.push_back(std::move(value));
  }
  return Value::List(std::move(list));
}

}  // namespace

Result<Value> ParseValueText(BytesView text, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (text == "t") return Value::Bool(true);
      if (text == "f") return Value::Bool(false);
      return NoValue(text, type);
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return ParseInteger(text, type);
    case TypeKind::kFloat: {
      STROM_ASSIGN_OR_RETURN(const float value, ParseFloat<float>(text, type));
      return Value::Float(value);
    }
    case TypeKind::kDouble: {
      STROM_ASSIGN_OR_RETURN(const double value, ParseFloat<double>(text, type));
      return Value::Double(value);
    }
    case TypeKind::kChar:
    case TypeKind::kString:
      return Value::String(Bytes(text));
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return ParseBytes(text, type);
    case TypeKind::kDecimal: {
      const auto unscaled = ParseDecimal(text, type.precision(), type.scale());
      if (!unscaled.ok())
        return Error(ErrorCode::kExternalSystem, "{}", unscaled.status().message());
      return Value::Dec(*unscaled);
    }
    case TypeKind::kDate: {
      STROM_ASSIGN_OR_RETURN(const int64_t days, ParseDateText(text));
      return Value::Int(days);
    }
    case TypeKind::kTime: {
      STROM_ASSIGN_OR_RETURN(const int64_t millis, ParseTimeText(text));
      return Value::Int(millis);
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      STROM_ASSIGN_OR_RETURN(
          const Timestamp time,
          ParseTimestampText(text, type.kind() == TypeKind::kTimestampLtz, type.precision()));
      return Value::Time(time);
    }
    case TypeKind::kArray:
      return ParseArray(text, type);
    case TypeKind::kMap:
    case TypeKind::kRow:
      return NoValue(text, type, "PostgreSQL's types cannot be declared so");
  }
  STROM_UNREACHABLE();
}

Result<Value> ParseColumnText(std::optional<BytesView> text, const SourceTable& table,
                              size_t column) {
  const Column& declared = table.schema.columns().at(column);
  const auto where = [&] {
    return fmt::format("table {}, column {}", table.ToString(), declared.name);
  };
  Value value;
  if (text) {
    Result<Value> parsed = ParseValueText(*text, declared.type);
    if (!parsed.ok()) return parsed.status().WithContext(where());
    value = *std::move(parsed);
  }
  if (Status s = CheckValue(value, declared.type, "value"); !s.ok()) {
    s = CheckValue(value, declared.type, where());
    if (!text) return Error(ErrorCode::kExternalSystem, "{}", s.message());
    return Error(ErrorCode::kExternalSystem, "{} (value '{}')", s.message(), text->substr(0, 100));
  }
  return value;
}

}  // namespace strom::cdc
