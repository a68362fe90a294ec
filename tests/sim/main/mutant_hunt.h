#pragma once

#include "tests/sim/main/sim_options.h"

namespace strom::sim {

// Runs seeds under each of options.mutants until one fails, at most options.seeds, and prints a
// line for each as it ends: which checkers found it, and after how many seeds. The seeds are those
// of every run, which fail without mutants for a bug only. 0 if all were caught.
int HuntMutants(const SimOptions& options);

}  // namespace strom::sim
