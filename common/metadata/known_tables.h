#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "common/types/ids.h"
#include "common/types/schema.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"

namespace strom::metadata {

// What was last read of tables, for when the metadata store is away. Without it nobody can change
// a table either; only who is cut off from it alone may know what is not so any more.
//
// Bounded: beyond kTablesMax, those that come first by name are forgotten. No I/O, no locks.
class KnownTables {
 public:
  static constexpr size_t kTablesMax = 20'000;

  void OnTable(const TableInfo& table);
  void OnSchema(const TablePath& path, SchemaId id, const Schema& schema);
  void OnMissing(const TablePath& path) { tables_.erase(path); }

  std::optional<TableInfo> Find(const TablePath& path) const;
  // The newest schema if `id` is absent.
  std::optional<std::pair<SchemaId, Schema>> FindSchema(const TablePath& path,
                                                        std::optional<SchemaId> id) const;

 private:
  struct Known {
    std::optional<TableInfo> info;
    std::map<SchemaId, Schema> schemas;
  };

  Known& At(const TablePath& path);

  std::map<TablePath, Known> tables_;
};

}  // namespace strom::metadata
