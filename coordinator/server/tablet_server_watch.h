#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <absl/functional/any_invocable.h>

#include "common/metadata/meta_store.h"
#include "common/metadata/zk_paths.h"
#include "common/types/server_info.h"

namespace strom::coordinator {

// One life of a tablet server. A process that was started anew has another start epoch, even if the
// session of the former one has not expired yet, and a registration of its own; a process that lost
// its session has another registration.
struct LiveServer {
  ServerInfo info;
  int64_t registration = 0;  // Transaction id in which its node was made.
  int64_t start_epoch = 0;   // 0: it tells none (a Fluss server).
  std::string directory_id = {};  // Of its data directory; empty: it tells none.

  friend bool operator==(const LiveServer&, const LiveServer&) = default;
};

using LiveServers = std::map<ServerId, LiveServer>;

// Reads which tablet servers live, from their ephemeral nodes, and again whenever that changes.
// On the session's strand; `store` outlives it and ends with it.
class TabletServerWatch {
 public:
  // A node that is no registration, or whose server has no listener `internal_listener`, is no live
  // server: it is logged and left out.
  TabletServerWatch(metadata::MetaStore& store, metadata::ZkPaths paths,
                    std::string internal_listener);

  // `on_servers` gets all live servers, once at first and then after every change; the last call is
  // never older than the last change. `on_error` is called if the store fails; nothing follows.
  void Start(absl::AnyInvocable<void(LiveServers)> on_servers,
             absl::AnyInvocable<void(Status)> on_error);

 private:
  struct Reading;

  void Read();
  void ReadNodes(std::vector<std::string> names);
  void OnRead(std::vector<Reading> readings);

  metadata::MetaStore& store_;
  const metadata::ZkPaths paths_;
  const std::string internal_listener_;
  absl::AnyInvocable<void(LiveServers)> on_servers_;
  absl::AnyInvocable<void(Status)> on_error_;
  bool reading_ = false;
  bool changed_ = false;  // While reading.
};

}  // namespace strom::coordinator
