#pragma once

#include "common/types/json_fields.h"
#include "common/types/schema.h"

// Parts of documents inside other documents, for the .cc files of json_codec.h only.
namespace strom::json {

Out TypeToJson(const DataType& type);
Result<DataType> TypeFromJson(const In& object);

Out SchemaToJson(const Schema& schema);
Result<Schema> SchemaFromJson(const In& object);

}  // namespace strom::json
