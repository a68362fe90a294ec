#include <algorithm>
#include <iterator>
#include <utility>

#include "common/types/json_codec.h"
#include "common/types/json_documents.h"

namespace strom {
namespace json {
namespace {

constexpr std::pair<std::string_view, TypeKind> kTypeNames[] = {
    {"BOOLEAN", TypeKind::kBoolean},
    {"TINYINT", TypeKind::kTinyInt},
    {"SMALLINT", TypeKind::kSmallInt},
    {"INTEGER", TypeKind::kInt},
    {"BIGINT", TypeKind::kBigInt},
    {"FLOAT", TypeKind::kFloat},
    {"DOUBLE", TypeKind::kDouble},
    {"CHAR", TypeKind::kChar},
    {"STRING", TypeKind::kString},
    {"BINARY", TypeKind::kBinary},
    {"BYTES", TypeKind::kBytes},
    {"DECIMAL", TypeKind::kDecimal},
    {"DATE", TypeKind::kDate},
    {"TIME_WITHOUT_TIME_ZONE", TypeKind::kTime},
    {"TIMESTAMP_WITHOUT_TIME_ZONE", TypeKind::kTimestamp},
    {"TIMESTAMP_WITH_LOCAL_TIME_ZONE", TypeKind::kTimestampLtz},
    {"ARRAY", TypeKind::kArray},
    {"MAP", TypeKind::kMap},
    {"ROW", TypeKind::kRow},
};

std::string_view NameOf(TypeKind kind) {
  const auto* found =
      std::ranges::find(kTypeNames, kind, &std::pair<std::string_view, TypeKind>::second);
  STROM_CHECK(found != std::end(kTypeNames));
  return found->first;
}

Out FieldToJson(const RowField& field) {
  Out out = {{"name", field.name}, {"field_type", TypeToJson(field.type)}};
  if (field.description) out["description"] = *field.description;
  out["field_id"] = field.field_id;
  return out;
}

// The number under `key`, which must be within [min, max].
Result<int32_t> Parameter(const In& object, const char* key, int32_t min, int32_t max) {
  STROM_ASSIGN_OR_RETURN(const int32_t value, GetInt32(object, key));
  if (value < min || value > max) {
    return Error(ErrorCode::kInvalidTable, "'{}' is {}, not between {} and {}", key, value, min,
                 max);
  }
  return value;
}

Result<DataType> SubType(const In& object, const char* key) {
  STROM_ASSIGN_OR_RETURN(const In* const sub, GetObject(object, key));
  Result<DataType> type = TypeFromJson(*sub);
  return type.ok() ? std::move(type) : type.status().WithContext(key);
}

Result<RowField> FieldFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(std::string name, GetString(object, "name"));
  STROM_ASSIGN_OR_RETURN(DataType type, SubType(object, "field_type"));
  STROM_ASSIGN_OR_RETURN(auto description, FindString(object, "description"));
  STROM_ASSIGN_OR_RETURN(const auto id, FindInt32(object, "field_id"));
  return RowField{std::move(name), std::move(type), std::move(description), id.value_or(-1)};
}

Result<DataType> DecimalFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(const int32_t precision, Parameter(object, "precision", 1, 38));
  STROM_ASSIGN_OR_RETURN(const int32_t scale, Parameter(object, "scale", 0, precision));
  return DataType::Decimal(precision, scale);
}

Result<DataType> MapFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(DataType key, SubType(object, "key_type"));
  STROM_ASSIGN_OR_RETURN(DataType value, SubType(object, "value_type"));
  return DataType::Map(std::move(key), std::move(value));
}

Result<DataType> RowFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(const In* const array, GetObjects(object, "fields"));
  std::vector<RowField> fields;
  for (const In& item : *array) {
    STROM_ASSIGN_OR_RETURN(RowField field, FieldFromJson(item));
    fields.push_back(std::move(field));
  }
  return DataType::Row(std::move(fields));
}

// A type whose only parameter is a number.
Result<DataType> WithParameter(const In& object, const char* key, int32_t min, int32_t max,
                               DataType (*make)(int32_t)) {
  STROM_ASSIGN_OR_RETURN(const int32_t value, Parameter(object, key, min, max));
  return make(value);
}

Result<DataType> KindFromJson(const In& object, TypeKind kind) {
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
      return WithParameter(object, "length", 1, INT32_MAX, DataType::Char);
    case TypeKind::kString:
      return DataType::String();
    case TypeKind::kBinary:
      return WithParameter(object, "length", 1, INT32_MAX, DataType::Binary);
    case TypeKind::kBytes:
      return DataType::Bytes();
    case TypeKind::kDecimal:
      return DecimalFromJson(object);
    case TypeKind::kDate:
      return DataType::Date();
    case TypeKind::kTime:
      return WithParameter(object, "precision", 0, 9, DataType::Time);
    case TypeKind::kTimestamp:
      return WithParameter(object, "precision", 0, 9, DataType::Timestamp);
    case TypeKind::kTimestampLtz:
      return WithParameter(object, "precision", 0, 9, DataType::TimestampLtz);
    case TypeKind::kArray: {
      STROM_ASSIGN_OR_RETURN(DataType element, SubType(object, "element_type"));
      return DataType::Array(std::move(element));
    }
    case TypeKind::kMap:
      return MapFromJson(object);
    case TypeKind::kRow:
      return RowFromJson(object);
  }
  STROM_UNREACHABLE();
}

}  // namespace

Out TypeToJson(const DataType& type) {
  Out out = {{"type", NameOf(type.kind())}};
  if (!type.nullable()) out["nullable"] = false;
  switch (type.kind()) {
    case TypeKind::kChar:
    case TypeKind::kBinary:
      out["length"] = type.length();
      break;
    case TypeKind::kDecimal:
      out["precision"] = type.precision();
      out["scale"] = type.scale();
      break;
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      out["precision"] = type.precision();
      break;
    case TypeKind::kArray:
      out["element_type"] = TypeToJson(type.element());
      break;
    case TypeKind::kMap:
      out["key_type"] = TypeToJson(type.key());
      out["value_type"] = TypeToJson(type.value());
      break;
    case TypeKind::kRow: {
      Out& fields = out["fields"] = Out::array();
      for (const RowField& field : type.fields()) fields.push_back(FieldToJson(field));
      break;
    }
    default:
      break;
  }
  return out;
}

Result<DataType> TypeFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(const std::string name, GetString(object, "type"));
  const auto* found =
      std::ranges::find(kTypeNames, name, &std::pair<std::string_view, TypeKind>::first);
  if (found == std::end(kTypeNames)) {
    return Error(ErrorCode::kInvalidTable, "'{:.100}' is no data type", name);
  }
  STROM_ASSIGN_OR_RETURN(const auto nullable, FindBool(object, "nullable"));
  Result<DataType> type = KindFromJson(object, found->second);
  if (!type.ok()) return type.status().WithContext(name);
  return type->WithNullable(nullable.value_or(true));
}

}  // namespace json

std::string ToJson(const DataType& type) { return json::Dump(json::TypeToJson(type)); }

Result<DataType> DataTypeFromJson(BytesView json) {
  STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(json));
  return json::TypeFromJson(object);
}

}  // namespace strom
