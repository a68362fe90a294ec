#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/result.h"
#include "common/runtime/time.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {

// Writes that are in a bucket's log and are answered once they are committed, by the offset that
// takes. Owned by a replica, used on its strand; how many there may be is bounded where requests
// enter the server.
class WriteWaiters {
 public:
  using Done = absl::AnyInvocable<void(Result<AppendInfo>)>;

  // A write that was taken out; its caller answers it when its own state is settled.
  struct Taken {
    AppendInfo info;
    Done done;
  };

  // Waits for everything below info.next_offset to be committed.
  void Add(AppendInfo info, MonoTime deadline, Done done);

  // Takes out those that wait for `committed` or less, lowest offset first.
  std::vector<Taken> TakeUpTo(LogOffset committed);
  // Those whose deadline is here.
  std::vector<Taken> TakeExpired(MonoTime now);
  std::vector<Taken> TakeAll();

  // Of all waiters; Infinite if there are none with one.
  MonoTime next_deadline() const;
  size_t size() const { return by_offset_.size(); }

 private:
  struct Waiter {
    Taken write;
    MonoTime deadline;
  };
  using Key = std::pair<LogOffset, uint64_t>;  // And the order in which they came.

  Taken Remove(std::map<Key, Waiter>::iterator waiter);

  std::map<Key, Waiter> by_offset_;
  std::map<std::pair<MonoTime, uint64_t>, LogOffset> by_deadline_;
  uint64_t next_ = 0;
};

}  // namespace strom::tablet
