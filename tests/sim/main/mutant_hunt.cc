#include "tests/sim/main/mutant_hunt.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "tests/sim/main/mutants.h"
#include "tests/sim/main/sim_runner.h"

namespace strom::sim {
namespace {

// "S1 S9" for violations of these; those of our own checks have no name.
std::string CheckersOf(const std::vector<std::string>& violations) {
  std::set<std::string> names;
  for (const std::string& violation : violations) {
    const std::string name = violation.substr(0, violation.find(' '));
    names.insert(name == "died" ? "STROM_CHECK" : name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

const MutantInfo& InfoOf(Mutant mutant) {
  return *std::ranges::find(Mutants(), mutant, &MutantInfo::mutant);
}

}  // namespace

int HuntMutants(const SimOptions& options) {
  SeedLane lane;
  lane.seeds.resize(options.seeds);
  std::iota(lane.seeds.begin(), lane.seeds.end(), options.from);
  lane.ends_at_violation = true;
  std::vector<SeedLane> lanes;
  for (const Mutant mutant : options.mutants) {
    lane.mutant = mutant;
    lanes.push_back(lane);
  }
  std::printf("%-28s %-38s %-20s %s\n", "mutant", "place", "caught by", "seeds");
  std::vector<size_t> seeds_needed;
  RunLanes(std::move(lanes), options, [&](size_t i, const std::vector<SeedReport>& reports) {
    const MutantInfo& mutant = InfoOf(options.mutants[i]);
    const bool caught = !reports.back().violations.empty();
    if (caught) seeds_needed.push_back(reports.size());
    std::printf("%-28s %-38s %-20s %zu\n", std::string(mutant.name).c_str(),
                std::string(mutant.place).c_str(),
                caught ? CheckersOf(reports.back().violations).c_str() : "NOT CAUGHT",
                reports.size());
    std::fflush(stdout);
  });
  std::ranges::sort(seeds_needed);
  std::printf("mutants: %zu of %zu caught, median %zu seeds\n", seeds_needed.size(),
              options.mutants.size(),
              seeds_needed.empty() ? 0 : seeds_needed[(seeds_needed.size() - 1) / 2]);
  return seeds_needed.size() == options.mutants.size() ? 0 : 1;
}

}  // namespace strom::sim
