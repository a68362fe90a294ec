#include "common/runtime/notification.h"

#include "common/runtime/thread_waits.h"

namespace strom::runtime {

Notification::~Notification() { WaitLock lock(mutex_); }

void Notification::Notify() {
  WaitLock lock(mutex_);
  notified_ = true;
  condition_.NotifyAll();  // Under the lock: afterwards a waiter may already have destroyed us.
  if (ThreadWaits* const waits = ThreadWaits::Current()) waits->Wake(this);
}

bool Notification::HasBeenNotified() const {
  WaitLock lock(mutex_);
  return notified_;
}

bool Notification::WaitUntil(MonoTime deadline) const {
  if (ThreadWaits* const waits = ThreadWaits::Current()) {
    while (!HasBeenNotified() && waits->Now() < deadline) waits->Sleep(this, deadline);
    return HasBeenNotified();
  }
  WaitLock lock(mutex_);
  while (!notified_ && WaitNow() < deadline) condition_.WaitUntil(mutex_, deadline);
  return notified_;
}

bool Notification::WaitFor(MonoDuration duration) const {
  return WaitUntil(WaitNow() + duration);
}

}  // namespace strom::runtime
