#include "pipeline/cdc/job_plan.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::cdc {
namespace {

BatchPlan Plan() {
  BatchPlan plan;
  plan.from = {Lsn{0x16B374D848}, 3};
  plan.to = {Lsn{0x16B374D900}, 12};
  plan.writer = WriterId(77);
  plan.writer_since_ms = 1'700'000'000'000;
  plan.sequences[TableId(5)] = {{BucketId(0), BatchSequence(9)}, {BucketId(2), BatchSequence(1)}};
  plan.sequences[TableId(6)] = {{BucketId(0), BatchSequence(INT32_MAX)}};
  plan.touched[TableId(5)] = {BucketId(2), BucketId(3)};
  plan.touched[TableId(6)] = {BucketId(0)};
  plan.truncated = {TableId(8)};
  return plan;
}

TEST_CASE("a plan is read back as it was written", "[cdc]") {
  CHECK(*BatchPlan::FromText(Plan().ToText()) == Plan());
  CHECK(*BatchPlan::FromText(BatchPlan().ToText()) == BatchPlan());
}

TEST_CASE("sequences begin at 0, go on for buckets that were touched, and wrap", "[cdc]") {
  const BatchPlan plan = Plan();
  CHECK(plan.SequenceOf(TableId(5), BucketId(0)) == BatchSequence(9));
  CHECK(plan.SequenceOf(TableId(5), BucketId(3)) == BatchSequence(0));
  CHECK(plan.SequenceOf(TableId(99), BucketId(0)) == BatchSequence(0));
  const SequenceBook next = plan.Advanced();
  CHECK(next.at(TableId(5)).at(BucketId(0)) == BatchSequence(9));
  CHECK(next.at(TableId(5)).at(BucketId(2)) == BatchSequence(2));
  CHECK(next.at(TableId(5)).at(BucketId(3)) == BatchSequence(1));
  CHECK(next.at(TableId(6)).at(BucketId(0)) == BatchSequence(0));
}

TEST_CASE("a plan that is damaged is refused with the name of the field", "[cdc]") {
  const std::string good = Plan().ToText();
  for (const char* const field :
       {"from", "to", "writer", "writer_since", "sequences", "touched", "truncated"}) {
    std::string bad = good;
    bad.replace(bad.find("\"" + std::string(field) + "\""), 3, "\"x_");
    const Result<BatchPlan> plan = BatchPlan::FromText(bad);
    REQUIRE_FALSE(plan.ok());
    CHECK(plan.status().code() == ErrorCode::kCorruptRecord);
    CHECK(plan.status().message().find(field) != std::string::npos);
  }
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(BatchPlan::FromText(good.substr(0, size)).ok());
  }
  CHECK_FALSE(BatchPlan::FromText("[]").ok());
}

TEST_CASE("a table's state is read back, and refused when damaged", "[cdc]") {
  const TableState state{Lsn{42}, TableId(7)};
  CHECK(*TableState::FromText(state.ToText()) == state);
  CHECK_FALSE(TableState::FromText("{}").ok());
  CHECK_FALSE(TableState::FromText(R"({"start":"0/2A"})").ok());
  CHECK_FALSE(TableState::FromText(R"({"start":"x","target":7})").ok());
}

}  // namespace
}  // namespace strom::cdc
