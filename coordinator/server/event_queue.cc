#include "coordinator/server/event_queue.h"

#include <utility>

namespace strom::coordinator {

void EventQueue::Add(Event event) {
  waiting_.push_back(std::move(event));
  RunNext();
}

void EventQueue::RunNext() {
  if (running_) return;  // The loop below goes on.
  running_ = true;
  while (!busy_ && !waiting_.empty()) {
    busy_ = true;
    Event event = std::move(waiting_.front());
    waiting_.pop_front();
    event([this] {
      busy_ = false;
      RunNext();
    });
  }
  running_ = false;
}

}  // namespace strom::coordinator
