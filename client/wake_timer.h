#pragma once

#include <memory>
#include <utility>

#include <absl/functional/any_invocable.h>

#include "common/runtime/strand.h"

namespace strom::client {

// When its owner looks again for something to do. A member of its owner, used on its strand.
class WakeTimer {
 public:
  // Calls `wake` on `strand` at `when`, if `owner` still lives then, unless an earlier call is due:
  // its wake arms the timer anew.
  void Arm(runtime::Strand& strand, MonoTime when, std::weak_ptr<const void> owner,
           absl::AnyInvocable<void()> wake) {
    if (when >= at_) return;
    if (timer_ != runtime::kNoTimer) strand.Cancel(timer_);
    at_ = when;
    timer_ =
        strand.PostAt(when, [this, owner = std::move(owner), wake = std::move(wake)]() mutable {
          const std::shared_ptr<const void> alive = owner.lock();
          if (!alive) return;
          timer_ = runtime::kNoTimer;
          at_ = MonoTime::Infinite();
          wake();
        });
  }

 private:
  runtime::TimerId timer_ = runtime::kNoTimer;
  MonoTime at_ = MonoTime::Infinite();
};

}  // namespace strom::client
