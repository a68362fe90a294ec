#pragma once

#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/data_type.h"
#include "common/types/schema.h"
#include "common/types/table_descriptor.h"

namespace strom {

// The JSON documents that describe tables, on the wire and in ZooKeeper. Same layout as Fluss:
// DataTypeJsonSerde.java, SchemaJsonSerde.java, TableDescriptorJsonSerde.java,
// DatabaseDescriptorJsonSerde.java; see fluss-record-formats.md, section 6.
//
// Writing gives compact text, keys in Fluss's order, properties sorted by key. Reading ignores
// unknown keys and the order of keys; of a key given twice the last one counts. Both are total:
// any bytes may come in.

inline constexpr size_t kJsonLengthMax = size_t{4} << 20;  // Of a document.
inline constexpr int kJsonDepthMax = 100;                  // Objects and arrays inside each other.
inline constexpr size_t kJsonPropertiesMax = 1000;         // Entries of one map of properties.

std::string ToJson(const DataType& type);
std::string ToJson(const Schema& schema);
std::string ToJson(const TableDescriptor& table);
std::string ToJson(const DatabaseDescriptor& database);

// Errors: kInvalidTable (kInvalidDatabase) naming the key that is missing or wrong. A schema is
// checked as Schema::Make does, a table descriptor is not checked beyond that.
Result<DataType> DataTypeFromJson(BytesView json);
Result<Schema> SchemaFromJson(BytesView json);
Result<TableDescriptor> TableDescriptorFromJson(BytesView json);
Result<DatabaseDescriptor> DatabaseDescriptorFromJson(BytesView json);

}  // namespace strom
