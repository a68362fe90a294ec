#include "coordinator/server/term.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/metadata/zk_json.h"

namespace strom::coordinator {
namespace {

// Tells commands that were refused for what they ask from a store that cannot be used.
bool BlamesCommand(ErrorCode code) {
  switch (code) {
    case ErrorCode::kDatabaseAlreadyExist:
    case ErrorCode::kDatabaseNotExist:
    case ErrorCode::kDatabaseNotEmpty:
    case ErrorCode::kTableAlreadyExist:
      return true;
    default:
      return false;
  }
}

}  // namespace

Term::Term(World world, TermOptions options, Listeners listeners,
           std::unique_ptr<metadata::MetaStore> store, absl::AnyInvocable<void(Status)> on_lost)
    : world_(std::move(world)),
      options_(std::move(options)),
      listeners_(std::move(listeners)),
      on_lost_(std::move(on_lost)),
      store_(std::move(store)),
      catalog_(*store_, options_.root),
      watch_(*store_, catalog_.paths(), options_.internal_listener),
      view_builder_({.id = service::kCoordinatorNode, .listeners = listeners_, .rack = {}}),
      jobs_({.lease_ms = options_.jobs.lease.millis()}),
      job_epochs_(std::make_shared<const JobEpochs>()),
      leases_(options_.leases),
      waits_(*world_.strand) {}

Term::~Term() = default;

void Term::Lose(Status why) {
  STROM_ASSERT_ON(*world_.strand);
  if (std::exchange(lost_, true)) return;
  STROM_LOG(kWarn, "coordinator {} stops leading (epoch {}): {}", options_.id, epoch_,
            why.ToString());
  servers_.clear();  // Nobody is told anything any more.
  world_.views.Forget();
  std::exchange(on_lost_, nullptr)(std::move(why));
}

// Once the term is lost its events stand still until it is destroyed.
void Term::AddEvent(EventQueue::Event event) {
  events_.Add([this, event = std::move(event)](runtime::Task finished) mutable {
    if (lost_) return;
    event([this, finished = std::move(finished)]() mutable {
      if (!lost_) finished();
    });
  });
}

void Term::Enqueue(Command command, MonoTime deadline, Answer answer) {
  STROM_ASSERT_ON(*world_.strand);
  STROM_CHECK(leading_) << "a command before the term leads";
  if (events_.waiting() >= options_.commands_max) {
    return std::move(answer)(Error(ErrorCode::kOperationNotAttempted,
                                   "{} commands are waiting for the coordinator already",
                                   events_.waiting()));
  }
  AddEvent([this, command = std::move(command), deadline,
            answer = std::move(answer)](runtime::Task finished) mutable {
    if (world_.clock.Now() >= deadline) {
      std::move(answer)(Error(ErrorCode::kRequestTimeOut,
                              "not attempted: the request's deadline passed in the queue"));
      return finished();
    }
    command(std::move(answer), std::move(finished));
  });
}

void Term::Apply(Effects effects, runtime::Task done) {
  for (const auto& [bucket, leadership] : effects.write) view_builder_.Touch(bucket.table);
  auto shared = std::make_shared<const Effects>(std::move(effects));
  Store(*shared, [this, shared, done = std::move(done)]() mutable {
    Publish();
    Tell(*shared);
    done();
  });
}

void Term::Store(const Effects& effects, runtime::Task done) {
  if (lost_) return;
  for (const auto& [server, buckets] : effects.deposed) {
    for (const auto& [bucket, deposal] : buckets) {
      leases_.OnDeposed(server, bucket, deposal.led, deposal.since, world_.clock.Now());
    }
  }
  std::map<TableBucket, metadata::LeaderAndIsr> leaders;
  for (const auto& [bucket, leadership] : effects.write) {
    metadata::LeaderAndIsr& entry = leaders[bucket];
    entry = {.leader = leadership.leader,
             .leader_epoch = leadership.leader_epoch,
             .isr = leadership.isr,
             .coordinator_epoch = epoch_,
             .bucket_epoch = leadership.bucket_epoch,
             .standby_replicas = {}};
    if (leadership.awaited_directory.empty()) continue;
    entry.awaited_directory = leadership.awaited_directory;
  }
  auto then = [this, ids = effects.directories, done = std::move(done)]() mutable {
    world_.counts.Set(state_.Count());
    StoreDirectories(ids, std::move(done));
  };
  if (leaders.empty()) return then();
  catalog_.SetLeaderAndIsr(std::move(leaders),
                           [this, then = std::move(then)](Result<std::monostate> written) mutable {
                             if (!written.ok())
                               return Lose(written.status().WithContext("cannot store leaders"));
                             if (!lost_) then();
                           });
}

void Term::StoreDirectories(const std::map<ServerId, std::string>& ids, runtime::Task done) {
  if (ids.empty()) return done();
  std::map<std::string, std::optional<std::string>> nodes;
  for (const auto& [server, id] : ids) {
    nodes[catalog_.paths().DirectoryIdOf(server)] = ToJson(metadata::DirectoryRecord{id});
  }
  catalog_.SetNodes(std::move(nodes), [this, done = std::move(done)](
                                          Result<std::monostate> stored) mutable {
    if (!stored.ok()) return Lose(stored.status().WithContext("cannot store directory ids"));
    if (!lost_) done();
  });
}

void Term::Publish() {
  LiveServers live;
  for (const auto& [id, server] : servers_) live.emplace(id, server.life);
  view_ = view_builder_.Build(state_, live);
  ++view_version_;
  world_.views.Set(view_);
  for (auto& [id, server] : servers_) server.notifier->Publish(view_version_, view_);
}

void Term::Tell(const Effects& effects) {
  for (const auto& [id, leaderships] : effects.notify) {
    for (const auto& [bucket, leadership] : leaderships) {
      servers_.at(id).notifier->NotifyLeader(bucket, NoticeOf(bucket));
    }
  }
  for (const auto& [id, removals] : effects.remove) {
    ServerNotifier& notifier = *servers_.at(id).notifier;
    for (const auto& [bucket, epoch] : removals) {
      notifier.ForgetLeader(bucket);
      notifier.RemoveReplica(bucket, epoch);
    }
  }
  for (auto& [id, server] : servers_) server.notifier->Send();
}

// As it is now, which may be newer than what some effects say: news never go back.
LeaderNotice Term::NoticeOf(const TableBucket& bucket) const {
  const BucketState& state = *state_.Find(bucket);
  return {.path = {.table = state_.Find(bucket.table)->path, .partition = std::nullopt},
          .replicas = state.replicas,
          .leadership = *state.leadership,
          .withheld_until = WithheldUntil(bucket, state),
          .ended_since = std::max(state.known_since,
                                  leases_.EndedSince(bucket, state.leadership->leader))};
}

bool Term::IsRefusal(const Status& failed) {
  if (BlamesCommand(failed.code())) return true;
  Lose(failed);
  return false;
}

void Term::AnswerWhenKnown(MonoTime deadline, Answer answer) {
  waits_.Add([this, version = view_version_] { return AllKnow(version); }, WaitUntil(deadline),
             [answer = std::move(answer)](bool /*in_time*/) mutable {
               std::move(answer)(Status::Ok());  // It is done; a server that is slow hears later.
             });
}

bool Term::AllKnow(uint64_t version) const {
  return std::all_of(servers_.begin(), servers_.end(), [&](const auto& entry) {
    return state_.is_refused(entry.first) || entry.second.notifier->known_version() >= version;
  });
}

MonoTime Term::WaitUntil(MonoTime deadline) const {
  return std::min(deadline, world_.clock.Now() + options_.follow_wait);
}

}  // namespace strom::coordinator
