#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "common/rpc/framed/event_loop.h"

namespace strom::rpc::framed {

// The event loops of a network; connections are dealt to them in turn. Thread-safe.
class EventLoops {
 public:
  EventLoops(const runtime::Clock& clock, int count) {
    for (int i = 0; i < count; ++i) loops_.push_back(std::make_unique<EventLoop>(clock));
  }
  // Sockets of one loop may be held by tasks of another: all stop before the first is destroyed.
  ~EventLoops() {
    for (auto& loop : loops_) loop->Stop();
  }

  EventLoop& first() { return *loops_.front(); }
  EventLoop& Next() { return *loops_[next_++ % loops_.size()]; }

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;  // Not empty.
  std::atomic<size_t> next_ = 0;
};

}  // namespace strom::rpc::framed
