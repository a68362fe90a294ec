#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "common/rpc/channel.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/types/server_node.h"

namespace strom::client {

// Looks after calls that have had no answer for a while.
//
// A server that stands still, or that packets no longer reach, breaks no connection: who waits for
// it would wait for the timeout of the call, while others lead its buckets already. So, while a
// call is older than `patience`, it is asked once every `patience` who is in the cluster; the
// connections to a server that is not in it any more are broken, upon which its calls end with
// kNetwork, and those who made them turn to whoever leads now. What such a server did, it did: that
// doubt is the same with every broken connection.
//
// Thread-safe; shared by its timer and the calls under way.
class CallWatch : public std::enable_shared_from_this<CallWatch> {
 public:
  // Its functions are called one at a time, on any thread and without a lock.
  struct World {
    runtime::Executor& executor;
    const runtime::Clock& clock;
    // Asks who is in the cluster, then calls its argument: with false if nobody answered.
    absl::AnyInvocable<void(absl::AnyInvocable<void(bool)>)> refresh;
    // Whether the server, at this address, is in the cluster: by the last answer.
    absl::AnyInvocable<bool(const ServerNode&)> is_member;
    // Breaks the connections to it.
    absl::AnyInvocable<void(const ServerNode&)> disconnect;
  };

  CallWatch(World world, MonoDuration patience) : world_(std::move(world)), patience_(patience) {}

  // What is to be called with the answer to a call to `server` that begins now.
  rpc::Channel::Done Watch(const ServerNode& server, rpc::Channel::Done done);
  // Asks for nothing any more.
  void Close();

 private:
  struct Call {
    ServerNode server;
    MonoTime since;
  };

  void End(uint64_t call);
  // Looks again at `when`; one timer at a time.
  void LookAt(MonoTime when) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Look();
  void OnRefreshed(bool answered);

  World world_;
  const MonoDuration patience_;
  absl::Mutex mutex_;
  std::map<uint64_t, Call> calls_ ABSL_GUARDED_BY(mutex_);  // Oldest first.
  uint64_t next_call_ ABSL_GUARDED_BY(mutex_) = 0;
  bool looking_ ABSL_GUARDED_BY(mutex_) = false;  // A timer or a refresh will go on.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace strom::client
