#include "common/rpc/byte_budget.h"

#include <deque>
#include <vector>

#include "common/base/check.h"
#include "common/runtime/wait.h"

namespace strom::rpc {

struct ByteLease::Pool : std::enable_shared_from_this<ByteLease::Pool> {
  struct Waiter {
    size_t bytes;
    ByteBudget::Granted granted;
  };

  explicit Pool(size_t limit) : limit_bytes(limit) {}

  bool Fits(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return used_bytes == 0 || (used_bytes <= limit_bytes && bytes <= limit_bytes - used_bytes);
  }

  bool Take(size_t bytes) {
    runtime::WaitLock lock(mutex);
    if (!waiters.empty() || !Fits(bytes)) return false;
    used_bytes += bytes;
    return true;
  }

  void Give(size_t bytes) {
    {
      runtime::WaitLock lock(mutex);
      STROM_CHECK(bytes <= used_bytes);
      used_bytes -= bytes;
    }
    ServeWaiters();
  }

  // Continuations run without the lock. One that gives its lease back at once comes here again:
  // the loop that is already running then serves the next, so the stack stays flat.
  void ServeWaiters() {
    mutex.Lock();
    if (serving) {
      mutex.Unlock();
      return;
    }
    serving = true;
    while (!waiters.empty() && Fits(waiters.front().bytes)) {
      Waiter next = std::move(waiters.front());
      waiters.pop_front();
      used_bytes += next.bytes;
      mutex.Unlock();
      next.granted(ByteLease(shared_from_this(), next.bytes));
      mutex.Lock();
    }
    serving = false;
    mutex.Unlock();
  }

  const size_t limit_bytes;
  runtime::WaitMutex mutex;
  size_t used_bytes ABSL_GUARDED_BY(mutex) = 0;
  std::deque<Waiter> waiters ABSL_GUARDED_BY(mutex);  // One a connection or unary call.
  bool serving ABSL_GUARDED_BY(mutex) = false;
};

ByteLease& ByteLease::operator=(ByteLease&& other) noexcept {
  if (this != &other) {
    Return();
    pool_ = std::move(other.pool_);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void ByteLease::Return() {
  if (const std::shared_ptr<Pool> pool = std::move(pool_)) pool->Give(std::exchange(bytes_, 0));
}

ByteBudget::ByteBudget(size_t limit_bytes)
    : pool_(std::make_shared<ByteLease::Pool>(limit_bytes)) {}

std::optional<ByteLease> ByteBudget::TryAcquire(size_t bytes) {
  if (!pool_->Take(bytes)) return std::nullopt;
  return ByteLease(pool_, bytes);
}

void ByteBudget::Acquire(size_t bytes, Granted granted) {
  {
    runtime::WaitLock lock(pool_->mutex);
    pool_->waiters.push_back({bytes, std::move(granted)});
  }
  pool_->ServeWaiters();
}

size_t ByteBudget::limit_bytes() const { return pool_->limit_bytes; }

size_t ByteBudget::used_bytes() const {
  runtime::WaitLock lock(pool_->mutex);
  return pool_->used_bytes;
}

size_t ByteBudget::waiting() const {
  runtime::WaitLock lock(pool_->mutex);
  return pool_->waiters.size();
}

}  // namespace strom::rpc
