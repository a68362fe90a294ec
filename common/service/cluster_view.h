#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "common/runtime/executor.h"
#include "common/types/server_info.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"

namespace strom::service {

using strom::HostPort;    // One address of a server.
using strom::ServerInfo;  // A live server and where it is reached, by listener name.

// On the wire every coordinator is node 0.
inline constexpr ServerId kCoordinatorNode{0};

struct BucketLeader {
  std::optional<ServerId> leader;  // None: nobody leads it now.
  LeaderEpoch leader_epoch;        // Without a leader: of the last one there was.
  std::vector<ServerId> replicas;
  friend bool operator==(const BucketLeader&, const BucketLeader&) = default;
};

struct TableView {
  TableInfo info;
  std::map<BucketId, BucketLeader> buckets;  // Empty for a partitioned table.
  friend bool operator==(const TableView&, const TableView&) = default;
};

// What every server knows of the cluster, as of one moment: answers GetMetadata. Immutable; the
// coordinator makes a new one at each change and sends it to the tablet servers
// (update_metadata.h).
struct ClusterView {
  std::optional<ServerInfo> coordinator;
  std::map<ServerId, ServerInfo> tablet_servers;  // The live ones.
  std::map<TablePath, std::shared_ptr<const TableView>> tables;

  // nullptr if there is no such table.
  const TableView* Find(const TablePath& path) const;
  const TableView* Find(TableId id) const;  // Linear in the number of tables.
};

// Holds the newest view of one server. Any thread.
class ClusterViewHolder {
 public:
  using Wait = absl::AnyInvocable<void(std::shared_ptr<const ClusterView>)>;

  // An empty view while none is known.
  std::shared_ptr<const ClusterView> Get() const;
  void Set(std::shared_ptr<const ClusterView> view);
  // What was known does not hold any more: as before the first Set. For a coordinator that was
  // deposed, whose old view would keep clients from the one that leads.
  void Forget();
  // Nothing is known, and nothing soon will be: somebody else knows. Who waits, or asks before the
  // next Set or Forget, hears so at once. For a coordinator that stands by.
  void StandBy();

  // Calls `then` once with the newest view: at once, or on the thread of the first Set. A server
  // that has just started knows nothing, which is not the same as that there is nothing. nullptr
  // if there is none at `until` (told on `executor`, which outlives the holder), while it stands
  // by, or once closed without one. The bound of those that wait is the bound of requests in flight.
  void WhenKnown(runtime::Executor& executor, MonoTime until, Wait then) const;
  // Ends all waiting; before what the waiting refer to goes.
  void Close();

 private:
  // Timers may look at it after the holder has gone.
  struct State {
    absl::Mutex mutex;
    std::shared_ptr<const ClusterView> view ABSL_GUARDED_BY(mutex);  // Null: none is known.
    bool stands_by ABSL_GUARDED_BY(mutex) = false;
    bool closed ABSL_GUARDED_BY(mutex) = false;
    std::map<uint64_t, Wait> waiting ABSL_GUARDED_BY(mutex);  // By a number of their own.
    uint64_t next ABSL_GUARDED_BY(mutex) = 0;
  };
  void TellNothing(bool State::*why);

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace strom::service
