#pragma once

#include <iosfwd>

namespace strom::cli {

// Where a command reads and writes: the terminal, or strings in a test. Results go to `out`,
// everything else to `err`.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

}  // namespace strom::cli
