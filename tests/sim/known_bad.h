#pragma once

#include <string>

#include "tests/sim/checkers/history.h"

// What the tests of the checkers share: histories are short, and what is found is looked for by a
// part of its words.
namespace strom::sim {

inline MonoTime Ms(int64_t ms) { return MonoTime() + Millis(ms); }

inline bool Found(const Violations& violations, const std::string& what) {
  for (const std::string& violation : violations) {
    if (violation.find(what) != std::string::npos) return true;
  }
  return false;
}

}  // namespace strom::sim
