#include "coordinator/server/table_request.h"

#include <utility>

#include "common/types/json_codec.h"
#include "common/types/table_properties.h"

namespace strom::coordinator {
namespace {

// What comes with partitions, and is not there of primary-key tables.
Status CheckServed(const NewTable& table, const TableProperties& properties) {
  if (table.descriptor.is_partitioned()) {
    return Error(ErrorCode::kInvalidTable, "table {}: partitioned tables are not supported yet",
                 table.path);
  }
  if (properties.merge_engine == MergeEngine::kAggregation) {
    return Error(ErrorCode::kInvalidTable, "table {}: the merge engine {} is not supported yet",
                 table.path, ToName(properties.merge_engine));
  }
  if (const auto& column = table.descriptor.schema.auto_increment_column()) {
    return Error(ErrorCode::kInvalidTable,
                 "table {}: auto-increment columns ('{}') are not supported yet", table.path,
                 *column);
  }
  return Status::Ok();
}

}  // namespace

Result<NewTable> ReadNewTable(TablePath path, BytesView json, const TablePolicy& policy) {
  STROM_ASSIGN_OR_RETURN(TableDescriptor descriptor, TableDescriptorFromJson(json));
  STROM_ASSIGN_OR_RETURN(descriptor, CompleteTableDescriptor(std::move(descriptor), policy));
  STROM_RETURN_IF_ERROR(ValidateTableDescriptor(descriptor, policy));
  STROM_ASSIGN_OR_RETURN(const TableProperties properties,
                         TableProperties::Parse(descriptor.properties));
  NewTable table{.path = std::move(path),
                 .descriptor = std::move(descriptor),
                 .replication_factor = properties.replication_factor.value_or(1)};
  STROM_RETURN_IF_ERROR(CheckServed(table, properties));
  return table;
}

}  // namespace strom::coordinator
