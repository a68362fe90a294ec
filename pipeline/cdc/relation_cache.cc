#include "pipeline/cdc/relation_cache.h"

#include <algorithm>

namespace strom::cdc {
namespace {

Result<TableBinding> Bind(const RelationMessage& message,
                          const std::shared_ptr<const SourceTable>& table) {
  TableBinding binding{.table = table};
  for (const Column& column : table->schema.columns()) {
    const auto found = std::ranges::find(message.columns, column.name, &RelationColumn::name);
    if (found == message.columns.end()) {
      return Error(
          ErrorCode::kExternalSystem,
          "table {}: the stream has no column {}: it was dropped, renamed or is not in the "
          "publication's column list",
          table->ToString(), column.name);
    }
    binding.positions.push_back(static_cast<size_t>(found - message.columns.begin()));
  }
  for (const size_t key : table->schema.primary_key_indexes()) {
    if (message.columns[binding.positions[key]].key) continue;
    return Error(ErrorCode::kExternalSystem,
                 "table {}: primary-key column {} is not part of the table's replica identity "
                 "('{}'): updates and deletes would not name their row",
                 table->ToString(), table->schema.columns()[key].name, message.identity);
  }
  return binding;
}

}  // namespace

Status RelationCache::Define(RelationMessage message) {
  const uint32_t oid = message.oid;
  Relation relation{.message = std::move(message)};
  const std::string& schema = relation.message.schema;
  const std::string& name = relation.message.name;
  if (const auto before = relations_.find(oid); before != relations_.end()) {
    const RelationMessage& old = before->second.message;
    if (!before->second.bindings.empty() && (old.schema != schema || old.name != name)) {
      return Error(ErrorCode::kExternalSystem, "table {}.{} was renamed to {}.{}", old.schema,
                   old.name, schema, name);
    }
  }
  for (const auto& table : tables_) {
    if (table->schema_name != schema || table->name != name) continue;
    STROM_ASSIGN_OR_RETURN(TableBinding binding, Bind(relation.message, table));
    relation.bindings.push_back(std::move(binding));
  }
  relations_.insert_or_assign(oid, std::move(relation));
  return Status::Ok();
}

Result<const Relation*> RelationCache::Find(uint32_t oid) const {
  const auto found = relations_.find(oid);
  if (found == relations_.end()) {
    return Error(ErrorCode::kCorruptMessage, "a change of relation {}, which was never described",
                 oid);
  }
  return &found->second;
}

}  // namespace strom::cdc
