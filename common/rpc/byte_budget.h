#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <absl/functional/any_invocable.h>

namespace strom::rpc {

class ByteBudget;

// Bytes taken from a budget, given back on destruction. Move-only; outlives its budget if it must.
class ByteLease {
 public:
  ByteLease() = default;  // Of nothing.
  ByteLease(ByteLease&& other) noexcept
      : pool_(std::move(other.pool_)), bytes_(std::exchange(other.bytes_, 0)) {}
  ByteLease& operator=(ByteLease&& other) noexcept;
  ~ByteLease() { Return(); }

  size_t bytes() const { return bytes_; }
  // Gives the bytes back now. May run the continuations of waiting requests on this thread.
  void Return();

 private:
  friend class ByteBudget;
  struct Pool;
  ByteLease(std::shared_ptr<Pool> pool, size_t bytes) : pool_(std::move(pool)), bytes_(bytes) {}

  std::shared_ptr<Pool> pool_;
  size_t bytes_ = 0;
};

// The memory that requests of one server may occupy between arrival and answer, shared by all its
// listeners: admission control. A transport takes a request's size before it dispatches it, and
// stops reading from that connection while it has to wait.
//
// Thread-safe. Waiters are served in the order they came, and nobody overtakes them, so a large
// request is not starved by small ones. A request larger than the whole budget is let in alone.
class ByteBudget {
 public:
  using Granted = absl::AnyInvocable<void(ByteLease)>;

  explicit ByteBudget(size_t limit_bytes);

  // A lease if the bytes are free and nobody waits.
  std::optional<ByteLease> TryAcquire(size_t bytes);

  // Calls `granted` exactly once with the lease, possibly before this returns, on the thread that
  // gave the bytes back. A caller that no longer wants them lets the lease go.
  void Acquire(size_t bytes, Granted granted);

  size_t limit_bytes() const;
  size_t used_bytes() const;
  size_t waiting() const;  // Requests that wait.

 private:
  std::shared_ptr<ByteLease::Pool> pool_;
};

}  // namespace strom::rpc
