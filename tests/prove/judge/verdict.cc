#include "tests/prove/judge/verdict.h"

#include <string_view>
#include <utility>

#include "tests/sim/checkers/log_checkers.h"
#include "tests/sim/checkers/table_checkers.h"

namespace strom::prove {
namespace {

int64_t* CounterOf(std::string_view invariant, Verdict* verdict) {
  if (invariant == "S1" || invariant == "S5") return &verdict->lost;
  if (invariant == "S2") return &verdict->duplicated;
  if (invariant == "S3" || invariant == "S6" || invariant == "S9" || invariant == "S10" ||
      invariant == "S11") {
    return &verdict->changed;
  }
  return invariant == "S12" ? &verdict->stale : &verdict->other;
}

}  // namespace

Verdict Count(sim::Violations violations) {
  Verdict verdict;
  for (const std::string& violation : violations) {
    ++*CounterOf(std::string_view(violation).substr(0, violation.find(' ')), &verdict);
  }
  verdict.violations = std::move(violations);
  return verdict;
}

Verdict Judge(const sim::History& history, const sim::FinalState& end) {
  sim::Violations all;
  for (const sim::Violations& found :
       {sim::CheckNothingLost(history, end), sim::CheckNoDuplicates(end),
        sim::CheckOneValuePerOffset(history, end), sim::CheckWriterOrder(end),
        sim::CheckCommittedStays(history, end), sim::CheckContiguity(history, end),
        sim::CheckHighWatermarks(history), sim::CheckLeaderships(history),
        sim::CheckReplicasIdentical(end), sim::CheckRowsAreFold(end), sim::CheckChangelog(end),
        sim::CheckLookups(history, end)}) {
    all.insert(all.end(), found.begin(), found.end());
  }
  return Count(std::move(all));
}

}  // namespace strom::prove
