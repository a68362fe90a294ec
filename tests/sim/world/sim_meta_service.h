#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "common/metadata/meta_store.h"
#include "common/metadata/znode_tree.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "tests/sim/world/sim_random.h"

namespace strom::sim {

class MetaCall;
class SimMetaSession;
class SimMetaStore;

// A metadata service apart from everybody, as ZooKeeper is: one tree, and sessions of named hosts
// that have a life of their own. Answers take time and keep their order. A session lives as long as
// its host sends heartbeats, and its timeout longer; its client learns of its end only from the
// service.
//
// What it does not do: answer a read from a replica that lags.
//
// Time and delays come from `executor` and `clock`; in the simulation they are the scheduler's. Any
// thread may call (the contract suite has several); in the simulation there is one.
class SimMetaService {
 public:
  struct Options {
    uint64_t seed = 1;
    MonoDuration latency_min = Micros(100);  // One way.
    MonoDuration latency_max = Millis(2);
    MonoDuration session_timeout = Seconds(6);
    MonoDuration connect_timeout = Seconds(5);   // Calls of a new session wait so long for it.
    MonoDuration reconnect_pause = Millis(200);  // At most, once the service can be reached again.
  };

  // Told each node that was created, set or deleted (null), when it happens; must not call back.
  using Observer = std::function<void(const std::string& path, const std::string* data)>;

  SimMetaService(runtime::Executor& executor, const runtime::Clock& clock, Options options);
  // After all sessions, and when `executor` runs nothing of it any more.
  ~SimMetaService();

  // What a process on `host` connects with; several of one host are the same.
  std::unique_ptr<metadata::MetaStoreFactory> AddHost(std::string host);

  void SetObserver(Observer observer);

  // -- Faults.

  // The whole service. While it is away no session expires; each has its whole timeout afterwards.
  void SetAvailable(bool available);
  // Whether `host` reaches it. Connections break: what is under way is answered kConnectionLoss.
  void SetReachable(const std::string& host, bool reachable);
  // A host that was stopped sends no heartbeats, though its connections are there.
  void SetHeartbeats(const std::string& host, bool sends);
  // What `host` asks and is told takes up to so much longer. Zero ends it.
  void SetSlow(const std::string& host, MonoDuration delay_max);
  // The process on `host` is no more: its sessions end when their timeouts have passed.
  void Crash(const std::string& host);
  // All sessions of `host` expire now.
  void Expire(const std::string& host);
  // Whether it would hear of that at once.
  bool Hears(const std::string& host) const;
  // The next `count` changes of `host` are applied, but their answers are lost with the connection.
  void LoseAnswers(const std::string& host, int count);
  // The next `count` changes of `host` hang somewhere on their way when the connection breaks, and
  // are applied a while later, unless their session has connected anew, or ended, by then.
  void DelayChanges(const std::string& host, int count);

  MonoDuration session_timeout() const { return options_.session_timeout; }
  int expired_count() const;
  int lost_answer_count() const;

 private:
  friend class SimMetaStore;
  class Factory;
  using Session = std::shared_ptr<SimMetaSession>;

  Session Connect(const std::string& host, runtime::Strand& strand,
                  absl::AnyInvocable<void(metadata::SessionState)> on_state);
  void Submit(const Session& session, std::unique_ptr<MetaCall> call);
  void End(const Session& session);
  // Keeps the caller's watch with its session under a number, and makes the one that the tree gets.
  uint64_t Keep(const Session& session, metadata::Watch watch);
  metadata::Watch WatchOf(const Session& session, uint64_t watch);
  void OnFired(const Session& session, uint64_t watch, metadata::WatchEvent event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  MonoTime After(MonoDuration min, MonoDuration max) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // One way to or from the service, behind what went before.
  MonoTime Arrival(const Session& session, MonoTime& last) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reaches(const SimMetaSession& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Beats(const SimMetaSession& session) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Session> SessionsOf(const std::string& host) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void ConnectLater(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnConnected(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Send(const Session& session, std::unique_ptr<MetaCall> call)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Arrive(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ApplyLate(const Session& session, MetaCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Deliver(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpectDelivery(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveUpHeld(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseSilent(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish(metadata::ZnodeTree::Commit commit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Suspend(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WatchHeartbeats(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseAtService(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellExpired(const Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs `step` under the lock at `when`, unless the session's connection is another one by then.
  void At(MonoTime when, const Session& session, void (SimMetaService::*step)(const Session&));

  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  const Options options_;

  mutable absl::Mutex mutex_;
  SimRandom random_ ABSL_GUARDED_BY(mutex_);
  metadata::ZnodeTree tree_ ABSL_GUARDED_BY(mutex_);
  Observer observer_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Session> sessions_ ABSL_GUARDED_BY(mutex_);  // Not closed at the service.
  uint64_t next_session_ ABSL_GUARDED_BY(mutex_) = 1;
  bool available_ ABSL_GUARDED_BY(mutex_) = true;
  std::set<std::string> unreachable_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> silent_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, MonoDuration> slow_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> lose_answers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> delay_changes_ ABSL_GUARDED_BY(mutex_);
  int expired_count_ ABSL_GUARDED_BY(mutex_) = 0;
  int lost_answer_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace strom::sim
