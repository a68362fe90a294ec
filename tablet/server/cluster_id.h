#pragma once

#include <string>

#include "common/metadata/recipes.h"
#include "common/metadata/zk_paths.h"

namespace strom::tablet {

// Reads the id of the cluster, or gives it `candidate` for an id if it has none yet: whoever comes
// first decides, for ever. A data directory remembers it, so that a server that is pointed at the
// wrong cluster notices before it does harm. The node is ours, not Fluss's:
// <root>/strom/cluster_id. On the session's strand. Errors: those of MetaError.
void EnsureClusterId(metadata::MetaStore& store, const metadata::ZkPaths& paths,
                     std::string candidate, metadata::Callback<std::string> done);

}  // namespace strom::tablet
