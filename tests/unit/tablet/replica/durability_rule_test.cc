#include "tablet/replica/durability_rule.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {
namespace {

constexpr DurabilityPolicy kShipped;

}  // namespace

TEST_CASE("a table that says nothing has its cluster's durability, if it has replicas",
          "[replica]") {
  CHECK(TermsOf({}, 3, kShipped).durability == Durability::kDurable);
  CHECK(TermsOf({}, 2, {.standard = Durability::kLeader}).durability == Durability::kLeader);
  CHECK(TermsOf({}, 1, kShipped).durability == Durability::kReplicated);
  CHECK(TermsOf(Durability::kDurable, 1, kShipped).durability == Durability::kDurable);
  CHECK(TermsOf(Durability::kReplicated, 3, kShipped).durability == Durability::kReplicated);
}

TEST_CASE("only in durable does a position count when it is synced", "[replica]") {
  CHECK(TermsOf(Durability::kDurable, 3, kShipped).counts_synced());
  CHECK_FALSE(TermsOf(Durability::kReplicated, 3, kShipped).counts_synced());
  CHECK_FALSE(TermsOf(Durability::kLeader, 3, kShipped).counts_synced());
}

TEST_CASE("two members make an ISR, or as many as the cluster asks for and the table has",
          "[replica]") {
  const DurabilityPolicy many{.isr_min = 4};
  for (const Durability durability : {Durability::kDurable, Durability::kReplicated}) {
    CHECK(TermsOf(durability, 1, kShipped).isr_min == 1);
    CHECK(TermsOf(durability, 2, kShipped).isr_min == 2);
    CHECK(TermsOf(durability, 3, kShipped).isr_min == 2);
    CHECK(TermsOf(durability, 3, many).isr_min == 3);
    CHECK(TermsOf(durability, 5, many).isr_min == 4);
  }
  CHECK(TermsOf(Durability::kLeader, 3, many).isr_min == 1);
}

}  // namespace strom::tablet
