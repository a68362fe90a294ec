#include "tablet/replica/durability_rule.h"

#include <algorithm>

#include "common/base/mutation.h"

namespace strom::tablet {

DurabilityTerms TermsOf(std::optional<Durability> chosen, size_t replica_count,
                        const DurabilityPolicy& policy) {
  const Durability standard = replica_count == 1 ? Durability::kReplicated : policy.standard;
  const Durability durability = chosen.value_or(standard);
  const bool leader_alone = durability == Durability::kLeader || Mutated(Mutant::kNoIsrMin);
  if (leader_alone) return {.durability = durability, .isr_min = 1};
  const size_t isr_min = std::max<size_t>(policy.isr_min, 2);
  return {.durability = durability, .isr_min = std::min(isr_min, replica_count)};
}

}  // namespace strom::tablet
