#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/types/ids.h"

namespace strom::tablet {

// Who waits for a bucket's committed end to pass an offset: fetches at the end of the log. Owned by
// a replica, used on its strand.
class OffsetWaiters {
 public:
  using Wake = absl::AnyInvocable<void()>;
  using Id = uint64_t;

  // `wake` is taken once the end is above `offset`, or by TakeAll. `id` is the caller's name for
  // it; no waiter that is still here has it.
  void Add(Id id, LogOffset offset, Wake wake);
  // Forgets a waiter; unknown ids are ignored (it was woken).
  void Remove(Id id);

  // Takes out the waiters for offsets below `end`, lowest offset first. The caller runs them when
  // its own state is settled: a waiter may call back.
  std::vector<Wake> TakeBelow(LogOffset end);
  std::vector<Wake> TakeAll();

  size_t size() const { return waiters_.size(); }

 private:
  std::map<std::pair<LogOffset, Id>, Wake> waiters_;
  std::map<Id, LogOffset> offsets_;
};

}  // namespace strom::tablet
