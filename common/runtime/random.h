#pragma once

#include <cstdint>

namespace strom::runtime {

// Ids, jitter, tie-breaking. Real: seeded from the kernel; simulated: from the run's seed.
class Random {
 public:
  virtual ~Random() = default;

  virtual uint64_t Next() = 0;
  // Uniform in [0, bound); bound > 0.
  uint64_t Uniform(uint64_t bound);
  // True with this probability, 0..1.
  bool Chance(double probability);
};

}  // namespace strom::runtime
