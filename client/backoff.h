#pragma once

#include <algorithm>

#include "common/runtime/random.h"
#include "common/runtime/time.h"

namespace strom::client {

// How long to pause before something that failed is tried again.
struct Backoff {
  MonoDuration initial;
  MonoDuration max;

  // After `failures` >= 1 failures in a row: twice as long each time, and up to a quarter more, so
  // that many clients do not come back at the same moment.
  MonoDuration After(int failures, runtime::Random& random) const {
    int64_t pause = initial.nanos();
    for (int i = 1; i < failures && pause < max.nanos(); ++i) pause *= 2;
    pause = std::min(pause, max.nanos());
    return MonoDuration::FromNanos(
        pause + static_cast<int64_t>(random.Uniform(static_cast<uint64_t>(pause) / 4 + 1)));
  }
};

}  // namespace strom::client
