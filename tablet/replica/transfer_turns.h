#pragma once

#include <cstdint>
#include <map>

#include <absl/synchronization/mutex.h>

#include "common/runtime/executor.h"

namespace strom::tablet {

// Whose turn it is to bring a snapshot into the object store. Of all buckets of a server only so
// many at a time do: the threads that wait for disks are few, and syncs, for which writers wait,
// need them too, also when the object store is slow or hangs.
//
// Any thread.
class TransferTurns {
 public:
  explicit TransferTurns(int at_once) : free_(at_once) {}

  using Id = uint64_t;

  // Runs `begin`, which is short, when it is its turn: inside, or inside GiveBack of an earlier
  // one. Who has begun gives the turn back, once.
  Id Take(runtime::Task begin);
  void GiveBack();

  // Whether that one had not begun; it never will then.
  bool Withdraw(Id id);

 private:
  absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  Id last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Id, runtime::Task> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::tablet
