#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "common/base/check.h"
#include "common/base/result.h"
#include "common/runtime/notification.h"

namespace strom::client {

// What an operation that gives a T ends with: Result<T>, or Status if it gives nothing.
template <class T>
struct OutcomeOf {
  using Type = Result<T>;
};
template <>
struct OutcomeOf<void> {
  using Type = Status;
};
template <class T>
using Outcome = typename OutcomeOf<T>::Type;

namespace internal {

// Shared by a future and its promise (client/promise.h).
template <class T>
class FutureState {
 public:
  using Continuation = absl::AnyInvocable<void(Outcome<T>)>;

  void Set(Outcome<T> outcome) {
    Continuation then;
    {
      absl::MutexLock lock(&mutex_);
      if (then_) {
        then = std::exchange(then_, nullptr);
      } else {
        outcome_ = std::move(outcome);
      }
    }
    if (then) {
      then(std::move(outcome));
    } else {
      done_.Notify();
    }
  }

  void Then(Continuation then) {
    std::optional<Outcome<T>> outcome;
    {
      absl::MutexLock lock(&mutex_);
      outcome = std::exchange(outcome_, std::nullopt);
      if (!outcome) then_ = std::move(then);
    }
    if (outcome) then(*std::move(outcome));
  }

  Outcome<T> Take() {
    done_.Wait();
    absl::MutexLock lock(&mutex_);
    return *std::exchange(outcome_, std::nullopt);
  }

  const runtime::Notification& done() const { return done_; }

 private:
  absl::Mutex mutex_;
  std::optional<Outcome<T>> outcome_ ABSL_GUARDED_BY(mutex_);
  Continuation then_ ABSL_GUARDED_BY(mutex_);
  runtime::Notification done_;
};

}  // namespace internal

// The outcome of an operation that is under way. Move-only; used up by Get or Then, one of them,
// once. It always comes: an operation whose connection is closed ends with kNetwork. Letting a
// future go does not stop its operation.
//
//   Result<TableInfo> table = connection->admin().GetTable(path).Get();    // Waits.
//   connection->admin().GetTable(path).Then([](Result<TableInfo> t) {…});  // Does not.
template <class T>
class [[nodiscard]] Future {
 public:
  explicit Future(std::shared_ptr<internal::FutureState<T>> state) : state_(std::move(state)) {}
  Future(Future&&) noexcept = default;
  Future& operator=(Future&&) noexcept = default;

  // Waits. Never in a continuation or callback of this client: it may wait for itself there.
  Outcome<T> Get() { return TakeState()->Take(); }

  // False if the outcome has not come within `timeout`; waiting may go on.
  bool WaitFor(MonoDuration timeout) const { return state_->done().WaitFor(timeout); }
  bool ready() const { return state_->done().HasBeenNotified(); }

  // Calls `then` once with the outcome: at once if it is there, else on one of the client's
  // threads, where it must not block.
  void Then(absl::AnyInvocable<void(Outcome<T>)> then) { TakeState()->Then(std::move(then)); }

 private:
  std::shared_ptr<internal::FutureState<T>> TakeState() {
    STROM_CHECK(state_ != nullptr) << "a future gives its outcome once";
    return std::exchange(state_, nullptr);
  }

  std::shared_ptr<internal::FutureState<T>> state_;
};

}  // namespace strom::client
