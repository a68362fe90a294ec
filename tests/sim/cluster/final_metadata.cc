#include "tests/sim/cluster/final_metadata.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"
#include "tablet/replica/log_directories.h"

namespace strom::sim {

std::string LeftBehind(const std::map<std::string, std::string>& nodes) {
  const metadata::ZkPaths paths("/fluss");
  std::set<std::string> tables;
  const std::string databases = paths.Databases() + "/";
  for (auto it = nodes.lower_bound(databases); it != nodes.end(); ++it) {
    if (!it->first.starts_with(databases)) break;
    // <database>/tables/<table>
    const auto below = std::string_view(it->first).substr(databases.size());
    if (std::ranges::count(below, '/') != 2 || below.find("/tables/") == below.npos) continue;
    const auto table = metadata::TableRegistrationFromJson(it->second);
    if (table.ok()) tables.insert(fmt::format("{}", table->id));
  }
  const std::string assignments = paths.TableAssignments() + "/";
  for (auto it = nodes.lower_bound(assignments); it != nodes.end(); ++it) {
    if (!it->first.starts_with(assignments)) break;
    const std::string id = it->first.substr(assignments.size());
    if (id.find('/') == std::string::npos && !tables.contains(id)) {
      return fmt::format("replicas of the dropped table {} are left", id);
    }
  }
  return "";
}

FinalMetadata ReadFinalMetadata(std::map<std::string, std::string> nodes, SimCluster& cluster,
                                std::string database, const std::vector<std::string>& listed) {
  FinalMetadata end{.nodes = std::move(nodes),
                    .database = std::move(database),
                    .listed = {listed.begin(), listed.end()},
                    .logs = {}};
  for (int i = 0; i < cluster.tablet_count(); ++i) {
    std::set<TableBucket>& logs = end.logs[SimCluster::IdOf(i)];
    const auto found = tablet::FindLogs(cluster.tablet(i).disk(), kDataDirectory);
    if (!found.ok()) continue;
    for (const auto& [bucket, directory] : *found) logs.insert(bucket);
  }
  return end;
}

}  // namespace strom::sim
