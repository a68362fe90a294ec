#include "common/runtime/notification.h"

#include "common/runtime/system_clock.h"

namespace strom::runtime {

Notification::~Notification() { WaitLock lock(mutex_); }

void Notification::Notify() {
  WaitLock lock(mutex_);
  notified_ = true;
  condition_.NotifyAll();  // Under the lock: afterwards a waiter may already have destroyed us.
}

bool Notification::HasBeenNotified() const {
  WaitLock lock(mutex_);
  return notified_;
}

bool Notification::WaitUntil(MonoTime deadline) const {
  WaitLock lock(mutex_);
  while (!notified_ && SystemNow() < deadline) condition_.WaitUntil(mutex_, deadline);
  return notified_;
}

bool Notification::WaitFor(MonoDuration duration) const {
  return WaitUntil(SystemNow() + duration);
}

}  // namespace strom::runtime
