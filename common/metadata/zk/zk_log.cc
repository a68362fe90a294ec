#include "common/metadata/zk/zk_log.h"

#include <zookeeper/zookeeper.h>

#include "common/base/logging.h"

namespace strom::metadata {

void QuietZooKeeperLog() { zoo_set_debug_level(ZOO_LOG_LEVEL_WARN); }

std::string_view ZooKeeperLogMessage(std::string_view line) {
  const size_t level = line.find(":ZOO_");
  if (level == std::string_view::npos) return line;
  const size_t message = line.find(": ", level);
  return message == std::string_view::npos ? line : line.substr(message + 2);
}

void LogZooKeeperLine(const char* line) {
  STROM_LOG(kDebug, "zookeeper: {}", ZooKeeperLogMessage(line));
}

}  // namespace strom::metadata
