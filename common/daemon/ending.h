#pragma once

#include <memory>
#include <utility>

#include <absl/functional/any_invocable.h>

#include "common/base/status.h"
#include "common/runtime/notification.h"

namespace strom::daemon {

// The outcome of something that ends on another thread: a server's start or stop, as the thread of
// a main waits for it.
class Ending {
 public:
  // Called once, with the outcome; may be called after the Ending is gone.
  absl::AnyInvocable<void(Status)> Callback() {
    return [state = state_](Status status) {
      state->status = std::move(status);
      state->done.Notify();
    };
  }
  bool ended() const { return state_->done.HasBeenNotified(); }
  // Once it has ended.
  const Status& status() const { return state_->status; }
  const Status& Wait() const {
    state_->done.Wait();
    return state_->status;
  }

 private:
  struct State {
    runtime::Notification done;
    Status status;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace strom::daemon
