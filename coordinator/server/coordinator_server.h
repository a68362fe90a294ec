#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/metadata/catalog.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/random.h"
#include "common/runtime/strand.h"
#include "common/service/catalog_service.h"
#include "common/service/cluster_view.h"
#include "common/service/kv_snapshot_service.h"
#include "common/service/metadata_service.h"
#include "common/types/table_validation.h"
#include "coordinator/server/admin_service.h"
#include "coordinator/server/candidate.h"
#include "coordinator/server/health_service.h"
#include "coordinator/server/job_service.h"
#include "coordinator/server/replica_service.h"

namespace strom::coordinator {

// The coordinator of a cluster: answers clients, decides about tables and leaders while it leads,
// and stands by while another one does.
//
//   listeners -> Dispatcher -> AdminService, JobService,
//                              ReplicaService -> Term (one strand) -> metadata store
//                           -> CatalogService, MetadataService     -> tablet servers
//
// Made, started, stopped and destroyed by one owner, on a thread that is no transport's and no
// executor's. What the constructor takes outlives it.
class CoordinatorServer {
 public:
  struct ListenerOptions {
    rpc::ListenOptions listen;
    std::optional<HostPort> advertised;  // How others reach it; absent: as it is bound.
  };

  struct Options {
    std::vector<ListenerOptions> listeners;        // bind.listeners, advertised.listeners
    std::string internal_listener = "INTERNAL";    // internal.listener.name, of tablet servers
    std::string zookeeper_root = "/fluss";         // zookeeper.path.root
    std::string id;                                // Empty: a random one.
    TablePolicy tables;                            // default.*, max.bucket.num, datalake.format
    MonoDuration create_table_wait = Seconds(30);  // For the leaders of a new table.
    ServerNotifier::Timing notifier;
    JobTiming jobs;
    LeaseBook::Options leases;
    rpc::Dispatcher::Options dispatcher;
  };

  CoordinatorServer(runtime::Executor& executor, const runtime::Clock& clock,
                    runtime::Random& random, rpc::Network& network,
                    metadata::MetaStoreFactory& sessions, const rpc::Authorizer& authorizer,
                    Options options);
  // After Stop, if it was started.
  ~CoordinatorServer();

  // Opens the listeners and begins to want to lead. `started` is called once: OK when it leads for
  // the first time (it may stand by long before that), or with what kept it from it; Stop is due
  // then too. At most one call.
  void Start(absl::AnyInvocable<void(Status)> started);

  // Takes no more requests, lets those in flight be answered for up to `drain`, then stops leading.
  // `stopped` is called once, and only then may the server be destroyed (not inside).
  void Stop(MonoDuration drain, runtime::Task stopped);

  // Where the listener of this name is bound; nullptr if there is none. After Start.
  const rpc::Endpoint* EndpointOf(std::string_view listener) const;

  // What it tells everybody. Any thread.
  const service::ClusterViewHolder& views() const { return views_; }
  // What becomes of the replicas, as last decided here; all 0 before it leads. Any thread.
  ReplicaTotals totals() const { return counts_.Get(); }

 private:
  // What reads the store for clients, in a session of its own.
  struct Reader {
    Reader(std::unique_ptr<metadata::MetaStore> s, std::string root, runtime::Strand& strand,
           const rpc::Authorizer& authorizer)
        : store(std::move(s)),
          catalog(*store, std::move(root)),
          service(rpc::Role::kCoordinator, catalog, strand, authorizer) {}
    std::unique_ptr<metadata::MetaStore> store;
    metadata::Catalog catalog;
    service::CatalogService service;
  };

  // Everything up to the open ports; where they are reached.
  Result<Listeners> Open();
  void StopLeading(runtime::Task stopped);

  rpc::Network& network_;
  metadata::MetaStoreFactory& sessions_;
  const rpc::Authorizer& authorizer_;
  const Options options_;

  const std::shared_ptr<runtime::Strand> strand_;
  service::ClusterViewHolder views_;
  ReplicaCounts counts_;
  const std::shared_ptr<Candidate> candidate_;  // Lives on the strand.
  AdminService admin_;
  JobService jobs_;
  ReplicaService replicas_;
  HealthService health_;
  service::MetadataService metadata_;
  service::KvSnapshotService kv_snapshots_;
  std::unique_ptr<Reader> reader_;  // Lives on the strand.
  rpc::Dispatcher dispatcher_;
  std::vector<std::unique_ptr<rpc::Listener>> listeners_;  // As in the options.
};

}  // namespace strom::coordinator
