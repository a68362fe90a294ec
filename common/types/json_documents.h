#pragma once

#include "common/types/json_fields.h"
#include "common/types/schema.h"

// For sources only (of json_codec.h): parts of documents inside other documents.
namespace strom::json {

Out TypeToJson(const DataType& type);
Result<DataType> TypeFromJson(const In& object);

Out SchemaToJson(const Schema& schema);
Result<Schema> SchemaFromJson(const In& object);

}  // namespace strom::json
