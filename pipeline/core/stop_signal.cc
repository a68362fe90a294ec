#include "pipeline/core/stop_signal.h"

#include <utility>

namespace strom::pipeline {

void StopSignal::Request() {
  const runtime::WaitLock lock(mutex_);
  if (requested_.HasBeenNotified()) return;
  requested_.Notify();
  for (auto& [id, on_stop] : listeners_) on_stop();
}

StopSignal::Listener::Listener(StopSignal& signal, absl::AnyInvocable<void()> on_stop)
    : signal_(signal) {
  const runtime::WaitLock lock(signal_.mutex_);
  if (signal_.requested_.HasBeenNotified()) {
    on_stop();
    return;
  }
  id_ = ++signal_.last_id_;
  signal_.listeners_.emplace(id_, std::move(on_stop));
}

StopSignal::Listener::~Listener() {
  const runtime::WaitLock lock(signal_.mutex_);
  signal_.listeners_.erase(id_);
}

}  // namespace strom::pipeline
