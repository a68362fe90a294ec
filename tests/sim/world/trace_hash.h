#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/crc32c.h"

namespace strom::sim {

// A running hash of what happened in a simulated world, in order. The same seed must give the same
// hash; if it does not, something beside the seed decided: a hash map's order, an address, a clock.
class TraceHash {
 public:
  void Mix(uint64_t number) {
    value_ = (value_ ^ number) * 0x9e3779b97f4a7c15;
    value_ ^= value_ >> 29;
  }
  void Mix(std::string_view text) {
    Mix(text.size());
    Mix(Crc32c(text));
  }

  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0x5354524f4d;
};

}  // namespace strom::sim
