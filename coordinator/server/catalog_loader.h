#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/metadata/catalog.h"
#include "coordinator/state/cluster_state.h"

namespace strom::coordinator {

// All the store holds of tables, as a coordinator reads it when it begins to lead.
struct LoadedCatalog {
  struct Table {
    TableInfo info;
    ReplicaLists replicas;
    LeadershipMap leaderships;  // Of the buckets that ever had one.
  };
  // Something is stored at the path of a table, but not what a table needs.
  struct Unreadable {
    std::optional<TableId> id;  // If at least that can be read.
    Status why;
  };
  std::vector<Table> tables;
  std::map<TablePath, Unreadable> unreadable;
  // Assignments whose table is gone: a drop that was not finished. None if that cannot be told,
  // because they may belong to an unreadable table.
  std::vector<std::pair<TableId, ReplicaLists>> orphans;
};

// Reads it. Nobody else writes meanwhile (the caller leads). On the session's strand; `catalog`
// outlives the session. Errors: those of MetaError; what a node holds is no error of the whole.
void LoadCatalog(metadata::CatalogWriter& catalog, metadata::Callback<LoadedCatalog> done);

}  // namespace strom::coordinator
