#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/metadata/catalog.h"
#include "common/metrics/metrics.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/random.h"
#include "common/runtime/strand.h"
#include "common/service/cluster_view.h"
#include "common/service/kv_snapshot_service.h"
#include "common/service/metadata_service.h"
#include "common/service/rpc_metrics.h"
#include "common/types/server_info.h"
#include "tablet/replica/replica_manager.h"
#include "tablet/server/handover.h"
#include "tablet/server/registration.h"
#include "tablet/server/replication.h"
#include "tablet/server/scan_kv_service.h"

namespace strom::tablet {

// A tablet server: holds buckets and serves them to clients, as the coordinator says.
//
//   listeners -> Dispatcher -> ProduceService, PutKvService, FetchService, LogQueryService,
//                              LookupService -> Replica (its strand)
//                           -> NotificationService -> ReplicaManager
//                           -> WriterService, CatalogService -> metadata store
//                           -> MetadataService (what the coordinator told)
//   Replica -> Replication -> FetchLog at the leaders it follows
//                          -> AdjustIsr, ReportFailedReplicas at the coordinator
//
// If its session with the metadata store expires it opens another one and registers anew; what it
// holds it serves meanwhile.
//
// Made, started, stopped and destroyed by one owner, on a thread that is no transport's and no
// executor's. What the constructor takes outlives it.
class TabletServer {
 public:
  struct ListenerOptions {
    rpc::ListenOptions listen;
    std::optional<HostPort> advertised;  // How others reach it; absent: as it is bound.
  };

  struct Options {
    ServerId id;                                 // tablet-server.id
    std::optional<std::string> rack;             // tablet-server.rack
    std::vector<ListenerOptions> listeners;      // bind.listeners, advertised.listeners
    std::string internal_listener = "INTERNAL";  // internal.listener.name, of other servers
    std::string data_dir;                        // data.dir
    std::string zookeeper_root = "/fluss";       // zookeeper.path.root
    ReplicaOptions replicas;
    size_t fetch_size_max = size_t{64} << 20;      // Records of one answer to FetchLog,
    size_t scan_size_max = size_t{64} << 20;       // and to LimitScan and the lookups.
    ScanKvService::Options scans;                  // kv.scanner.*
    size_t request_bytes_max = size_t{512} << 20;  // Of all requests that wait for their answers.
    // How often and how long to try again while another session holds this server's node: one of
    // the same server's, perhaps, that has not expired yet (zookeeper.client.session-timeout).
    MonoDuration register_pause = Seconds(3);
    MonoDuration register_timeout = Seconds(90);
    MonoDuration handover_limit = Seconds(5);  // See Stop.
  };

  TabletServer(runtime::Executor& executor, runtime::Executor& blocking,
               const runtime::Clock& clock, runtime::Random& random, io::FileSystem& files,
               kv::KvStoreFactory& stores, rpc::Network& network,
               metadata::MetaStoreFactory& sessions, const rpc::Authorizer& authorizer,
               metrics::Registry& metrics, Options options);
  // After Stop, if it was started.
  ~TabletServer();

  // Opens the data directory and the listeners and makes the server known to the cluster.
  // `started` is called once, on any thread: OK when all that is done, or with what kept it from
  // it. At most one call. Errors: kInvalidConfig for options or a data directory that cannot be;
  // kStorage; kNetwork; those of MetaError if the metadata store fails or has the server already.
  void Start(absl::AnyInvocable<void(Status)> started);

  // Serves on until others lead what they can of what it leads, for up to the handover limit. Then
  // ends fetching, takes no more requests, lets those in flight be answered for up to `drain`,
  // leaves the cluster and closes the logs. After `started` was called, whatever it said. `stopped`
  // is called once, on any thread, with what went wrong; only then may the server be destroyed (not
  // inside).
  void Stop(MonoDuration drain, absl::AnyInvocable<void(Status)> stopped);

  // Where the listener of this name is bound; nullptr if there is none. Once started.
  const rpc::Endpoint* EndpointOf(std::string_view listener) const;

  // What the coordinator told. Any thread.
  const service::ClusterViewHolder& views() const { return views_; }

  // The methods it serves, for callers in the same process. Once started.
  const rpc::Dispatcher& dispatcher() const { return dispatcher_; }

 private:
  struct Session;   // With the metadata store, and what lives as long.
  struct Services;  // What answers clients, once there are replicas.

  using Done = absl::AnyInvocable<void(Status)>;

  Status CheckOptions() const;
  // The steps of Start, each calling the next.
  void OnClusterId(Result<std::string> cluster_id, Done started);
  Status Open(const std::string& cluster_id);
  Status Listen();
  void RegisterNode(Done started);
  // And of Stop.
  void HandOver(runtime::Task then);
  void EndServing(MonoDuration drain, Done stopped);
  void LeaveCluster(Done stopped);
  void CloseReplicas(Done stopped);

  runtime::Executor& executor_;
  runtime::Executor& blocking_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  io::FileSystem& files_;
  kv::KvStoreFactory& stores_;
  rpc::Network& network_;
  metadata::MetaStoreFactory& sessions_;
  const rpc::Authorizer& authorizer_;
  const Options options_;

  runtime::Strand strand_;  // The session's.
  service::ClusterViewHolder views_;
  JobFences job_fences_;
  service::MetadataService metadata_;
  service::KvSnapshotService kv_snapshots_;
  service::RpcMetrics metrics_;
  Replication replication_;
  const std::shared_ptr<Handover> handover_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<ReplicaManager> replicas_;
  std::unique_ptr<Session> session_;  // Used on strand_.
  std::unique_ptr<Services> services_;
  rpc::Dispatcher dispatcher_;
  std::vector<std::unique_ptr<rpc::Listener>> listeners_;  // As in the options.
  Listeners reached_;                                      // Where others reach them.
  std::shared_ptr<Registration> registration_;             // Used on strand_.
};

}  // namespace strom::tablet
