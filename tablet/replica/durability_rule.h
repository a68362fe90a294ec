#pragma once

#include <cstddef>
#include <optional>

#include "common/types/table_options.h"

namespace strom::tablet {

// What a cluster says of its tables' durability.
struct DurabilityPolicy {
  Durability standard = Durability::kDurable;  // strom.default.durability
  size_t isr_min = 1;                          // log.replica.min-in-sync-replicas-number
};

// The terms on which a bucket's records are committed.
struct DurabilityTerms {
  Durability durability = Durability::kDurable;
  size_t isr_min = 1;  // Fewer members of the ISR: nothing is committed.

  // Whether only what is synced counts.
  bool counts_synced() const { return durability == Durability::kDurable; }
};

// Of a bucket with so many replicas; `chosen` is what its table says. A table that says nothing and
// has one replica is `replicated`: it asked for no more than a page cache.
DurabilityTerms TermsOf(std::optional<Durability> chosen, size_t replica_count,
                        const DurabilityPolicy& policy);

}  // namespace strom::tablet
