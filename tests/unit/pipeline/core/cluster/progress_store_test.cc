#include "pipeline/core/progress_store.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/core/cluster/shared_cluster.h"

namespace strom::pipeline {
namespace {

using Texts = std::map<std::string, std::string>;

std::unique_ptr<ProgressStore> Open(testing::DevCluster& cluster, const std::string& group,
                                    int64_t epoch = 1) {
  auto store = ProgressStore::Open(cluster.connection(), {.group = group, .epoch = epoch});
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

}  // namespace

TEST_CASE("the table of progress is made when it is first needed, and outlives the servers",
          "[pipeline]") {
  testing::DevCluster cluster;
  CHECK_FALSE(cluster.connection().admin().DatabaseExists("__strom").Get().value());
  {
    const auto store = Open(cluster, "first");
    CHECK(store->Load()->empty());
    REQUIRE(store->Put("plan", "{}").ok());
  }
  const TableInfo table =
      cluster.connection().admin().GetTable({"__strom", "progress"}).Get().value();
  CHECK(table.descriptor.schema.primary_key() == std::vector<std::string>{"job_group", "name"});
  CHECK(Open(cluster, "first", 2)->Get("plan").value() == "{}");
  cluster.Restart();
  CHECK(Open(cluster, "first", 2)->Load().value() == Texts{{"plan", "{}"}});
}

TEST_CASE("texts are put, replaced, found and removed by name", "[pipeline]") {
  const auto store = Open(SharedCluster(), "texts");
  CHECK(store->Get("a").value() == std::nullopt);
  REQUIRE(store->Put("a", "1").ok());
  REQUIRE(store->Put("b", "").ok());
  REQUIRE(store->Put("table:\"x\".水", std::string(300'000, 'x')).ok());
  REQUIRE(store->Put("a", "2").ok());
  CHECK(store->Get("a").value() == "2");
  CHECK(store->Get("b").value() == "");
  CHECK(store->Load().value() ==
        Texts{{"a", "2"}, {"b", ""}, {"table:\"x\".水", std::string(300'000, 'x')}});
  REQUIRE(store->Remove("a").ok());
  REQUIRE(store->Remove("never there").ok());
  CHECK(store->Get("a").value() == std::nullopt);
  CHECK(store->Load()->size() == 2);
}

TEST_CASE("groups do not see each other's texts", "[pipeline]") {
  const auto one = Open(SharedCluster(), "group");
  const auto two = Open(SharedCluster(), "group2");
  const auto three = Open(SharedCluster(), "postgres-cdc://db:5432/grid");
  REQUIRE(one->Put("x", "one").ok());
  REQUIRE(two->Put("x", "two").ok());
  CHECK(one->Load().value() == Texts{{"x", "one"}});
  CHECK(two->Load().value() == Texts{{"x", "two"}});
  CHECK(three->Load()->empty());
  REQUIRE(one->Remove("x").ok());
  CHECK(two->Get("x").value() == "two");
}

TEST_CASE("whoever lost the group can change nothing", "[pipeline]") {
  const auto old = Open(SharedCluster(), "fenced", 4);
  REQUIRE(old->Put("x", "old").ok());
  const auto young = Open(SharedCluster(), "fenced", 5);
  CHECK(young->Get("x").value() == "old");
  REQUIRE(young->Put("x", "young").ok());
  CHECK(old->Put("x", "late").code() == ErrorCode::kFencedJobEpoch);
  CHECK(old->Remove("x").code() == ErrorCode::kFencedJobEpoch);
  CHECK(young->Load().value() == Texts{{"x", "young"}});
  CHECK(Open(SharedCluster(), "fenced", 3)->Put("x", "later").code() == ErrorCode::kFencedJobEpoch);
}

}  // namespace strom::pipeline
