#pragma once

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
  std::vector<Table> tables;
  // Assignments whose table is gone: a drop that was not finished.
  std::vector<std::pair<TableId, ReplicaLists>> orphans;
};

// Reads it. Nobody else writes meanwhile (the caller leads). On the session's strand; `catalog`
// outlives the session. Errors: kUnknownServerError naming the node.
void LoadCatalog(metadata::CatalogWriter& catalog, metadata::Callback<LoadedCatalog> done);

}  // namespace strom::coordinator
