#include "tablet/replica/delayed_fetch.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

const TableBucket kBucket = Bucket(0);

// One fetch, and when it was answered.
struct Pending {
  std::optional<FetchResults> results;
  MonoTime answered_at;
};

class FetchFixture : public ReplicaFixture {
 public:
  explicit FetchFixture(uint64_t seed = 1) : ReplicaFixture(seed) {
    REQUIRE(Become(Bucket(0)).ok());
    REQUIRE(Become(Bucket(1)).ok());
  }

  FetchRequest Request(std::vector<std::pair<int, int64_t>> buckets,
                       MonoDuration wait = Millis(500)) {
    FetchRequest request{
        .buckets = {}, .size_max = 1 << 20, .size_min = 1, .wait_until = clock().Now() + wait};
    for (const auto& [bucket, offset] : buckets) {
      request.buckets.push_back({.bucket = Bucket(bucket),
                                 .offset = LogOffset(offset),
                                 .size_max = 1 << 20,
                                 .projection = {}});
    }
    return request;
  }

  std::shared_ptr<Pending> Start(FetchRequest request) {
    auto pending = std::make_shared<Pending>();
    Fetch(replicas(), executor(), clock(), std::move(request),
          [this, pending](FetchResults results) {
            CHECK_FALSE(pending->results.has_value());
            pending->results = std::move(results);
            pending->answered_at = clock().Now();
          });
    return pending;
  }

  size_t waiters() {
    return replicas().Find(Bucket(0))->waiter_count() + replicas().Find(Bucket(1))->waiter_count();
  }
};

}  // namespace

TEST_CASE("a fetch of what is there is answered before the call returns", "[replica]") {
  FetchFixture f;
  REQUIRE(f.Append(kBucket, Batch({1, 2})).ok());
  const auto fetch = f.Start(f.Request({{0, 0}, {1, 0}}));
  REQUIRE(fetch->results.has_value());
  CHECK(Values((*fetch->results)[0]->records) == std::vector<int>{1, 2});
  CHECK((*fetch->results)[1]->records.empty());
  CHECK((*fetch->results)[1]->high_watermark == LogOffset(0));
  f.scheduler().RunReady();
  CHECK(f.waiters() == 0);
}

TEST_CASE("a fetch at the end is woken by the append, not by time", "[replica]") {
  FetchFixture f(static_cast<uint64_t>(GENERATE(range(1, 10))));
  REQUIRE(f.Append(kBucket, Batch({1})).ok());
  const auto fetch = f.Start(f.Request({{0, 1}, {1, 0}}, Seconds(30)));
  f.scheduler().RunFor(Millis(100));
  CHECK_FALSE(fetch->results.has_value());
  CHECK(f.waiters() == 2);
  const MonoTime before = f.clock().Now();
  REQUIRE(f.Append(kBucket, Batch({2})).ok());
  f.scheduler().RunReady();
  REQUIRE(fetch->results.has_value());
  CHECK(fetch->answered_at == before);
  CHECK(Values((*fetch->results)[0]->records) == std::vector<int>{2});
  CHECK((*fetch->results)[0]->high_watermark == LogOffset(2));
  CHECK(f.waiters() == 0);  // The other bucket's was forgotten.
}

TEST_CASE("an idle fetch is answered empty when its time is up", "[replica]") {
  FetchFixture f;
  const MonoTime before = f.clock().Now();
  const auto fetch = f.Start(f.Request({{0, -2}, {1, 0}}));
  f.scheduler().RunFor(Seconds(5));
  REQUIRE(fetch->results.has_value());
  CHECK(fetch->answered_at - before == Millis(500));
  CHECK((*fetch->results)[0]->records.empty());
  CHECK(f.waiters() == 0);
}

TEST_CASE("a fetch that may not wait never does", "[replica]") {
  FetchFixture f;
  const auto fetch = f.Start(f.Request({{0, 0}}, MonoDuration()));
  REQUIRE(fetch->results.has_value());
  CHECK(f.waiters() == 0);
  const auto none = f.Start(f.Request({}, Seconds(30)));
  REQUIRE(none->results.has_value());
  CHECK(none->results->empty());
}

TEST_CASE("a thousand idle polls leave no waiters behind", "[replica]") {
  FetchFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  for (int i = 0; i < 1000; ++i) {
    const auto fetch = f.Start(f.Request({{0, 0}, {1, 0}}, Millis(10)));
    // Some are woken by time, some by their neighbour's data just as they begin to wait.
    if (i % 10 == 0) {
      const auto replica = f.replicas().Find(Bucket(1));
      replica->Become(Lead(), [](Status) {});
    }
    f.scheduler().RunFor(Millis(10));
    REQUIRE(fetch->results.has_value());
    REQUIRE(f.waiters() == 0);
  }
}

TEST_CASE("a fetch races with the append it waits for and never sleeps through it", "[replica]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 50)));
  FetchFixture f(seed);
  const MonoTime before = f.clock().Now();
  bool appended = false;
  f.replicas().Find(kBucket)->Append(Batch({1}), {}, [&](auto) { appended = true; });
  const auto fetch = f.Start(f.Request({{0, 0}, {1, 0}}, Seconds(30)));
  f.scheduler().RunReady();
  CHECK(appended);
  REQUIRE(fetch->results.has_value());
  CHECK(fetch->answered_at == before);
  CHECK(Values((*fetch->results)[0]->records) == std::vector<int>{1});
  CHECK(f.waiters() == 0);
}

TEST_CASE("a change of role wakes a fetch", "[replica]") {
  FetchFixture f;
  const auto fetch = f.Start(f.Request({{0, 0}, {1, 0}}, Seconds(30)));
  f.scheduler().RunFor(Millis(1));
  Leadership follow = Lead(1);
  follow.leader = ServerId(9);
  follow.replicas.push_back(ServerId(9));
  REQUIRE(f.Become(kBucket, follow).ok());
  f.scheduler().RunReady();
  REQUIRE(fetch->results.has_value());
  CHECK((*fetch->results)[0].status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK((*fetch->results)[1].ok());

  const auto again = f.Start(f.Request({{1, 0}}, Seconds(30)));
  f.scheduler().RunFor(Millis(1));
  CHECK_FALSE(again->results.has_value());
  REQUIRE(f.StopReplica(Bucket(1), true).ok());
  f.scheduler().RunReady();
  REQUIRE(again->results.has_value());
  CHECK((*again->results)[0].status().code() == ErrorCode::kNotLeaderOrFollower);
}

TEST_CASE("buckets that are not here do not cut the wait of the others short", "[replica]") {
  FetchFixture f;
  const auto fetch = f.Start(f.Request({{5, 0}, {0, 0}}, Seconds(30)));
  f.scheduler().RunFor(Seconds(1));
  CHECK_FALSE(fetch->results.has_value());
  REQUIRE(f.Append(kBucket, Batch({1})).ok());
  f.scheduler().RunReady();
  REQUIRE(fetch->results.has_value());
  CHECK((*fetch->results)[0].status().code() == ErrorCode::kUnknownTableOrBucket);
  CHECK(Values((*fetch->results)[1]->records) == std::vector<int>{1});
  // With nothing else to wait for, the answer comes at once.
  CHECK(f.Start(f.Request({{5, 0}}, Seconds(30)))->results.has_value());
}

TEST_CASE("a wrong offset is answered at once, with the others' records", "[replica]") {
  FetchFixture f;
  const auto fetch = f.Start(f.Request({{0, 5}, {1, 0}}, Seconds(30)));
  REQUIRE(fetch->results.has_value());
  CHECK((*fetch->results)[0].status().code() == ErrorCode::kLogOffsetOutOfRange);
  CHECK((*fetch->results)[1].ok());
}

TEST_CASE("a fetch keeps to its sizes, but the first batch always comes", "[replica]") {
  FetchFixture f;
  const size_t batch = Batch({1}).size();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(f.Append(Bucket(0), Batch({i})).ok());
    REQUIRE(f.Append(Bucket(1), Batch({i + 10})).ok());
  }
  const auto sizes = [&](size_t all, size_t each) {
    FetchRequest request = f.Request({{0, 0}, {1, 0}});
    request.size_max = all;
    for (auto& bucket : request.buckets) bucket.size_max = each;
    const auto fetch = f.Start(std::move(request));
    return std::pair((*fetch->results)[0]->records.size() / batch,
                     (*fetch->results)[1]->records.size() / batch);
  };
  CHECK(sizes(1 << 20, 1 << 20) == std::pair<size_t, size_t>(3, 3));
  CHECK(sizes(1 << 20, 2 * batch) == std::pair<size_t, size_t>(2, 2));
  CHECK(sizes(4 * batch, 1 << 20) == std::pair<size_t, size_t>(3, 1));
  CHECK(sizes(2 * batch, 2 * batch) == std::pair<size_t, size_t>(2, 0));
  CHECK(sizes(0, 0) == std::pair<size_t, size_t>(1, 0));
  CHECK(sizes(1 << 20, 0) == std::pair<size_t, size_t>(1, 0));
}

TEST_CASE("a fetch that wants many bytes waits for them, over several appends", "[replica]") {
  FetchFixture f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  const size_t batch = Batch({1}).size();
  REQUIRE(f.Append(kBucket, Batch({0})).ok());
  FetchRequest request = f.Request({{0, 0}, {1, 0}}, Seconds(30));
  request.size_min = 3 * batch;
  const auto fetch = f.Start(std::move(request));
  REQUIRE(f.Append(kBucket, Batch({1})).ok());
  f.scheduler().RunFor(Seconds(1));
  CHECK_FALSE(fetch->results.has_value());
  CHECK(f.waiters() == 2);
  REQUIRE(f.Append(Bucket(1), Batch({2})).ok());
  f.scheduler().RunReady();
  REQUIRE(fetch->results.has_value());
  CHECK(Values((*fetch->results)[0]->records) == std::vector<int>{0, 1});
  CHECK(Values((*fetch->results)[1]->records) == std::vector<int>{2});
  CHECK(f.waiters() == 0);
}

TEST_CASE("one bucket may be asked for twice", "[replica]") {
  FetchFixture f;
  const auto fetch = f.Start(f.Request({{0, 0}, {0, 0}}, Seconds(30)));
  f.scheduler().RunFor(Millis(1));
  REQUIRE(f.Append(kBucket, Batch({1})).ok());
  f.scheduler().RunReady();
  REQUIRE(fetch->results.has_value());
  CHECK(fetch->results->size() == 2);
  CHECK(f.waiters() == 0);
}

}  // namespace strom::tablet
