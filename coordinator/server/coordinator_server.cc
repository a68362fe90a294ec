#include "coordinator/server/coordinator_server.h"

#include <atomic>
#include <utility>

namespace strom::coordinator {
namespace {

TermOptions TermOptionsOf(const CoordinatorServer::Options& options, runtime::Random& random) {
  return {.id = options.id.empty() ? fmt::format("{:016x}", random.Next()) : options.id,
          .root = options.zookeeper_root,
          .internal_listener = options.internal_listener,
          .follow_wait = options.create_table_wait,
          .notifier = options.notifier,
          .jobs = options.jobs,
          .leases = options.leases};
}

}  // namespace

CoordinatorServer::CoordinatorServer(runtime::Executor& executor, const runtime::Clock& clock,
                                     runtime::Random& random, rpc::Network& network,
                                     metadata::MetaStoreFactory& sessions,
                                     const rpc::Authorizer& authorizer, Options options)
    : network_(network),
      sessions_(sessions),
      authorizer_(authorizer),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(executor)),
      candidate_(
          std::make_shared<Candidate>(Term::World{strand_, clock, random, network, views_, counts_},
                                      TermOptionsOf(options_, random), sessions)),
      admin_(strand_, candidate_, authorizer, options_.tables),
      jobs_(strand_, candidate_, authorizer),
      replicas_(strand_, candidate_, authorizer),
      health_(views_, counts_, authorizer),
      metadata_(views_, authorizer, executor, clock),
      kv_snapshots_(views_, authorizer),
      dispatcher_(options_.dispatcher) {}

CoordinatorServer::~CoordinatorServer() = default;

void CoordinatorServer::Start(absl::AnyInvocable<void(Status)> started) {
  Result<Listeners> listeners = Open();
  if (!listeners.ok()) return started(listeners.status());
  strand_->Post([candidate = candidate_, listeners = *std::move(listeners),
                 started = std::move(started)]() mutable {
    candidate->Run(std::move(listeners), std::move(started));
  });
}

Result<Listeners> CoordinatorServer::Open() {
  STROM_CHECK(!reader_) << "the coordinator was started twice";
  STROM_ASSIGN_OR_RETURN(auto store, sessions_.Connect(*strand_, nullptr));
  reader_ =
      std::make_unique<Reader>(std::move(store), options_.zookeeper_root, *strand_, authorizer_);
  reader_->service.Register(dispatcher_);
  metadata_.Register(dispatcher_);
  kv_snapshots_.Register(dispatcher_);
  admin_.Register(dispatcher_);
  jobs_.Register(dispatcher_);
  replicas_.Register(dispatcher_);
  health_.Register(dispatcher_);
  Listeners reached;
  for (const ListenerOptions& listener : options_.listeners) {
    STROM_ASSIGN_OR_RETURN(auto open, network_.Listen(listener.listen, dispatcher_));
    const rpc::Endpoint& bound = open->endpoint();
    reached[listener.listen.listener.name] =
        listener.advertised.value_or(HostPort{bound.host, bound.port});
    listeners_.push_back(std::move(open));
  }
  return reached;
}

void CoordinatorServer::Stop(MonoDuration drain, runtime::Task stopped) {
  views_.Close();
  if (listeners_.empty()) return StopLeading(std::move(stopped));
  struct Draining {
    std::atomic<size_t> left;
    runtime::Task stopped;
  };
  auto draining = std::make_shared<Draining>();
  draining->left = listeners_.size();
  draining->stopped = std::move(stopped);
  for (const auto& listener : listeners_) {
    listener->Stop(drain, [this, draining] {
      if (--draining->left == 0) StopLeading(std::move(draining->stopped));
    });
  }
}

void CoordinatorServer::StopLeading(runtime::Task stopped) {
  strand_->Post([this, stopped = std::move(stopped)]() mutable {
    candidate_->Stop();
    reader_.reset();
    stopped();
  });
}

const rpc::Endpoint* CoordinatorServer::EndpointOf(std::string_view listener) const {
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (options_.listeners[i].listen.listener.name == listener) return &listeners_[i]->endpoint();
  }
  return nullptr;
}

}  // namespace strom::coordinator
