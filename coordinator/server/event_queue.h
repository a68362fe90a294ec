#pragma once

#include <deque>

#include <absl/functional/any_invocable.h>

#include "common/runtime/executor.h"

namespace strom::coordinator {

// The events of a term, one after another: an event may make calls to the metadata store, and the
// next one begins when it says that it has finished. So each event sees the cluster as the one
// before left it, in memory and in the store.
//
// On one strand; the caller bounds the length. Destroyed with events waiting, it drops them.
class EventQueue {
 public:
  // Calls `finished` exactly once, possibly before it returns, unless the queue is gone by then.
  using Event = absl::AnyInvocable<void(runtime::Task finished)>;

  // Runs at once if nothing else does.
  void Add(Event event);

  size_t waiting() const { return waiting_.size(); }

 private:
  void RunNext();

  std::deque<Event> waiting_;
  bool busy_ = false;     // An event has not finished.
  bool running_ = false;  // RunNext is on the stack.
};

}  // namespace strom::coordinator
