// What a leader gives followers; the test is the follower.
#include "tablet/server/follower_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/server/follower_wire.h"
#include "tests/unit/tablet/server/replication_fixture.h"

namespace strom::tablet {
namespace {

class Leading : public ReplicationFixture {
 public:
  explicit Leading(uint64_t seed = 1) : ReplicationFixture(seed) {
    TellOnly({1});
    for (int bucket = 0; bucket < 3; ++bucket) Lead(table, bucket, 1);
  }

  void Append(int bucket, const std::vector<int>& values) {
    REQUIRE(Produce(1, table, bucket, values, /*acks=*/1).ok());
  }

  // Of buckets, from where on.
  pb::FetchLogRequest Asking(const std::vector<std::pair<int, int>>& buckets, int wait_ms = 0,
                             size_t bucket_size_max = 1 << 20) const {
    pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
    request.set_max_bytes(1 << 20);
    request.set_min_bytes(1);
    request.set_max_wait_ms(wait_ms);
    for (const auto& [bucket, offset] : buckets) {
      FollowerPosition position{.follower = ServerId(2),
                                .leader_epoch = epoch,
                                .log_end_offset = LogOffset(offset),
                                .last_epoch = {}};
      if (offset > 0) position.last_epoch = last_epoch;
      AddBucket({.bucket = Bucket(bucket, table.id.value()),
                 .position = position,
                 .size_max = bucket_size_max},
                &request);
    }
    return request;
  }
  FollowerResults Fetch(const pb::FetchLogRequest& request) {
    auto answer = Call(1, rpc::kFetchLog, request).value();
    return TakeFollowerResults(request, &answer).value();
  }
  FollowerResults ResultsOf(const pb::FetchLogRequest& request, const Answer& answer) {
    auto response = Parsed<pb::FetchLogResponse>(answer).value();
    return TakeFollowerResults(request, &response).value();
  }

  const TableInfo table = StoreTable("t", "replicated", 3);
  LeaderEpoch epoch{0};
  LeaderEpoch last_epoch{0};
};

}  // namespace

TEST_CASE("a follower is given what is not committed yet, and the epochs of it", "[tablet]") {
  Leading f;
  f.Append(0, {1, 2});
  auto read = *f.Fetch(f.Asking({{0, 0}})).at(0);
  CHECK(Values(read.records) == std::vector<int>{1, 2});
  CHECK(read.high_watermark == LogOffset(0));
  CHECK(read.log_start_offset == LogOffset(0));
  CHECK(read.epochs == std::vector<EpochStart>{{LeaderEpoch(0), LogOffset(0)}});

  f.Lead(f.table, 0, 1);
  f.epoch = LeaderEpoch(1);
  f.Append(0, {3});
  read = *f.Fetch(f.Asking({{0, 0}})).at(0);
  CHECK(read.epochs ==
        std::vector<EpochStart>{{LeaderEpoch(0), LogOffset(0)}, {LeaderEpoch(1), LogOffset(2)}});
}

TEST_CASE("where a follower goes on to fetch is what it holds", "[tablet]") {
  Leading f;
  const auto produce = f.SendProduce(1, f.table, 0, {1, 2});
  f.scheduler().RunReady();
  CHECK_FALSE(produce->has_value());
  CHECK(f.Fetch(f.Asking({{0, 0}})).at(0).ok());
  CHECK_FALSE(produce->has_value());
  CHECK(f.Fetch(f.Asking({{1, 0}, {0, 2}})).at(1)->high_watermark == LogOffset(2));
  f.scheduler().RunReady();
  CHECK(f.StatusOf(produce).ok());
}

TEST_CASE("the append that brings records answers a waiting follower", "[tablet]") {
  Leading f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const auto request = f.Asking({{0, 0}, {2, 0}, {1, 0}}, 30000);
  const auto waits = f.Send(1, rpc::kFetchLog, request);
  f.scheduler().RunFor(Millis(700));
  REQUIRE_FALSE(waits->has_value());
  const MonoTime before = f.now();
  f.Append(1, {7});
  f.scheduler().RunReady();
  REQUIRE(waits->has_value());
  CHECK(f.now() == before);
  const auto results = f.ResultsOf(request, waits);
  CHECK(results[0]->records.empty());
  CHECK(results[1]->records.empty());
  CHECK(Values(results[2]->records) == std::vector<int>{7});
}

TEST_CASE("a follower waits for as many bytes as it says, but not for ever", "[tablet]") {
  Leading f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  auto request = f.Asking({{0, 0}, {1, 0}}, 3000);
  const size_t batch = Batch({1}).size();
  request.set_min_bytes(static_cast<int32_t>(2 * batch));
  const MonoTime before = f.now();
  const auto waits = f.Send(1, rpc::kFetchLog, request);
  f.Append(0, {1});
  f.scheduler().RunFor(Millis(10));
  CHECK_FALSE(waits->has_value());
  SECTION("the rest comes from the same bucket") {
    f.Append(0, {2});
    f.scheduler().RunReady();
    CHECK(Values(f.ResultsOf(request, waits)[0]->records) == std::vector<int>{1, 2});
  }
  SECTION("the rest comes from another one") {
    f.Append(1, {2});
    f.scheduler().RunReady();
    CHECK(Values(f.ResultsOf(request, waits)[0]->records) == std::vector<int>{1});
    CHECK(Values(f.ResultsOf(request, waits)[1]->records) == std::vector<int>{2});
  }
  SECTION("the rest does not come") {
    REQUIRE(f.RunUntil([&] { return waits->has_value(); }));
    CHECK(f.now() - before == Seconds(3));
    CHECK(Values(f.ResultsOf(request, waits)[0]->records) == std::vector<int>{1});
  }
}

TEST_CASE("whatever is wrong with a bucket ends the wait and is that bucket's alone", "[tablet]") {
  Leading f;
  f.Lead(f.table, 1, 1);  // It leads under another epoch by now.
  const MonoTime before = f.now();
  auto results = f.Fetch(f.Asking({{0, 0}, {1, 0}, {9, 0}}, 5000));
  CHECK(results[0].ok());
  CHECK(results[1].status().code() == ErrorCode::kFencedLeaderEpoch);
  CHECK(results[2].status().code() == ErrorCode::kUnknownTableOrBucket);
  f.epoch = LeaderEpoch(5);
  results = f.Fetch(f.Asking({{0, 0}}, 5000));
  CHECK(results[0].status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(f.now() == before);

  f.epoch = LeaderEpoch(0);
  const auto request = f.Asking({{0, 0}}, 5000);
  const auto waits = f.Send(1, rpc::kFetchLog, request);
  f.scheduler().RunReady();
  CHECK_FALSE(waits->has_value());
  f.Lead(f.table, 0, 2);  // The role changes.
  f.scheduler().RunReady();
  CHECK(f.ResultsOf(request, waits)[0].status().code() == ErrorCode::kNotLeaderOrFollower);
}

TEST_CASE("a follower whose log leaves the leader's is told where, at once", "[tablet]") {
  Leading f;
  f.Append(0, {1, 2});
  f.epoch = LeaderEpoch(1);
  f.Lead(f.table, 0, 1);
  f.Append(0, {3});
  const MonoTime before = f.now();
  const auto results = f.Fetch(f.Asking({{0, 3}}, 5000));  // Its last epoch is 0.
  CHECK(f.now() == before);
  CHECK(results[0]->diverging == EpochEnd{LeaderEpoch(0), LogOffset(2)});
  CHECK(results[0]->records.empty());
}

TEST_CASE("an answer keeps to the sizes, and always brings a batch", "[tablet]") {
  Leading f;
  const size_t batch = Batch({1}).size();
  for (int bucket = 0; bucket < 3; ++bucket) {
    for (int i = 0; i < 4; ++i) f.Append(bucket, {i});
  }
  const auto batches = [&](size_t max, size_t bucket_max) {
    auto request = f.Asking({{0, 0}, {1, 0}, {2, 0}}, 0, bucket_max);
    request.set_max_bytes(static_cast<int32_t>(max));
    std::vector<size_t> counts;
    for (const auto& result : f.Fetch(request)) counts.push_back(result->records.size() / batch);
    return counts;
  };
  using Counts = std::vector<size_t>;
  CHECK(batches(1 << 20, 1 << 20) == Counts{4, 4, 4});
  CHECK(batches(1 << 20, 2 * batch) == Counts{2, 2, 2});
  CHECK(batches(5 * batch, 2 * batch) == Counts{2, 2, 1});
  CHECK(batches(1, 1) == Counts{1, 0, 0});
  CHECK(batches(0, 0) == Counts{1, 0, 0});
  // Each in its turn may be larger than its own share, as long as the whole is not used up.
  CHECK(batches(1 << 20, 1) == Counts{1, 1, 1});
  CHECK(batches(batch + 1, 1) == Counts{1, 1, 0});
  // What the first ones do not need is left to the others.
  auto request = f.Asking({{0, 4}, {1, 3}, {2, 0}}, 0, 4 * batch);
  request.set_max_bytes(static_cast<int32_t>(4 * batch));
  const auto results = f.Fetch(request);
  CHECK(results[0]->records.empty());
  CHECK(results[1]->records.size() == batch);
  CHECK(results[2]->records.size() == 3 * batch);
}

TEST_CASE("a newer fetch on the same connection ends the wait of the one before", "[tablet]") {
  Leading f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const auto connection = f.CallerOn(rpc::Audience::kServers);
  const auto other = f.CallerOn(rpc::Audience::kServers);
  const auto request = f.Asking({{0, 0}}, 30000);
  const auto first = f.SendAs(connection, 1, rpc::kFetchLog, request);
  const auto elsewhere = f.SendAs(other, 1, rpc::kFetchLog, request);
  f.scheduler().RunFor(Millis(5));
  CHECK_FALSE(first->has_value());
  const auto nudge = f.SendAs(connection, 1, rpc::kFetchLog, MakeFollowerRequest(ServerId(2)));
  f.scheduler().RunReady();
  CHECK(f.Parsed<pb::FetchLogResponse>(nudge).value().tables_resp().empty());
  REQUIRE(first->has_value());
  CHECK(f.ResultsOf(request, first)[0]->records.empty());
  const auto second = f.SendAs(connection, 1, rpc::kFetchLog, request);
  f.scheduler().RunFor(Millis(5));
  CHECK_FALSE(second->has_value());
  CHECK_FALSE(elsewhere->has_value());
  f.Append(0, {1});
  f.scheduler().RunReady();
  CHECK(Values(f.ResultsOf(request, second)[0]->records) == std::vector<int>{1});
  CHECK(elsewhere->has_value());
}

TEST_CASE("a follower's request that is none is refused as a whole", "[tablet]") {
  Leading f;
  auto request = f.Asking({{0, 0}});
  request.mutable_tables_req(0)->mutable_buckets_req(0)->clear_leader_epoch();
  CHECK(f.Call(1, rpc::kFetchLog, request).status().code() == ErrorCode::kCorruptMessage);
}

}  // namespace strom::tablet
