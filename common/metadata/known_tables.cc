#include "common/metadata/known_tables.h"

#include <iterator>

namespace strom::metadata {

KnownTables::Known& KnownTables::At(const TablePath& path) {
  const auto found = tables_.find(path);
  if (found != tables_.end()) return found->second;
  if (tables_.size() >= kTablesMax) tables_.erase(tables_.begin());
  return tables_[path];
}

void KnownTables::OnTable(const TableInfo& table) {
  Known& known = At(table.path);
  // Another table of this name has schemas of its own.
  if (known.info && known.info->id != table.id) known.schemas.clear();
  known.info = table;
  known.schemas.insert_or_assign(table.schema_id, table.descriptor.schema);
}

void KnownTables::OnSchema(const TablePath& path, SchemaId id, const Schema& schema) {
  At(path).schemas.insert_or_assign(id, schema);
}

std::optional<TableInfo> KnownTables::Find(const TablePath& path) const {
  const auto found = tables_.find(path);
  return found == tables_.end() ? std::nullopt : found->second.info;
}

std::optional<std::pair<SchemaId, Schema>> KnownTables::FindSchema(
    const TablePath& path, std::optional<SchemaId> id) const {
  const auto found = tables_.find(path);
  if (found == tables_.end() || found->second.schemas.empty()) return std::nullopt;
  const auto& schemas = found->second.schemas;
  const auto schema = id ? schemas.find(*id) : std::prev(schemas.end());
  if (schema == schemas.end()) return std::nullopt;
  return *schema;
}

}  // namespace strom::metadata
