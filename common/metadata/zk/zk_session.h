#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_map.h>
#include <absl/synchronization/mutex.h>

#include "common/metadata/meta_store.h"
#include "common/metadata/zk/zk_call.h"
#include "common/metadata/zk/zookeeper.h"
#include "common/runtime/strand.h"
#include "common/runtime/thread_pool.h"

namespace strom::metadata {

// One session with ZooKeeper: a handle of the C library, the operations under way in it, and the
// watches that have not fired.
//
// Threads: callers start operations on any; the library answers on its completion thread; the
// factory's thread opens and closes the handle. One mutex orders them, and nothing of the caller's
// runs or is destroyed under it. Answers are posted to the strand in the order they came.
//
// Always true: after End nothing of the caller's is kept or touched, the strand included; but the
// calls' memory stays until the handle is closed, because the library answers them once more.
class ZkSession : public std::enable_shared_from_this<ZkSession> {
 public:
  // Made by Open. `strand` is used until End; `opener` is the factory's thread and outlives this.
  ZkSession(const ZooKeeperOptions& options, runtime::Strand& strand,
            absl::AnyInvocable<void(SessionState)> on_state, runtime::ThreadPool& opener);

  // Makes the handle, on the opener, now or when the servers' names can be resolved.
  void Open();
  // The caller has gone. The handle is closed on the opener, soon.
  void End();

  int64_t id() const { return id_; }
  // As the service has agreed to; as it was wished before that.
  MonoDuration timeout() const { return Millis(timeout_ms_); }

  // Sends `call`, now or once connected. A null watch is none.
  void Start(std::unique_ptr<ZkCall> call, Watch watch);
  // Answers a call that is not sent.
  void Refuse(std::unique_ptr<ZkCall> call, MetaCode code);

  // -- For the callbacks of the library.

  // The call that was answered, to be turned into a task for Answer; nullptr after End.
  std::unique_ptr<ZkCall> Take(const ZkCall* call);
  // Tells a caller. `watch_set`: whether the service keeps the watch that went with it.
  void Answer(uint64_t watch, bool watch_set, runtime::Task task);
  void Fire(uint64_t watch, WatchEvent event);
  // `state` is one of the library's.
  void OnState(_zhandle* handle, int state);

 private:
  using Calls = std::vector<std::unique_ptr<ZkCall>>;

  void MakeHandle();
  // Still not connected: the server may have taken the connection and said nothing, as one does
  // that is starting, and the library would wait for it for most of the session's timeout.
  void MakeAnotherHandle();
  // The operations that wait for the first connection have waited long enough.
  void StopHolding();
  void Send(std::unique_ptr<ZkCall> call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fail(std::unique_ptr<ZkCall> call, MetaCode code) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Post(runtime::Task task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PostState(SessionState state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseHandle();

  const ZooKeeperOptions options_;
  runtime::ThreadPool& opener_;
  std::atomic<int64_t> id_ = 0;
  std::atomic<int64_t> timeout_ms_;
  std::atomic<bool> ended_ = false;  // Written under mutex_.

  absl::Mutex mutex_;
  runtime::Strand* strand_ ABSL_GUARDED_BY(mutex_);
  // Runs on the strand only; shared with the tasks posted there.
  std::shared_ptr<absl::AnyInvocable<void(SessionState)>> on_state_ ABSL_GUARDED_BY(mutex_);
  _zhandle* handle_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::optional<SessionState> state_ ABSL_GUARDED_BY(mutex_);  // None: was never connected.
  bool remaking_ ABSL_GUARDED_BY(mutex_) = false;  // The handle that tells of a state is closing.
  bool holding_ ABSL_GUARDED_BY(mutex_) = true;    // Operations wait in held_.
  std::deque<std::unique_ptr<ZkCall>> held_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<const ZkCall*, std::unique_ptr<ZkCall>> calls_ ABSL_GUARDED_BY(mutex_);
  Calls dropped_ ABSL_GUARDED_BY(mutex_);  // Until the handle is closed.
  std::map<uint64_t, Watch> watches_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_watch_ ABSL_GUARDED_BY(mutex_) = 1;
};

// The library's watcher (watcher_fn) of one watch, whose number is the context; its handle's
// context is the ZkSession.
void OnZooKeeperWatch(_zhandle* handle, int type, int state, const char* path, void* watch);

}  // namespace strom::metadata
