// What a writer does once a server says that its job's epoch is over. That the fence is sent, and
// what a server makes of it: tests/unit/tablet/server/job_cluster_test.cc.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/client/sim_client.h"

namespace strom::client {

TEST_CASE("a fenced writer fails what it has, and takes nothing more", "[client]") {
  SimClient sim(GENERATE(range(1, 8)));
  sim.cluster.AddTable(kOrders, Orders(2, {"id"}));
  for (const int bucket : {0, 1}) {
    sim.cluster.produce_script[BucketId(bucket)] = {{.code = ErrorCode::kFencedJobEpoch},
                                                    {.code = ErrorCode::kFencedJobEpoch},
                                                    {.code = ErrorCode::kFencedJobEpoch},
                                                    {.code = ErrorCode::kFencedJobEpoch},
                                                    {.code = ErrorCode::kFencedJobEpoch}};
  }
  const auto writer = sim.Writer(kOrders);
  int failed = 0;
  int taken = 0;
  for (int64_t i = 0; i < 100; ++i) {
    const Status status = writer->TryAppend(Order(i), [&](const Result<AppendResult>& result) {
      CHECK(result.status().code() == ErrorCode::kFencedJobEpoch);
      ++failed;
    });
    taken += status.ok() ? 1 : 0;
    if (!status.ok()) CHECK(status.code() == ErrorCode::kFencedJobEpoch);
  }
  CHECK(sim.Await(writer->Flush()).code() == ErrorCode::kFencedJobEpoch);
  CHECK(failed == taken);
  CHECK(taken > 0);
  CHECK(sim.cluster.RecordCount(kOrders, BucketId(0)) == 0);
  CHECK(sim.cluster.RecordCount(kOrders, BucketId(1)) == 0);
  const size_t seen = sim.cluster.seen.size();
  CHECK(writer->TryAppend(Order(200)).code() == ErrorCode::kFencedJobEpoch);
  CHECK(writer->Append(Order(201)).code() == ErrorCode::kFencedJobEpoch);
  CHECK(sim.Await(writer->Close()).ok());  // The error was told.
  CHECK(sim.cluster.seen.size() == seen);
}

TEST_CASE("rows of other buckets that were acknowledged before stay so", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  const auto writer = sim.Upserter(kUsers);
  REQUIRE(writer->TryUpsert(User(1)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
  sim.cluster.produce_script[BucketId(0)] = {{.code = ErrorCode::kFencedJobEpoch}};
  REQUIRE(writer->TryUpsert(User(2)).ok());
  CHECK(sim.Await(writer->Flush()).code() == ErrorCode::kFencedJobEpoch);
  CHECK(writer->TryUpsert(User(3)).code() == ErrorCode::kFencedJobEpoch);
  CHECK(sim.cluster.RecordCount(kUsers, BucketId(0)) == 1);
}

TEST_CASE("a fence that cannot be one is refused", "[client]") {
  SimClient sim(1);
  const TableInfo table = sim.cluster.AddTable(kOrders, Orders(1)).info;
  for (const JobFence& fence :
       {JobFence{"", 1}, JobFence{"g", -1}, JobFence{std::string(kJobNameSizeMax + 1, 'g'), 1}}) {
    CHECK(sim.connection->NewAppendWriter(table, {.fence = fence}).status().code() ==
          ErrorCode::kInvalidConfig);
  }
  CHECK(sim.connection->NewAppendWriter(table, {.fence = JobFence{"g", 0}}).ok());
}

}  // namespace strom::client
