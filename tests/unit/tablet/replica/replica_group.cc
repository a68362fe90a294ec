#include "tests/unit/tablet/replica/replica_group.h"

#include <algorithm>

namespace strom::tablet {
namespace {

constexpr MonoDuration kFetchWait = Millis(250);
constexpr MonoDuration kFetchTimeout = Seconds(2);
constexpr MonoDuration kPause = Millis(100);
constexpr size_t kFetchBytes = 4096;

bool Contains(const std::vector<ServerId>& servers, ServerId server) {
  return std::ranges::find(servers, server) != servers.end();
}

}  // namespace

// As if whatever it runs had to wait for a disk.
class ReplicaGroup::SlowExecutor final : public runtime::Executor {
 public:
  SlowExecutor(ReplicaGroup& group, sim::SimExecutor& executor)
      : group_(group), executor_(executor) {}

  void Post(runtime::Task task) override {
    executor_.PostAt(group_.now() + group_.Draw(group_.options_.disk_delay_max), std::move(task));
  }
  runtime::TimerId PostAt(MonoTime when, runtime::Task task) override {
    return executor_.PostAt(when, std::move(task));
  }
  bool Cancel(runtime::TimerId timer) override { return executor_.Cancel(timer); }
  bool AllowInline() override { return false; }

 private:
  ReplicaGroup& group_;
  sim::SimExecutor& executor_;
};

// What one process does for its replica: one fetch after another, and proposals.
class ReplicaGroup::Duties final : public ReplicaDuties {
 public:
  Duties(ReplicaGroup& group, ServerId self) : group_(group), self_(self) {}

  void Follow(std::shared_ptr<Replica> /*replica*/, ServerId leader, LeaderEpoch epoch) override {
    following_ = Following{leader, epoch, ++loops_};
    group_.Soon(self_, [this, following = following_] { FetchAnew(following); });
  }

  void Unfollow(const TableBucket& /*bucket*/) override { following_.loop = ++loops_; }

  void ProposeIsr(IsrProposal proposal,
                  absl::AnyInvocable<void(Result<Leadership>)> done) override {
    group_.Soon(self_, [this, proposal = std::move(proposal), done = std::move(done)]() mutable {
      Result<Leadership> answer = Error(ErrorCode::kNetwork, "nobody answers");
      if (!group_.servers_.at(self_).cut_off) {
        auto judged = group_.Judge(proposal);
        if (group_.answers_proposals) answer = std::move(judged);
      }
      group_.Soon(self_, [done = std::move(done), answer = std::move(answer)]() mutable {
        done(std::move(answer));
      });
    });
  }

  void ReportFailed(const TableBucket& /*bucket*/, const Status& /*why*/) override {
    if (!group_.hears_failures) return;
    group_.Soon(self_, [this] { group_.NoticeLost(self_); });
  }

  void ReportMended(const TableBucket& /*bucket*/) override {
    if (group_.hears_failures) group_.Soon(self_, [this] { group_.NoticeBack(self_); });
  }

  // There is no object store.
  void CommitSnapshot(SnapshotCommit /*commit*/,
                      absl::AnyInvocable<void(Status)> /*done*/) override {}
  void FindSnapshots(const TableBucket& /*bucket*/, SnapshotsFound /*done*/) override {}

  Status CheckLease(CoordinatorEpoch /*told_by*/) const override {
    if (group_.has_leases) return Status::Ok();
    return Error(ErrorCode::kLeaderNotAvailable, "no coordinator grants one");
  }

 private:
  struct Following {
    ServerId leader;
    LeaderEpoch epoch;
    int loop = 0;
  };

  bool IsOver(const Following& f) const { return f.loop != following_.loop; }

  void FetchAnew(const Following& f) {
    const auto replica = group_.replica(self_);
    if (!IsOver(f) && replica) Fetch(f, replica->position());
  }

  void FetchLater(const Following& f) {
    group_.After(self_, kPause, [this, f] { FetchAnew(f); });
  }

  void Fetch(const Following& f, const FollowerPosition& position) {
    const auto answered = std::make_shared<bool>(false);
    group_.After(self_, kFetchTimeout, [this, f, answered] {
      if (!std::exchange(*answered, true)) FetchLater(f);
    });
    // Runs at the leader, where nothing of this process may be touched.
    const Reply reply = [this, &group = group_, self = self_, f, answered](auto read) {
      group.Send(f.leader, self, [this, f, answered, read = std::move(read)]() mutable {
        if (!std::exchange(*answered, true)) Take(f, std::move(read));
      });
    };
    group_.Send(self_, f.leader, [&group = group_, leader = f.leader, position, reply] {
      group.ReadAt(leader, position, reply);
    });
  }

  void Take(const Following& f, Result<FollowerRead> read) {
    const auto replica = group_.replica(self_);
    if (IsOver(f) || !replica) return;
    if (!read.ok()) return FetchLater(f);
    replica->TakeFromLeader(f.epoch, *std::move(read), [this, f](Result<FollowerPosition> next) {
      if (!next.ok()) return FetchLater(f);
      group_.Soon(self_, [this, f, next = *next] {
        if (!IsOver(f)) Fetch(f, next);
      });
    });
  }

  ReplicaGroup& group_;
  const ServerId self_;
  int loops_ = 0;
  Following following_;  // Fetches of another loop than this are over.
};

ReplicaGroup::ReplicaGroup(Options options)
    : options_(std::move(options)), scheduler_(options_.seed) {
  committed_ = {.leader = kNoServer,
                .leader_epoch = LeaderEpoch(-1),
                .bucket_epoch = BucketEpoch(0),
                .coordinator_epoch = CoordinatorEpoch(1),
                .replicas = {},
                .isr = {}};
  for (int i = 1; i <= options_.servers; ++i) {
    const ServerId id(i);
    servers_[id].disk = std::make_unique<sim::SimDisk>(
        sim::SimDisk::Options{.seed = options_.seed * 100 + static_cast<uint64_t>(i)});
    servers_[id].stores = std::make_unique<FlakyStores>(*servers_[id].disk);
    committed_.replicas.push_back(id);
    Start(id);
  }
  committed_.isr = committed_.replicas;
  Elect(ServerId(1));
  scheduler_.RunFor(Seconds(2));
}

ReplicaGroup::~ReplicaGroup() {
  for (auto& [id, server] : servers_) Die(server);
}

void ReplicaGroup::Start(ServerId id) {
  Server& server = servers_.at(id);
  STROM_CHECK(!server.replicas) << "server " << id << " is up";
  ++server.life;
  server.executor = std::make_unique<sim::SimExecutor>(scheduler_);
  server.blocking = std::make_unique<sim::SimExecutor>(scheduler_);
  server.slow_blocking = std::make_unique<SlowExecutor>(*this, *server.blocking);
  server.directory =
      DataDirectory::Open(*server.disk, "/data", {.cluster_id = "c1", .server_id = id}).value();
  server.duties = std::make_unique<Duties>(*this, id);
  server.replicas = std::make_unique<ReplicaManager>(
      *server.executor, *server.slow_blocking, clock_, *server.disk, *server.stores,
      *server.directory, *server.duties, id, options_.replicas);
  const Status started = server.replicas->Start();
  STROM_CHECK(started.ok()) << started.ToString();
}

void ReplicaGroup::Die(Server& server) {
  if (!server.replicas) return;
  server.executor->Shutdown();
  server.blocking->Shutdown();
  server.replicas.reset();
  server.duties.reset();
  server.directory.reset();
}

void ReplicaGroup::Crash(ServerId id) {
  Die(servers_.at(id));
  servers_.at(id).disk->CrashProcess();
  servers_.at(id).stores->memory().Forget();
}

void ReplicaGroup::PowerFail(ServerId id) {
  Die(servers_.at(id));
  servers_.at(id).disk->PowerFail(scheduler_.random().Next());
  servers_.at(id).stores->memory().Forget();
}

std::shared_ptr<Replica> ReplicaGroup::replica(ServerId id) const {
  const auto found = servers_.find(id);
  if (found == servers_.end() || !found->second.replicas) return nullptr;
  return found->second.replicas->Find(options_.spec.bucket);
}

void ReplicaGroup::After(ServerId id, MonoDuration delay, runtime::Task task) {
  scheduler_.PostAt(now() + delay,
                    [this, id, life = servers_.at(id).life, task = std::move(task)]() mutable {
                      if (is_up(id) && servers_.at(id).life == life) task();
                    });
}

MonoDuration ReplicaGroup::Draw(MonoDuration max) {
  const auto nanos = scheduler_.random().Uniform(static_cast<uint64_t>(max.nanos()) + 1);
  return MonoDuration::FromNanos(static_cast<int64_t>(nanos));
}

void ReplicaGroup::Soon(ServerId id, runtime::Task task) {
  After(id, Draw(options_.delay_max), std::move(task));
}

bool ReplicaGroup::Reaches(ServerId from, ServerId to) const {
  return !servers_.at(from).cut_off && !servers_.at(to).cut_off;
}

void ReplicaGroup::Send(ServerId from, ServerId to, runtime::Task task) {
  if (!is_up(to)) return;
  Soon(to, [this, from, to, task = std::move(task)]() mutable {
    if (Reaches(from, to)) task();
  });
}

void ReplicaGroup::ReadAt(ServerId leader, const FollowerPosition& position, const Reply& reply) {
  const auto source = replica(leader);
  if (!source) return reply(Error(ErrorCode::kUnknownTableOrBucket, "no such bucket here"));
  source->ReadForFollower(
      position, kFetchBytes, true, [this, leader, position, reply](Result<FollowerRead> read) {
        const bool news = !read.ok() || read->diverging || !read->records.empty() ||
                          read->log_start_offset > position.log_end_offset;
        news ? reply(std::move(read)) : AwaitAppended(leader, position, reply);
      });
}

void ReplicaGroup::AwaitAppended(ServerId leader, const FollowerPosition& position,
                                 const Reply& reply) {
  const OffsetWaiters::Id wait = ++waits_;
  const auto once = std::make_shared<bool>(false);
  const auto answer = [this, leader, position, reply, wait, once] {
    const auto source = replica(leader);
    if (std::exchange(*once, true) || !source) return;
    source->ForgetWait(wait);
    source->ReadForFollower(position, kFetchBytes, true, reply);
  };
  After(leader, kFetchWait, answer);
  replica(leader)->AwaitAppended(wait, position.log_end_offset,
                                 [this, leader, answer] { After(leader, {}, answer); });
}

void ReplicaGroup::Commit(Leadership next) {
  next.bucket_epoch = committed_.bucket_epoch.Next();
  committed_ = std::move(next);
}

void ReplicaGroup::Tell(ServerId id) {
  if (!is_up(id) || servers_.at(id).cut_off) return;
  Leadership told = committed_;
  told.ended_since = ended_since;
  Soon(id, [this, id, leadership = std::move(told)] {
    if (servers_.at(id).cut_off) return;
    servers_.at(id).replicas->Become(options_.spec, leadership, [this, id](const Status& taken) {
      if (taken.code() != ErrorCode::kFencedLeaderEpoch) return;
      // Somewhat later, in its own turn.
      scheduler_.Post([this, id] {
        if (committed_.leader == id) Elect(id);
      });
    });
  });
}

void ReplicaGroup::Elect(ServerId leader) {
  STROM_CHECK(leader == kNoServer || Contains(committed_.isr, leader))
      << "server " << leader << " is none of the ISR";
  Leadership next = committed_;
  next.leader = leader;
  next.leader_epoch = next.leader_epoch.Next();
  Commit(std::move(next));
  for (const ServerId id : committed_.replicas) Tell(id);
}

void ReplicaGroup::NoticeLost(ServerId lost) {
  Leadership next = committed_;
  if (next.isr.size() > 1) std::erase(next.isr, lost);
  const bool changed = next.isr != committed_.isr;
  Commit(std::move(next));
  if (committed_.leader != lost) {
    if (changed) Tell(committed_.leader == kNoServer ? lost : committed_.leader);
    return;
  }
  for (const ServerId id : committed_.isr) {
    if (id != lost && is_up(id) && !servers_.at(id).cut_off) return Elect(id);
  }
  Elect(kNoServer);
}

void ReplicaGroup::NoticeBack(ServerId id) {
  if (committed_.leader == kNoServer && Contains(committed_.isr, id)) return Elect(id);
  Tell(id);
}

Result<Leadership> ReplicaGroup::Judge(const ReplicaDuties::IsrProposal& proposal) {
  if (proposal.leader_epoch != committed_.leader_epoch) {
    return Error(ErrorCode::kFencedLeaderEpoch, "leader epoch {}", committed_.leader_epoch);
  }
  if (proposal.bucket_epoch != committed_.bucket_epoch) {
    Tell(committed_.leader);
    return Error(ErrorCode::kInvalidUpdateVersion, "bucket epoch {}", committed_.bucket_epoch);
  }
  for (const ServerId id : proposal.isr) {
    if (Contains(committed_.isr, id) || (is_up(id) && !servers_.at(id).cut_off)) continue;
    return Error(ErrorCode::kIneligibleReplica, "server {} is not there", id);
  }
  Leadership next = committed_;
  next.isr = proposal.isr;
  Commit(std::move(next));
  return committed_;
}

Bytes ReplicaGroup::LogBytes(ServerId id) const {
  const LogTablet& log = replica(id)->log();
  Bytes bytes;
  for (LogOffset from = log.log_start_offset(); from < log.log_end_offset();) {
    const Bytes piece = log.Read(from, 1 << 20, true, log.log_end_offset()).value();
    from = record::SplitBatches(piece).value().back().next_offset();
    bytes += piece;
  }
  return bytes;
}

bool ReplicaGroup::IsSettled() const {
  if (committed_.isr.size() != servers_.size() || !leader() || !leader()->is_leader()) return false;
  const LogOffset end = leader()->log().log_end_offset();
  return std::ranges::all_of(committed_.replicas, [&](ServerId id) {
    const auto replica = this->replica(id);
    return replica && replica->log().log_end_offset() == end && replica->high_watermark() == end;
  });
}

ReplicaGroup::Answer ReplicaGroup::Append(ServerId id, Bytes batch, WriteOptions options) {
  const auto answer = std::make_shared<std::optional<Result<AppendInfo>>>();
  replica(id)->Append(std::move(batch), std::move(options), [answer](Result<AppendInfo> info) {
    STROM_CHECK(!answer->has_value()) << "answered twice";
    answer->emplace(std::move(info));
  });
  return answer;
}

ReplicaGroup::Answer ReplicaGroup::PutKv(ServerId id, Bytes batch, WriteOptions options) {
  const auto answer = std::make_shared<std::optional<Result<AppendInfo>>>();
  replica(id)->PutKv(std::move(batch), {}, std::move(options), [answer](Result<AppendInfo> info) {
    STROM_CHECK(!answer->has_value()) << "answered twice";
    answer->emplace(std::move(info));
  });
  return answer;
}

Result<AppendInfo> ReplicaGroup::Await(const Answer& answer) {
  const bool answered = scheduler_.RunUntil([&] { return answer->has_value(); }, Seconds(60));
  STROM_CHECK(answered) << "no answer";
  return **answer;
}

}  // namespace strom::tablet
