#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/mutation.h"
#include "common/base/result.h"
#include "tests/sim/cluster/sim_config.h"

namespace strom::sim {

// What strom-sim was asked for.
struct SimOptions {
  uint64_t from = 1;               // --from S
  uint64_t seeds = 100;            // --seeds N
  std::optional<uint64_t> single;  // --seed S: this one, in this process
  bool trace = false;              // --trace: with --seed, what happens, line by line
  uint64_t twice = 0;              // --twice N: the first N run again, for the same trace hash
  int jobs = 2;                    // --jobs J: processes
  int replication_factor_max = kReplicationFactorMax;  // --rf R: 1 for no replication
  std::vector<Mutant> mutants;  // --mutant NAME, several times; --mutants: all
};

inline constexpr const char* kSimUsage =
    "strom-sim --seeds N [--from S] [--rf R] [--jobs J] [--twice N]   runs seeds S, S+1, ...\n"
    "strom-sim --seed S [--rf R] [--trace] [--mutant NAME]            runs one\n"
    "strom-sim --mutants|--mutant NAME... [--seeds N] [--from S] [--jobs J]\n"
    "                                          seeds until a checker finds each known bug\n";

// Errors: kInvalidConfig naming the argument.
Result<SimOptions> ParseSimOptions(const std::vector<std::string>& arguments);

}  // namespace strom::sim
