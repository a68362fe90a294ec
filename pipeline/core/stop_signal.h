#pragma once

#include <cstdint>
#include <map>

#include <absl/functional/any_invocable.h>

#include "common/runtime/notification.h"
#include "common/runtime/wait.h"

namespace strom::pipeline {

// Tells a job to stop, once. Any thread asks; the job looks, waits, or is called.
class StopSignal {
 public:
  StopSignal() = default;
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void Request();
  bool requested() const { return requested_.HasBeenNotified(); }

  // Waits up to `duration`; true if the stop was asked for.
  bool WaitFor(MonoDuration duration) const { return requested_.WaitFor(duration); }

  // Runs `on_stop` when the stop is asked for, on the thread that asks, or at once if it was asked
  // for already. Short work only; never after the listener is gone.
  class Listener {
   public:
    Listener(StopSignal& signal, absl::AnyInvocable<void()> on_stop);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    StopSignal& signal_;
    uint64_t id_ = 0;
  };

 private:
  runtime::Notification requested_;
  runtime::WaitMutex mutex_;
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, absl::AnyInvocable<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::pipeline
