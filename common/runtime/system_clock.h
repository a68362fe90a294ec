#pragma once

#include "common/runtime/clock.h"

namespace strom::runtime {

// The kernel's monotonic clock, counted from boot. It runs on while the process is stopped and
// while the machine is suspended: who counts a lease by it never believes in one that is over. Only
// common/runtime calls this; all others are handed a Clock.
MonoTime SystemNow();

// How long the calling thread has worked since it began; 0 in a world without time for work
// (thread_waits.h).
MonoDuration ThreadCpuTime();

// The clock of a real process: any thread. Ends the process if monotonic time goes back.
class RealClock final : public Clock {
 public:
  MonoTime Now() const override { return SystemNow(); }
  WallMillis WallNow() const override;
};

}  // namespace strom::runtime
