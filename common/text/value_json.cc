#include "common/text/value_json.h"

#include <cmath>
#include <cstdlib>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/base/check.h"
#include "common/base/nearest_name.h"
#include "common/text/value_text.h"

namespace strom {
namespace {

using Json = nlohmann::ordered_json;

// Decimal digits that survive being read as a double.
constexpr int kExactDigits = 15;

bool HasTextKeys(const DataType& map) {
  return map.key().kind() == TypeKind::kString || map.key().kind() == TypeKind::kChar;
}

// --- Writing

Json ToJson(const Value& value, const DataType& type);

Json FloatToJson(double number, const Value& value, const DataType& type) {
  if (!std::isfinite(number)) return ValueToText(value, type);
  return number;
}

// 0.1 rather than 0.10000000149011612, which is what the FLOAT is as a double.
double ShortestDouble(float number) {
  const double shortest = std::strtod(fmt::format("{}", number).c_str(), nullptr);
  return static_cast<float>(shortest) == number ? shortest : number;
}

Json MapToJson(const ValueMap& map, const DataType& type) {
  Json out = HasTextKeys(type) ? Json::object() : Json::array();
  for (const auto& [key, value] : map) {
    Json json = ToJson(value, type.value());
    if (HasTextKeys(type)) {
      out[*key.get_if<Bytes>()] = std::move(json);
    } else {
      out.push_back({{"key", ToJson(key, type.key())}, {"value", std::move(json)}});
    }
  }
  return out;
}

Json ToJson(const Value& value, const DataType& type) {
  if (value.is_null()) return nullptr;
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return *value.get_if<bool>();
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return *value.get_if<int64_t>();
    case TypeKind::kFloat:
      return FloatToJson(ShortestDouble(*value.get_if<float>()), value, type);
    case TypeKind::kDouble:
      return FloatToJson(*value.get_if<double>(), value, type);
    case TypeKind::kArray: {
      Json out = Json::array();
      for (const Value& element : *value.list()) out.push_back(ToJson(element, type.element()));
      return out;
    }
    case TypeKind::kMap:
      return MapToJson(*value.map(), type);
    case TypeKind::kRow: {
      Json out = Json::object();
      for (size_t i = 0; i < type.fields().size(); ++i) {
        out[type.fields()[i].name] = ToJson((*value.row())[i], type.fields()[i].type);
      }
      return out;
    }
    default:
      return ValueToText(value, type);
  }
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// --- Reading

Result<Value> FromJson(const Json& json, const DataType& type);

Status Expected(const char* what, const Json& json) {
  std::string text = Dump(json);
  if (text.size() > 80) text = text.substr(0, 80) + "…";
  return Error(ErrorCode::kCorruptRecord, "{} is no {}", text, what);
}

Result<Value> IntFromJson(const Json& json) {
  if (!json.is_number_integer()) return Expected("whole number", json);
  if (json.is_number_unsigned() && json.get<uint64_t>() > uint64_t{INT64_MAX}) {
    return Expected("number of at most 64 bits", json);
  }
  return Value::Int(json.get<int64_t>());
}

Result<Value> FloatFromJson(const Json& json, const DataType& type) {
  if (json.is_string()) return ValueFromText(json.get_ref<const std::string&>(), type);
  if (!json.is_number()) return Expected("number", json);
  const double number = json.get<double>();
  return type.kind() == TypeKind::kDouble ? Value::Double(number)
                                          : Value::Float(static_cast<float>(number));
}

Result<Value> DecimalFromJson(const Json& json, const DataType& type) {
  if (json.is_string()) return ValueFromText(json.get_ref<const std::string&>(), type);
  if (json.is_number_integer()) return ValueFromText(json.dump(), type);
  if (!json.is_number()) return Expected("decimal number", json);
  const std::string shortest = fmt::format("{}", json.get<double>());
  const auto digits =
      std::count_if(shortest.begin(), shortest.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits > kExactDigits || shortest.find('e') != std::string::npos) {
    return Error(ErrorCode::kCorruptRecord,
                 "{} may have lost digits as a JSON number: write it as a text", shortest);
  }
  return ValueFromText(shortest, type);
}

Result<Value> ListFromJson(const Json& json, const DataType& type) {
  if (!json.is_array()) return Expected("array", json);
  ValueList list;
  for (const Json& element : json) {
    STROM_ASSIGN_OR_RETURN(Value value, FromJson(element, type.element()));
    list.push_back(std::move(value));
  }
  return Value::List(std::move(list));
}

Result<Value> MapFromJson(const Json& json, const DataType& type) {
  ValueMap map;
  if (json.is_object() && HasTextKeys(type)) {
    for (const auto& [key, element] : json.items()) {
      STROM_ASSIGN_OR_RETURN(Value value, FromJson(element, type.value()));
      map.emplace_back(Value::String(key), std::move(value));
    }
    return Value::Map(std::move(map));
  }
  if (!json.is_array()) return Expected(HasTextKeys(type) ? "object" : "array of entries", json);
  for (const Json& entry : json) {
    if (!entry.is_object() || entry.size() != 2 || !entry.contains("key") ||
        !entry.contains("value")) {
      return Expected("entry with \"key\" and \"value\"", entry);
    }
    STROM_ASSIGN_OR_RETURN(Value key, FromJson(entry["key"], type.key()));
    STROM_ASSIGN_OR_RETURN(Value value, FromJson(entry["value"], type.value()));
    map.emplace_back(std::move(key), std::move(value));
  }
  return Value::Map(std::move(map));
}

// `fields` are Columns or RowFields.
template <class Fields>
Result<Row> FieldsFromJson(const Json& json, const Fields& fields, const char* kind) {
  if (!json.is_object()) return Expected("object", json);
  Row row(fields.size());
  for (const auto& [name, element] : json.items()) {
    size_t i = 0;
    while (i < fields.size() && fields[i].name != name) ++i;
    if (i == fields.size()) {
      std::vector<std::string_view> names;
      for (const auto& field : fields) names.push_back(field.name);
      const std::string_view nearest = NearestName(name, names);
      return Error(ErrorCode::kCorruptRecord, "no {} {}{}{}", kind, name,
                   nearest.empty() ? "" : ", did you mean ",
                   nearest.empty() ? "" : std::string(nearest) + "?");
    }
    Result<Value> value = FromJson(element, fields[i].type);
    if (!value.ok()) return value.status().WithContext(fmt::format("{} {}", kind, name));
    row[i] = *std::move(value);
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    STROM_RETURN_IF_ERROR(
        CheckValue(row[i], fields[i].type, fmt::format("{} {}", kind, fields[i].name)));
  }
  return row;
}

Result<Value> FromJson(const Json& json, const DataType& type) {
  if (json.is_null()) return Value::Null();
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (!json.is_boolean()) return Expected("true or false", json);
      return Value::Bool(json.get<bool>());
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return IntFromJson(json);
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return FloatFromJson(json, type);
    case TypeKind::kDecimal:
      return DecimalFromJson(json, type);
    case TypeKind::kArray:
      return ListFromJson(json, type);
    case TypeKind::kMap:
      return MapFromJson(json, type);
    case TypeKind::kRow: {
      STROM_ASSIGN_OR_RETURN(Row row, FieldsFromJson(json, type.fields(), "field"));
      return Value::Struct(std::move(row));
    }
    default:
      if (!json.is_string()) return Expected("text", json);
      return ValueFromText(json.get_ref<const std::string&>(), type);
  }
}

Result<Json> ParseJson(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 3: …": without its number.
    const std::string what = e.what();
    const size_t end = what.find("] ");
    return Error(ErrorCode::kCorruptRecord, "no JSON: {}",
                 end == std::string::npos ? what : what.substr(end + 2));
  }
}

}  // namespace

std::string ValueToJson(const Value& value, const DataType& type) {
  return Dump(ToJson(value, type));
}

std::string RowToJson(const Row& row, const std::vector<Column>& columns) {
  Json out = Json::object();
  for (size_t i = 0; i < columns.size(); ++i) {
    out[columns[i].name] = ToJson(row[i], columns[i].type);
  }
  return Dump(out);
}

Result<Value> ValueFromJson(std::string_view json, const DataType& type) {
  STROM_ASSIGN_OR_RETURN(const Json parsed, ParseJson(json));
  STROM_ASSIGN_OR_RETURN(Value value, FromJson(parsed, type));
  STROM_RETURN_IF_ERROR(CheckValue(value, type, "the value"));
  return value;
}

Result<Row> RowFromJson(std::string_view json, const Schema& schema) {
  STROM_ASSIGN_OR_RETURN(const Json parsed, ParseJson(json));
  return FieldsFromJson(parsed, schema.columns(), "column");
}

}  // namespace strom
