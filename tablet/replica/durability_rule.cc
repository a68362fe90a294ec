#include "tablet/replica/durability_rule.h"

#include <algorithm>

namespace strom::tablet {

DurabilityTerms TermsOf(std::optional<Durability> chosen, size_t replica_count,
                        const DurabilityPolicy& policy) {
  const Durability standard = replica_count == 1 ? Durability::kReplicated : policy.standard;
  const Durability durability = chosen.value_or(standard);
  if (durability == Durability::kLeader) return {.durability = durability, .isr_min = 1};
  const size_t isr_min = std::max<size_t>(policy.isr_min, 2);
  return {.durability = durability, .isr_min = std::min(isr_min, replica_count)};
}

}  // namespace strom::tablet
