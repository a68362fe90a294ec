#include <utility>

#include <fmt/format.h>

#include "common/types/json_codec.h"
#include "common/types/json_documents.h"

namespace strom {
namespace json {
namespace {

Out AggregateToJson(const AggregateFunction& function) {
  Out out = {{"type", AggregateKindName(function.kind)}};
  if (!function.parameters.empty()) out["parameters"] = function.parameters;
  return out;
}

Result<AggregateFunction> AggregateFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(const std::string name, GetString(object, "type"));
  const Result<AggregateKind> kind = ParseAggregateKind(name);
  if (!kind.ok()) return Error(ErrorCode::kInvalidTable, "{}", kind.status().message());
  AggregateFunction function{*kind, {}};
  if (Find(object, "parameters") != nullptr) {
    STROM_ASSIGN_OR_RETURN(function.parameters, GetProperties(object, "parameters"));
  }
  return function;
}

Out ColumnToJson(const Column& column) {
  Out out = {{"name", column.name}, {"data_type", TypeToJson(column.type)}};
  if (column.comment) out["comment"] = *column.comment;
  if (column.aggregate) out["agg_function"] = AggregateToJson(*column.aggregate);
  out["id"] = column.id;
  return out;
}

// All of a column but its name.
Result<Column> ReadColumn(const In& object, const std::string& name) {
  STROM_ASSIGN_OR_RETURN(const In* const type_object, GetObject(object, "data_type"));
  STROM_ASSIGN_OR_RETURN(DataType type, TypeFromJson(*type_object));
  STROM_ASSIGN_OR_RETURN(auto comment, FindString(object, "comment"));
  STROM_ASSIGN_OR_RETURN(const auto id, FindInt32(object, "id"));
  Column column{name, std::move(type), std::move(comment), {}, id.value_or(-1)};
  if (Find(object, "agg_function") != nullptr) {
    STROM_ASSIGN_OR_RETURN(const In* const function, GetObject(object, "agg_function"));
    STROM_ASSIGN_OR_RETURN(column.aggregate, AggregateFromJson(*function));
  }
  return column;
}

Result<Column> ColumnFromJson(const In& object) {
  STROM_ASSIGN_OR_RETURN(const std::string name, GetString(object, "name"));
  Result<Column> column = ReadColumn(object, name);
  if (column.ok()) return column;
  return column.status().WithContext(fmt::format("column {:.200}", name));
}

}  // namespace

Out SchemaToJson(const Schema& schema) {
  Out out = {{"version", 1}};
  Out& columns = out["columns"] = Out::array();
  for (const Column& column : schema.columns()) columns.push_back(ColumnToJson(column));
  if (schema.has_primary_key()) out["primary_key"] = schema.primary_key();
  if (schema.auto_increment_column()) {
    out["auto_increment_column"] = Out::array({*schema.auto_increment_column()});
  }
  out["highest_field_id"] = schema.highest_field_id();
  return out;
}

Result<Schema> SchemaFromJson(const In& object) {
  STROM_RETURN_IF_ERROR(CheckVersion(object));
  SchemaSpec spec;
  STROM_ASSIGN_OR_RETURN(const In* const columns, GetObjects(object, "columns"));
  for (const In& item : *columns) {
    STROM_ASSIGN_OR_RETURN(Column column, ColumnFromJson(item));
    spec.columns.push_back(std::move(column));
  }
  STROM_ASSIGN_OR_RETURN(auto primary_key, FindStrings(object, "primary_key"));
  if (primary_key) spec.primary_key = *std::move(primary_key);
  STROM_ASSIGN_OR_RETURN(const auto increments, FindStrings(object, "auto_increment_column"));
  if (increments && increments->size() > 1) {
    return Error(ErrorCode::kInvalidTable,
                 "there are {} auto-increment columns, at most 1 is possible", increments->size());
  }
  if (increments && !increments->empty()) spec.auto_increment_column = increments->front();
  STROM_ASSIGN_OR_RETURN(const auto highest, FindInt32(object, "highest_field_id"));
  spec.highest_field_id = highest.value_or(-1);
  return Schema::Make(std::move(spec));
}

}  // namespace json

std::string ToJson(const Schema& schema) { return json::Dump(json::SchemaToJson(schema)); }

Result<Schema> SchemaFromJson(BytesView json) {
  STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(json));
  return json::SchemaFromJson(object);
}

}  // namespace strom
