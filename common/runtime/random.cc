#include "common/runtime/random.h"

#include "common/base/check.h"

namespace strom::runtime {

uint64_t Random::Uniform(uint64_t bound) {
  STROM_CHECK(bound > 0);
  // 2^64 is no multiple of most bounds: numbers below the remainder would come up too often.
  const uint64_t remainder = (0 - bound) % bound;
  uint64_t number = Next();
  while (number < remainder) number = Next();
  return number % bound;
}

bool Random::Chance(double probability) {
  STROM_CHECK(probability >= 0 && probability <= 1) << probability;
  const double unit = static_cast<double>(Next() >> 11) * 0x1.0p-53;  // In [0, 1).
  return unit < probability;
}

}  // namespace strom::runtime
