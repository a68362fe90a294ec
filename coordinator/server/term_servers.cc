// Tablet servers that come, go, and answer or do not.
#include <utility>

#include "common/base/logging.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {
namespace {

// A replica that refuses a role for this leads nothing. For other reasons it may go on as before.
bool IsBroken(const Status& why) {
  return why.code() == ErrorCode::kLogStorage || why.code() == ErrorCode::kStorage ||
         why.code() == ErrorCode::kCorruptRecord;
}

}  // namespace

// Several changes may be one event: it looks at the newest.
void Term::OnServers(LiveServers servers) {
  const bool event_waits = newest_servers_.has_value();
  newest_servers_ = std::move(servers);
  if (event_waits) return;
  AddEvent([this](runtime::Task finished) { ChangeServers(std::move(finished)); });
}

void Term::ChangeServers(runtime::Task finished) {
  const LiveServers newest = std::move(*std::exchange(newest_servers_, std::nullopt));
  std::set<ServerId> lost;
  for (const auto& [id, server] : servers_) {
    const auto it = newest.find(id);
    // Another registration is another life of the server: it has forgotten what it was told.
    if (it == newest.end() || it->second != server.life) lost.insert(id);
  }
  LiveServers joined;
  bool same_disks = true;
  for (const auto& [id, life] : newest) {
    if (servers_.contains(id) && !lost.contains(id)) continue;
    joined.emplace(id, life);
    same_disks = same_disks && state_.KnowsDirectory(id, life.directory_id);
  }
  if (lost.empty() && joined.empty()) return finished();
  for (const ServerId id : lost) {
    if (!joined.contains(id)) STROM_LOG(kWarn, "tablet server {} is gone", id);
    servers_.erase(id);
  }
  if (same_disks) return Join(joined, lost, std::move(finished));
  Apply(state_.ChangeServers(lost, {}),
        [this, joined = std::move(joined), finished = std::move(finished)]() mutable {
          TakeDirectories(joined, [this, joined, finished = std::move(finished)]() mutable {
            Join(joined, {}, std::move(finished));
          });
        });
}

void Term::Join(const LiveServers& joined, const std::set<ServerId>& lost, runtime::Task finished) {
  std::set<ServerId> ids;
  for (const auto& [id, life] : joined) {
    AddServer(life);
    ids.insert(id);
  }
  Apply(state_.ChangeServers(lost, ids), [this, finished = std::move(finished)]() mutable {
    waits_.Check();  // A server that is gone is not waited for.
    finished();
  });
}

void Term::TakeDirectories(const LiveServers& servers, runtime::Task done) {
  std::map<ServerId, std::string> ids;
  for (const auto& [id, life] : servers) {
    if (!life.directory_id.empty()) ids.emplace(id, life.directory_id);
  }
  Effects effects = state_.TakeDirectories(ids);
  for (const auto& [bucket, leadership] : effects.write) {
    if (leadership.awaited_directory.empty()) continue;
    STROM_LOG(kError,
              "{} has no leader: server {} alone had all its records, and comes without its data "
              "directory {}; it is waited for",
              bucket, leadership.isr.front(), leadership.awaited_directory);
  }
  // Before the term leads, nothing is published, and Start will tell everybody everything.
  if (leading_) return Apply(std::move(effects), std::move(done));
  Store(effects, std::move(done));
}

void Term::AddServer(const LiveServer& server) {
  const HostPort& address = server.info.listeners.find(options_.internal_listener)->second;
  STROM_LOG(kInfo, "tablet server {} is here, at {}", server.info.id, address.ToString());
  auto notifier = std::make_shared<ServerNotifier>(
      ServerNotifier::World{world_.strand, world_.clock, world_.network}, server.info.id,
      rpc::Endpoint{.host = address.host, .port = address.port}, epoch_, options_.notifier,
      static_cast<ServerNotifier::Observer&>(*this));
  notifier->SetJobEpochs(job_version_, job_epochs_);
  servers_.insert_or_assign(server.info.id, Server{server, std::move(notifier)});
}

void Term::OnRoleTaken(ServerId server, const TableBucket& bucket, const Leadership& told) {
  if (state_.OnLeaderServes(bucket, server, told.leader_epoch)) refusals_.erase(bucket);
  OnHeard(server, bucket, told.bucket_epoch);
}

void Term::OnRoleRefused(ServerId server, const TableBucket& bucket, BucketEpoch told,
                         const Status& why) {
  const BucketState* state = state_.Find(bucket);
  if (!state || !state->leadership) return;
  if (IsBroken(why)) OnHeard(server, bucket, told);
  // A leader whose ISR was accepted knows more than what it was told before: the news take the
  // place of what it refuses for ever.
  if (told < state->leadership->bucket_epoch) {
    return servers_.at(server).notifier->NotifyLeader(bucket, NoticeOf(bucket));
  }
  if (state->leadership->leader != server) return;
  refusals_[bucket] = {server, why};
  if (why.code() == ErrorCode::kFencedLeaderEpoch) {
    RaiseEpochOf(bucket, state->leadership->leader_epoch);
  }
}

void Term::RaiseEpochOf(const TableBucket& bucket, LeaderEpoch spent) {
  spent_epochs_[bucket] = spent;
  if (spent_epochs_.size() > 1) return;
  AddEvent([this](runtime::Task finished) {
    Effects effects = state_.OnEpochsSpent(std::exchange(spent_epochs_, {}));
    if (effects.empty()) return finished();
    STROM_LOG(kInfo, "{} leaders were started anew unnoticed: they lead on under new epochs",
              effects.write.size());
    Apply(std::move(effects), std::move(finished));
  });
}

void Term::OnReplicaRemoved(ServerId server, const TableBucket& bucket) {
  if (state_.OnRemoved(bucket, server)) FinishRemoval(bucket.table);
}

void Term::OnProgress() { waits_.Check(); }

void Term::OnDeposed(const Status& why) { Lose(why); }

void Term::OnRefused(ServerId server) {
  AddServerEvent(server, [this, server] {
    Effects effects = state_.OnRefused(server);
    STROM_LOG(kWarn,
              "tablet server {} refuses connections, so it counts as lost: {} buckets change, it "
              "still leads {} that nobody else can lead",
              server, effects.write.size(), state_.LedBy(server).size());
    return effects;
  });
}

void Term::OnReached(ServerId server) {
  AddServerEvent(server, [this, server] {
    STROM_LOG(kInfo, "tablet server {} answers again", server);
    return state_.OnReached(server);
  });
}

void Term::AddServerEvent(ServerId server, absl::AnyInvocable<Effects()> change) {
  const int64_t registration = servers_.at(server).life.registration;
  AddEvent(
      [this, server, registration, change = std::move(change)](runtime::Task finished) mutable {
        const auto it = servers_.find(server);
        if (it == servers_.end() || it->second.life.registration != registration) return finished();
        Apply(change(), [this, finished = std::move(finished)]() mutable {
          waits_.Check();
          finished();
        });
      });
}

}  // namespace strom::coordinator
