#pragma once

#include "common/runtime/time.h"

namespace strom::runtime {

// The two clocks of the world. Real: the kernel's; simulated: virtual time, with wall-clock jumps.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back.
  virtual MonoTime Now() const = 0;
  // May jump either way.
  virtual WallMillis WallNow() const = 0;
};

}  // namespace strom::runtime
