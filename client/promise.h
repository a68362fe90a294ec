#pragma once

#include <memory>
#include <utility>

#include "client/include/strom/future.h"

namespace strom::client {

// The duty to give a Future its outcome. Move-only. Dropped without one (the task that carried it
// was, at shutdown), it gives kNetwork, so that nobody waits for ever.
template <class T>
class Promise {
 public:
  Promise() : state_(std::make_shared<internal::FutureState<T>>()) {}
  Promise(Promise&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Promise& operator=(Promise&&) = delete;
  ~Promise() {
    if (state_) {
      Set(Error(ErrorCode::kNetwork, "the connection was closed before the operation ended"));
    }
  }

  // At most once; before Set.
  Future<T> future() const { return Future<T>(state_); }

  void Set(Outcome<T> outcome) { std::exchange(state_, nullptr)->Set(std::move(outcome)); }

 private:
  std::shared_ptr<internal::FutureState<T>> state_;
};

// A future that is ready.
template <class T>
Future<T> Ready(Outcome<T> outcome) {
  Promise<T> promise;
  Future<T> future = promise.future();
  promise.Set(std::move(outcome));
  return future;
}

}  // namespace strom::client
