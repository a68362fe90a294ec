#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sim/checkers/metadata_checkers.h"
#include "tests/sim/cluster/sim_cluster.h"

namespace strom::sim {

// What is left to be cleaned up: an assignment whose table is gone. Empty: nothing.
std::string LeftBehind(const std::map<std::string, std::string>& nodes);

// The tree and the disks as they are; `listed` are the tables of `database` that a client is told.
FinalMetadata ReadFinalMetadata(std::map<std::string, std::string> nodes, SimCluster& cluster,
                                std::string database, const std::vector<std::string>& listed);

}  // namespace strom::sim
