#include "tablet/server/tablet_server.h"

#include <utility>

#include "common/base/logging.h"
#include "common/metadata/renewing_store.h"
#include "common/remote/directory_object_store.h"
#include "common/service/catalog_service.h"
#include "tablet/server/cluster_id.h"
#include "tablet/server/fetch_service.h"
#include "tablet/server/join.h"
#include "tablet/server/log_query_service.h"
#include "tablet/server/lookup_service.h"
#include "tablet/server/notification_service.h"
#include "tablet/server/produce_service.h"
#include "tablet/server/put_kv_service.h"
#include "tablet/server/writer_service.h"

namespace strom::tablet {

namespace {

// nullptr: there is no directory for them.
std::unique_ptr<remote::ObjectStore> MakeObjects(io::FileSystem& files,
                                                 const TabletServer::Options& options) {
  if (options.objects || options.remote_data_dir.empty()) return nullptr;
  return std::make_unique<remote::DirectoryObjectStore>(files, options.remote_data_dir);
}

}  // namespace

struct TabletServer::Session {
  Session(std::unique_ptr<metadata::MetaStore> s, std::string root)
      : store(std::move(s)), catalog(*store, std::move(root)) {}

  std::unique_ptr<metadata::MetaStore> store;
  metadata::Catalog catalog;
  WriterIds writer_ids{*store, catalog.paths().WriterIds()};
};

struct TabletServer::Services {
  explicit Services(TabletServer& s)
      : buckets(*s.replicas_, s.views_),
        produce(buckets, s.job_fences_, s.authorizer_),
        puts(buckets, s.job_fences_, s.authorizer_),
        fetch(buckets, s.executor_, s.clock_, s.authorizer_, s.options_.fetch_size_max),
        queries(buckets, s.blocking_, s.authorizer_, s.options_.scan_size_max),
        lookups(buckets, s.blocking_, s.authorizer_, s.options_.scan_size_max),
        scans(buckets, s.blocking_, s.clock_, s.random_, s.authorizer_, s.options_.scans),
        writers(s.session_->writer_ids, s.strand_, s.authorizer_),
        notifications(*s.replicas_, s.session_->catalog, s.views_, s.job_fences_, s.strand_,
                      s.authorizer_),
        catalog(rpc::Role::kTablet, s.session_->catalog, s.strand_, s.authorizer_) {}

  void Register(rpc::Dispatcher& dispatcher) {
    produce.Register(dispatcher);
    puts.Register(dispatcher);
    fetch.Register(dispatcher);
    queries.Register(dispatcher);
    lookups.Register(dispatcher);
    scans.Register(dispatcher);
    writers.Register(dispatcher);
    notifications.Register(dispatcher);
    catalog.Register(dispatcher);
  }

  BucketLookup buckets;
  ProduceService produce;
  PutKvService puts;
  FetchService fetch;
  LogQueryService queries;
  LookupService lookups;
  ScanKvService scans;
  WriterService writers;
  NotificationService notifications;
  service::CatalogService catalog;
};

TabletServer::TabletServer(runtime::Executor& executor, runtime::Executor& blocking,
                           const runtime::Clock& clock, runtime::Random& random,
                           io::FileSystem& files, kv::KvStoreFactory& stores, rpc::Network& network,
                           metadata::MetaStoreFactory& sessions, const rpc::Authorizer& authorizer,
                           metrics::Registry& metrics, Options options)
    : executor_(executor),
      blocking_(blocking),
      clock_(clock),
      random_(random),
      files_(files),
      stores_(stores),
      network_(network),
      sessions_(sessions),
      authorizer_(authorizer),
      options_(std::move(options)),
      strand_(executor),
      metadata_(views_, authorizer, executor, clock),
      own_objects_(MakeObjects(files, options_)),
      objects_(options_.objects ? options_.objects : own_objects_.get()),
      snapshots_(std::make_shared<service::KvSnapshots>(objects_, &blocking)),
      kv_snapshots_(views_, authorizer, snapshots_),
      metrics_(rpc::Role::kTablet, metrics, clock),
      replication_(executor, clock, network, views_, snapshots_, metrics,
                   {.self = options_.id,
                    .internal_listener = options_.internal_listener,
                    .durability = options_.replicas.durability}),
      handover_(std::make_shared<Handover>(
          Handover::World{
              .executor = executor, .clock = clock, .network = network, .views = views_},
          Handover::Options{.self = options_.id,
                            .internal_listener = options_.internal_listener,
                            .limit = options_.handover_limit})),
      dispatcher_({.request_bytes_max = options_.request_bytes_max, .observer = &metrics_}) {}

TabletServer::~TabletServer() = default;

Status TabletServer::CheckOptions() const {
  if (options_.id < ServerId(0)) {
    return Error(ErrorCode::kInvalidConfig, "tablet server id {} is negative", options_.id);
  }
  if (options_.data_dir.empty()) {
    return Error(ErrorCode::kInvalidConfig, "tablet server {} has no data directory", options_.id);
  }
  for (const ListenerOptions& listener : options_.listeners) {
    if (listener.listen.listener.name == options_.internal_listener) return Status::Ok();
  }
  return Error(ErrorCode::kInvalidConfig, "tablet server {} has no listener {} for other servers",
               options_.id, options_.internal_listener);
}

void TabletServer::Start(Done started) {
  STROM_CHECK(!session_) << "tablet server " << options_.id << " was started twice";
  if (Status s = CheckOptions(); !s.ok()) return started(std::move(s));
  auto store = metadata::RenewingStore::Connect(sessions_, strand_, clock_, [this] {
    job_fences_.Close();  // Before anybody is sent here again.
    if (registration_) registration_->Renew();
  });
  if (!store.ok()) return started(store.status());
  session_ = std::make_unique<Session>(*std::move(store), options_.zookeeper_root);
  std::string candidate = fmt::format("{:016x}{:016x}", random_.Next(), random_.Next());
  strand_.Post([this, candidate = std::move(candidate), started = std::move(started)]() mutable {
    snapshots_->Open(&session_->catalog, &strand_);
    EnsureClusterId(*session_->store, session_->catalog.paths(), std::move(candidate),
                    [this, started = std::move(started)](Result<std::string> id) mutable {
                      OnClusterId(std::move(id), std::move(started));
                    });
  });
}

void TabletServer::OnClusterId(Result<std::string> cluster_id, Done started) {
  if (!cluster_id.ok()) return started(cluster_id.status());
  blocking_.Post([this, id = *std::move(cluster_id), started = std::move(started)]() mutable {
    if (Status s = Open(id); !s.ok()) return started(std::move(s));
    strand_.Post(
        [this, started = std::move(started)]() mutable { RegisterNode(std::move(started)); });
  });
}

Status TabletServer::Open(const std::string& cluster_id) {
  STROM_ASSIGN_OR_RETURN(
      directory_, DataDirectory::Open(files_, options_.data_dir,
                                      {.cluster_id = cluster_id,
                                       .server_id = options_.id,
                                       .new_directory_id = fmt::format(
                                           "{:016x}{:016x}", random_.Next(), random_.Next())}));
  ReplicaOptions options = options_.replicas;
  options.snapshots.objects = objects_;
  options.snapshots.random = &random_;
  auto replicas =
      std::make_unique<ReplicaManager>(executor_, blocking_, clock_, files_, stores_, *directory_,
                                       replication_, options_.id, std::move(options));
  STROM_RETURN_IF_ERROR(replicas->Start());
  replicas_ = std::move(replicas);
  services_ = std::make_unique<Services>(*this);
  services_->Register(dispatcher_);
  metadata_.Register(dispatcher_);
  kv_snapshots_.Register(dispatcher_);
  replication_.Start();
  return Listen();
}

Status TabletServer::Listen() {
  for (const ListenerOptions& listener : options_.listeners) {
    STROM_ASSIGN_OR_RETURN(auto open, network_.Listen(listener.listen, dispatcher_));
    const rpc::Endpoint& bound = open->endpoint();
    reached_[listener.listen.listener.name] =
        listener.advertised.value_or(HostPort{bound.host, bound.port});
    listeners_.push_back(std::move(open));
  }
  return Status::Ok();
}

void TabletServer::RegisterNode(Done started) {
  registration_ = std::make_shared<Registration>(
      *session_->store, session_->catalog.paths().TabletServer(options_.id), strand_, clock_,
      Registration::Options{.id = options_.id,
                            .listeners = reached_,
                            .rack = options_.rack,
                            .directory_id = directory_->id(),
                            .pause = options_.register_pause,
                            .timeout = options_.register_timeout,
                            .epoch_path = session_->catalog.paths().CoordinatorEpochNode(),
                            .on_registered = [this](int64_t start_epoch, auto newest) {
                              services_->notifications.Begin(newest);
                              session_->writer_ids.Reserve();
                              replication_.OnRegistered(start_epoch);
                            }});
  registration_->Start(std::move(started));
}

void TabletServer::Stop(MonoDuration drain, Done stopped) {
  strand_.Post([this, drain, stopped = std::move(stopped)]() mutable {
    HandOver([this, drain, stopped = std::move(stopped)]() mutable {
      EndServing(drain, std::move(stopped));
    });
  });
}

void TabletServer::HandOver(runtime::Task then) {
  const bool known = registration_ && registration_->registered();
  if (!known || !HasPeers(*views_.Get(), options_.id)) return then();
  STROM_LOG(kInfo, "tablet server {} is about to stop: others shall lead what it leads",
            options_.id);
  handover_->Run(registration_->start_epoch(), [id = options_.id,
                                                then = std::move(then)](Result<int> left) mutable {
    if (!left.ok()) {
      STROM_LOG(kWarn, "tablet server {} stops without a handover: {}", id,
                left.status().ToString());
    } else if (*left > 0) {
      STROM_LOG(kWarn, "tablet server {} stops: nobody else can lead {} buckets", id, *left);
    }
    then();
  });
}

void TabletServer::EndServing(MonoDuration drain, Done stopped) {
  views_.Close();
  const auto ended = Join<std::monostate>::Of(
      1 + listeners_.size(), [this, stopped = std::move(stopped)](auto) mutable {
        strand_.Post(
            [this, stopped = std::move(stopped)]() mutable { LeaveCluster(std::move(stopped)); });
      });
  replication_.Stop([ended] { ended->Set(0, {}); });
  for (size_t i = 0; i < listeners_.size(); ++i) {
    listeners_[i]->Stop(drain, [ended, i] { ended->Set(1 + i, {}); });
  }
}

void TabletServer::LeaveCluster(Done stopped) {
  if (!registration_) return CloseReplicas(std::move(stopped));
  registration_->Stop(
      [this, stopped = std::move(stopped)]() mutable { CloseReplicas(std::move(stopped)); });
}

void TabletServer::CloseReplicas(Done stopped) {
  auto end_session = [this, stopped = std::move(stopped)](Status status) mutable {
    strand_.Post([this, status = std::move(status), stopped = std::move(stopped)]() mutable {
      // Together: what the services have under way in the store ends here, unanswered.
      snapshots_->Close();
      services_.reset();
      registration_.reset();
      session_.reset();
      stopped(std::move(status));
    });
  };
  if (!replicas_) return end_session(Status::Ok());
  replicas_->Stop(std::move(end_session));
}

const rpc::Endpoint* TabletServer::EndpointOf(std::string_view listener) const {
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (options_.listeners[i].listen.listener.name == listener) return &listeners_[i]->endpoint();
  }
  return nullptr;
}

}  // namespace strom::tablet
