#pragma once

#include <cstdint>

#include "common/runtime/time.h"

namespace strom::prove {

// When operations are due that come at a fixed rate, whatever becomes of them: who waits for
// answers measures a service that is away with few operations, and calls it fast.
class OpenLoop {
 public:
  // The first is due at `start`. `per_second` > 0.
  OpenLoop(MonoTime start, double per_second) : start_(start), nanos_between_(1e9 / per_second) {}

  // The number of the next operation if it is due at `now`: 0, 1, ...; else -1.
  int64_t TakeDue(MonoTime now) {
    const auto due = static_cast<double>(next_) * nanos_between_;
    return static_cast<double>((now - start_).nanos()) < due ? -1 : next_++;
  }

 private:
  MonoTime start_;
  double nanos_between_;
  int64_t next_ = 0;
};

}  // namespace strom::prove
