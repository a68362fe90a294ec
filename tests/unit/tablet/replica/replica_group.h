#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {

// Servers with the replicas of one bucket, each with a disk and processes of its own, wired to each
// other without a network: followers fetch from their leader's Replica, proposals go to a
// coordinator that follows the rules of decisions 5 and 8 and keeps its state in a variable.
// Messages arrive in any order, after up to `delay_max`; those of a server that is down or cut off
// do not. One thread; ids are 1, 2, …
class ReplicaGroup {
 public:
  struct Options {
    uint64_t seed = 1;
    int servers = 3;
    ReplicaOptions replicas;
    BucketSpec spec = SpecOf(Bucket(0));
    MonoDuration delay_max = Millis(2);
    MonoDuration disk_delay_max;  // Before anything of the blocking executor runs: syncs above all.
  };

  explicit ReplicaGroup(Options options);
  ~ReplicaGroup();

  // The coordinator ---------------------------------------------------------------------------
  const Leadership& committed() const { return committed_; }
  ServerId leader_id() const { return committed_.leader; }
  // A new leader epoch; everybody who runs is told. `leader` is in the ISR.
  void Elect(ServerId leader);
  // What the coordinator does once it notices: the ISR goes on without the server, unless that is
  // its last member, and with another leader if it led.
  void NoticeLost(ServerId server);
  // Tells a server that runs (again) who leads; elects it if nobody does and it may, or if it leads
  // and refuses its old epoch.
  void NoticeBack(ServerId server);
  bool answers_proposals = true;  // Or proposals are taken over, and nobody hears of it.
  bool hears_failures = false;    // Replicas that fail are noticed as lost.
  bool has_leases = true;         // Every leader has one, or none.
  // From which epoch on it says that leaders have ended.
  std::optional<LeaderEpoch> ended_since = LeaderEpoch(0);

  // Servers -----------------------------------------------------------------------------------
  void Crash(ServerId server);  // The process; what it wrote is still there.
  void PowerFail(ServerId server);
  void Start(ServerId server);  // Nobody has told it anything yet.
  bool is_up(ServerId server) const { return servers_.at(server).replicas != nullptr; }
  // Neither fetches from others nor is fetched from, nor hears of the coordinator.
  void CutOff(ServerId server, bool cut_off) { servers_.at(server).cut_off = cut_off; }

  std::shared_ptr<Replica> replica(ServerId server) const;  // nullptr if it has none.
  std::shared_ptr<Replica> leader() const { return replica(committed_.leader); }
  sim::SimDisk& disk(ServerId server) { return *servers_.at(server).disk; }
  FlakyStores& stores(ServerId server) { return *servers_.at(server).stores; }
  // Of the server's log, whole.
  Bytes LogBytes(ServerId server) const;
  // True once every server is up, in the ISR and has all of the leader's log below its high
  // watermark.
  bool IsSettled() const;
  bool Settle() {
    return scheduler_.RunUntil([this] { return IsSettled(); }, Seconds(60));
  }

  // What Append or PutKv gives, at the leader, once it is there.
  using Answer = std::shared_ptr<std::optional<Result<AppendInfo>>>;
  Answer Append(ServerId leader, Bytes batch, WriteOptions options = {});
  Answer PutKv(ServerId leader, Bytes batch, WriteOptions options = {});
  Result<AppendInfo> Await(const Answer& answer);

  sim::SimScheduler& scheduler() { return scheduler_; }
  MonoTime now() const { return scheduler_.now(); }

 private:
  class Duties;
  class SlowExecutor;
  struct Server {
    std::unique_ptr<sim::SimDisk> disk;
    std::unique_ptr<FlakyStores> stores;
    bool cut_off = false;
    int life = 0;  // How many processes there were: messages of former ones do not arrive.
    // Of one process.
    std::unique_ptr<sim::SimExecutor> executor, blocking;
    std::unique_ptr<SlowExecutor> slow_blocking;
    std::unique_ptr<DataDirectory> directory;
    std::unique_ptr<Duties> duties;
    std::unique_ptr<ReplicaManager> replicas;
  };

  using Reply = std::function<void(Result<FollowerRead>)>;

  void Die(Server& server);
  // Takes this over as the newest state.
  void Commit(Leadership next);
  void Tell(ServerId server);
  Result<Leadership> Judge(const ReplicaDuties::IsrProposal& proposal);

  MonoDuration Draw(MonoDuration max);
  // Runs `task` at a server after a while, if the process there is still the same.
  void After(ServerId server, MonoDuration delay, runtime::Task task);
  void Soon(ServerId server, runtime::Task task);
  // The same at `to`, if it hears of `from`.
  void Send(ServerId from, ServerId to, runtime::Task task);
  bool Reaches(ServerId from, ServerId to) const;

  // A follower's fetch, at its leader: waits for records, but not for ever.
  void ReadAt(ServerId leader, const FollowerPosition& position, const Reply& reply);
  void AwaitAppended(ServerId leader, const FollowerPosition& position, const Reply& reply);

  const Options options_;
  sim::SimScheduler scheduler_;
  sim::SimClock clock_{scheduler_};
  std::map<ServerId, Server> servers_;
  Leadership committed_;
  OffsetWaiters::Id waits_ = 0;
};

}  // namespace strom::tablet
