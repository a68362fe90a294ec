#pragma once

#include <random>

#include "common/runtime/random.h"

namespace strom::sim {

// Random numbers that follow from a seed, the same on every machine.
class SimRandom final : public runtime::Random {
 public:
  explicit SimRandom(uint64_t seed) : engine_(seed) {}

  uint64_t Next() override { return engine_(); }

  // A stream of its own for one part of the world, so that what it draws shifts no other part.
  SimRandom Fork() { return SimRandom(Next()); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace strom::sim
