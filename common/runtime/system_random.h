#pragma once

#include <random>

#include "common/runtime/random.h"
#include "common/runtime/wait.h"

namespace strom::runtime {

// Random numbers of a real process, seeded with 256 bits from the kernel: any thread. For ids and
// jitter; not for secrets.
class RealRandom final : public Random {
 public:
  RealRandom();
  uint64_t Next() override;

 private:
  WaitMutex mutex_;
  std::mt19937_64 engine_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::runtime
