#pragma once

#include "common/runtime/time.h"

namespace strom::runtime {

// How threads wait where they are not the kernel's: in the simulated world, where all threads of
// all machines take turns on the one of the test (tests/sim/world/sim_threads.h). Real threads have
// none, and sleep on condition variables. Which world a thread lives in is a property of the
// thread, so this is set for the thread and not handed around; what waits (Notification) asks.
class ThreadWaits {
 public:
  virtual ~ThreadWaits() = default;

  // The clock that deadlines of waits are of.
  virtual MonoTime Now() const = 0;
  // Puts the calling thread to sleep until Wake is called with `what`, or until `deadline`; now and
  // then for no reason.
  virtual void Sleep(const void* what, MonoTime deadline) = 0;
  virtual void Wake(const void* what) = 0;

  // Those of the calling thread; null: it is a real one.
  static ThreadWaits* Current();
  // To be reset before `waits` goes.
  static void SetCurrent(ThreadWaits* waits);
};

// The present time of the clock by which the calling thread waits.
MonoTime WaitNow();

}  // namespace strom::runtime
