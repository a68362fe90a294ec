// The follower's side of replication; the test is the leader.
#include "tablet/server/fetch_loop.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/rpc/methods.h"
#include "proto/types.pb.h"
#include "tablet/server/follower_wire.h"
#include "tests/sim/world/sim_network.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

using Requests = std::vector<std::pair<int, int64_t>>;  // Buckets, and from where on.

class Following : public ReplicaFixture {
 public:
  explicit Following(uint64_t seed = 1) : ReplicaFixture(seed), wires(scheduler(), {.seed = seed}) {
    dispatcher_.Handle(rpc::kApiVersions,
                       [this](const rpc::RequestContext& ctx, rpc::Ref<pb::ApiVersionsRequest>,
                              rpc::Responder<pb::ApiVersionsResponse> respond) {
                         pb::ApiVersionsResponse response;
                         rpc::FillApiVersions(dispatcher_, ctx.listener().audience, &response);
                         std::move(respond).Ok(response);
                       });
    dispatcher_.Handle(rpc::kFetchLog,
                       [this](const rpc::RequestContext&, rpc::Ref<pb::FetchLogRequest> request,
                              rpc::Responder<pb::FetchLogResponse> respond) {
                         times.push_back(scheduler().now());
                         // Without buckets: the one before waits no longer.
                         if (request->tables_req().empty()) {
                           ++nudges;
                           std::move(respond).Ok(pb::FetchLogResponse());
                           if (waits()) Give({});
                           return;
                         }
                         STROM_CHECK(!waits()) << "two fetches at a time";
                         newest = request;
                         respond_.emplace(std::move(respond));
                       });
    Listen();
  }

  ~Following() {
    if (loop) loop->Stop([] {});
    scheduler().RunFor(Seconds(20));
  }

  // The leader is reached at another port from now on.
  void Listen() {
    listener_.reset();
    listener_ = leader_
                    ->Listen({.endpoint = {.host = "leader", .port = 0},
                              .listener = {.name = "INTERNAL", .audience = rpc::Audience::kServers},
                              .authenticator = nullptr},
                             dispatcher_)
                    .value();
    service::ClusterView view;
    view.tablet_servers[kLeader] =
        ServerInfo{.id = kLeader,
                   .listeners = {{"INTERNAL", {"leader", listener_->endpoint().port}}},
                   .rack = {}};
    views.Set(std::make_shared<const service::ClusterView>(std::move(view)));
  }

  void Follow(int bucket, int leader_epoch = 0, bool keyed = false) {
    Leadership leadership = Lead(leader_epoch, leader_epoch);
    leadership.leader = kLeader;
    leadership.replicas = {kLeader, kSelf};
    leadership.isr = leadership.replicas;
    const TableBucket id = Bucket(bucket);
    REQUIRE(Become(keyed ? KeyedSpec(id) : SpecOf(id), leadership).ok());
    loop->Follow(replicas().Find(Bucket(bucket)), LeaderEpoch(leader_epoch));
  }

  bool waits() const { return respond_.has_value(); }
  // Runs until a fetch waits here; what it asks for.
  Requests Next(MonoDuration limit = Seconds(10)) {
    REQUIRE(scheduler().RunUntil([&] { return waits(); }, limit));
    Requests asked;
    for (const auto& table : newest->tables_req()) {
      for (const auto& entry : table.buckets_req()) {
        asked.emplace_back(entry.bucket_id(), entry.fetch_offset());
      }
    }
    return asked;
  }

  // Answers the fetch that waits: with what is said of buckets, nothing for the others.
  void Give(std::map<int, Result<FollowerRead>> given) {
    FollowerResults results;
    for (const auto& entry : newest->tables_req(0).buckets_req()) {
      const auto it = given.find(entry.bucket_id());
      results.push_back(it == given.end() ? FollowerRead() : std::move(it->second));
    }
    std::move(*std::exchange(respond_, std::nullopt))
        .Ok(MakeFollowerAnswer(*newest, std::move(results)));
  }
  void Fail(Status why) { std::move(*std::exchange(respond_, std::nullopt)).Fail(std::move(why)); }
  void AnswerNonsense() {
    std::move(*std::exchange(respond_, std::nullopt)).Ok(pb::FetchLogResponse());
  }

  static FollowerRead Records(const std::vector<int>& values) {
    return {.records = strom::tablet::Batch(values),
            .high_watermark = LogOffset(0),
            .log_start_offset = LogOffset(0),
            .epochs = {{LeaderEpoch(0), LogOffset(0)}},
            .diverging = {}};
  }
  LogOffset LogEndOf(int bucket) { return replicas().Find(Bucket(bucket))->log().log_end_offset(); }

  static constexpr ServerId kLeader{1};
  sim::SimNetwork wires;
  service::ClusterViewHolder views;
  metrics::Counter errors;
  rpc::Ref<pb::FetchLogRequest> newest;
  std::vector<MonoTime> times;
  int nudges = 0;

 private:
  sim::SimExecutor executor_{scheduler()};
  std::optional<rpc::Responder<pb::FetchLogResponse>> respond_;
  rpc::Dispatcher dispatcher_;
  std::unique_ptr<rpc::Network> leader_ = wires.AddHost("leader", executor_, clock());
  std::unique_ptr<rpc::Network> network_ = wires.AddHost("follower", executor_, clock());
  std::unique_ptr<rpc::Listener> listener_;

 public:
  std::shared_ptr<FetchLoop> loop = std::make_shared<FetchLoop>(
      FetchLoop::World{.executor = executor_,
                       .clock = clock(),
                       .network = *network_,
                       .views = views,
                       .errors = errors},
      kLeader, FetchLoop::Options{.self = kSelf, .internal_listener = "INTERNAL"});
};

}  // namespace

TEST_CASE("what a fetch brings is in the log, and the next one says so", "[tablet]") {
  Following f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  f.Follow(0);
  CHECK(f.Next() == Requests{{0, 0}});
  CHECK(f.newest->follower_server_id() == kSelf.value());
  CHECK(f.newest->max_bytes() == 16 << 20);
  CHECK(f.newest->min_bytes() == 1);
  CHECK(f.newest->max_wait_ms() == 500);
  const auto& entry = f.newest->tables_req(0).buckets_req(0);
  CHECK(entry.max_fetch_bytes() == 1 << 20);
  CHECK(entry.leader_epoch() == 0);
  CHECK_FALSE(entry.has_last_epoch());
  const MonoTime before = f.scheduler().now();
  f.Give({{0, f.Records({1, 2, 3})}});
  CHECK(f.Next() == Requests{{0, 3}});
  CHECK((f.scheduler().now() - before).micros() < 5000);
  CHECK(f.newest->tables_req(0).buckets_req(0).last_epoch() == 0);
  CHECK(f.LogEndOf(0) == LogOffset(3));
}

TEST_CASE("buckets take turns", "[tablet]") {
  Following f;
  for (const int bucket : {0, 1, 2}) f.Follow(bucket);
  while (f.Next().size() < 3) f.Give({});
  CHECK(f.Next() == Requests{{0, 0}, {1, 0}, {2, 0}});
  f.Give({{0, f.Records({1})}});
  CHECK(f.Next() == Requests{{1, 0}, {2, 0}, {0, 1}});
  f.Give({});
  CHECK(f.Next() == Requests{{1, 0}, {2, 0}, {0, 1}});
  f.Give({{1, f.Records({1})}, {2, f.Records({1})}});
  CHECK(f.Next() == Requests{{0, 1}, {1, 1}, {2, 1}});
}

TEST_CASE("a bucket that comes while a fetch waits is in the next one, at once", "[tablet]") {
  Following f;
  f.Follow(0);
  f.Next();
  f.scheduler().RunFor(Millis(50));
  const MonoTime before = f.scheduler().now();
  f.Follow(1);
  REQUIRE(f.scheduler().RunUntil([&] { return f.nudges == 1; }, Seconds(1)));
  CHECK(f.Next() == Requests{{0, 0}, {1, 0}});
  CHECK((f.scheduler().now() - before).micros() < 10000);
  f.loop->Follow(f.replicas().Find(Bucket(1)), LeaderEpoch(0));  // Once more: nothing new.
  f.scheduler().RunFor(Millis(50));
  CHECK(f.nudges == 1);
}

TEST_CASE("a bucket that is not followed any more takes nothing", "[tablet]") {
  Following f;
  f.Follow(0);
  f.Follow(1);
  while (f.Next().size() < 2) f.Give({});
  f.loop->Unfollow(Bucket(0));
  f.scheduler().RunReady();
  f.Give({{0, f.Records({1})}, {1, f.Records({1})}});
  CHECK(f.Next() == Requests{{1, 1}});
  CHECK(f.LogEndOf(0) == LogOffset(0));
}

TEST_CASE("a newer leadership takes the place of an older one", "[tablet]") {
  Following f;
  f.Follow(0);
  f.Next();
  f.Follow(0, 3);
  REQUIRE(f.scheduler().RunUntil([&] { return f.nudges == 1; }, Seconds(1)));
  CHECK(f.Next() == Requests{{0, 0}});
  CHECK(f.newest->tables_req(0).buckets_req(0).leader_epoch() == 3);
  CHECK(f.errors.value() == 0);  // The answer to the older one is nobody's error.
}

TEST_CASE("a bucket's errors leave out that bucket alone, for 100 ms to 1 s", "[tablet]") {
  Following f;
  f.Follow(0);
  f.Follow(1);
  while (f.Next().size() < 2) f.Give({});
  std::vector<int64_t> pauses;
  MonoTime failed = f.scheduler().now();
  f.Give({{0, Error(ErrorCode::kNotLeaderOrFollower, "no")}});
  while (pauses.size() < 6) {
    const Requests asked = f.Next();
    if (asked.size() == 1) {
      CHECK(asked == Requests{{1, 0}});
      f.scheduler().RunUntil([&] { return !f.waits(); }, Seconds(5));  // It is tried again.
      continue;
    }
    pauses.push_back((f.scheduler().now() - failed).millis());
    failed = f.scheduler().now();
    f.Give({{0, Error(ErrorCode::kNotLeaderOrFollower, "no")}});
  }
  const std::vector<int64_t> wanted{100, 200, 400, 800, 1000, 1000};
  for (size_t i = 0; i < wanted.size(); ++i) {
    CHECK(pauses[i] >= wanted[i]);
    CHECK(pauses[i] <= wanted[i] + 10);
  }
  CHECK(f.errors.value() == 6);  // The last one is on its way.
}

TEST_CASE("what does not fit the log is an error, and tried on from the log's end", "[tablet]") {
  Following f;
  f.Follow(0);
  f.Next();
  FollowerRead bad = f.Records({1, 2});
  bad.records.back() ^= 1;
  f.Give({{0, bad}});
  CHECK(f.Next() == Requests{{0, 0}});
  CHECK(f.errors.value() == 1);
  f.Give({{0, f.Records({1, 2})}});
  CHECK(f.Next() == Requests{{0, 2}});
}

TEST_CASE("after a failed call the source is left alone a while and looked up anew", "[tablet]") {
  Following f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  f.Follow(0);
  f.Next();
  const MonoTime failed = f.scheduler().now();
  SECTION("an error for all") { f.Fail(Error(ErrorCode::kAuthorization, "no")); }
  SECTION("an answer about something else") { f.AnswerNonsense(); }
  SECTION("a server that is elsewhere now") {
    f.Listen();
    f.Fail(Error(ErrorCode::kNetwork, "late"));  // Goes nowhere.
  }
  CHECK(f.Next() == Requests{{0, 0}});
  CHECK((f.scheduler().now() - failed) >= Millis(100));
  CHECK((f.scheduler().now() - failed) <= Millis(310));
}

TEST_CASE("a source that nobody knows is asked once it is known", "[tablet]") {
  Following f;
  const auto view = f.views.Get();
  f.views.Set(std::make_shared<const service::ClusterView>());
  f.Follow(0);
  f.scheduler().RunFor(Seconds(5));
  CHECK_FALSE(f.waits());
  CHECK(f.errors.value() >= 5);
  CHECK(f.errors.value() <= 9);
  f.views.Set(view);
  CHECK(f.Next(Millis(1100)) == Requests{{0, 0}});
}

TEST_CASE("a new leadership ends the pause of its source", "[tablet]") {
  Following f;
  f.wires.SetReachable("leader", false);
  f.Follow(0);
  f.scheduler().RunFor(Seconds(5) + Millis(10));
  f.wires.SetReachable("leader", true);
  f.Follow(0, 1);
  CHECK(f.Next(Millis(20)) == Requests{{0, 0}});
}

TEST_CASE("a stop waits for the replicas that take an answer, and for nothing else", "[tablet]") {
  Following f(static_cast<uint64_t>(GENERATE(range(1, 9))));
  f.Follow(0);
  f.Next();
  const bool taking = GENERATE(true, false);
  if (taking) f.Give({{0, f.Records({1})}});
  f.scheduler().RunFor(Micros(GENERATE(0, 300, 2000)));
  bool stopped = false;
  f.loop->Stop([&] { stopped = true; });
  f.scheduler().RunReady();
  CHECK(stopped);
  const LogOffset end = f.LogEndOf(0);
  const size_t asked = f.times.size();
  f.scheduler().RunFor(Seconds(3));
  CHECK(f.LogEndOf(0) == end);
  CHECK(f.times.size() <= asked + (taking ? 1 : 0));  // What was on its way.
}

TEST_CASE("a loop that nobody holds any more says that it has stopped, whenever that is",
          "[tablet]") {
  Following f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  f.Follow(0);
  f.Next();
  f.Give({{0, f.Records({1})}});
  int steps = GENERATE(range(0, 30));
  f.scheduler().RunUntil([&steps] { return steps-- == 0; }, Millis(100));
  bool stopped = false;
  std::exchange(f.loop, nullptr)->Stop([&stopped] { stopped = true; });
  f.scheduler().RunFor(Millis(100));
  CHECK(stopped);
}

TEST_CASE("a fetch that renews promises waits no longer than they allow", "[tablet]") {
  Following f;
  f.Follow(0);
  f.Follow(1, 0, /*keyed=*/true);
  while (f.Next().size() < 2) f.Give({});
  CHECK(f.newest->max_wait_ms() == 250);
}

TEST_CASE("a fetch says when the answer was sent that was taken before, under the same leader",
          "[tablet]") {
  Following f;
  f.Follow(0);
  const auto promised = [&] {
    f.Next();
    const auto& entry = f.newest->tables_req(0).buckets_req(0);
    return entry.has_promised_at() ? entry.promised_at() : -1;
  };
  const auto sent = [](int64_t at, std::vector<int> values = {}) {
    FollowerRead read = values.empty() ? FollowerRead() : Following::Records(values);
    read.sent_at = MonoTime(at);
    return read;
  };
  CHECK(promised() == -1);
  f.Give({{0, sent(70)}});
  CHECK(promised() == 70);
  f.Give({{0, sent(80, {1, 2})}});
  CHECK(promised() == 80);
  SECTION("what it could not take it has not promised") {
    FollowerRead bad = sent(90, {3, 4});
    bad.records.back() ^= 1;
    f.Give({{0, bad}});
    CHECK(promised() < 90);
  }
  SECTION("a leader that asks for nothing is promised nothing") {
    f.Give({});
    CHECK(promised() == -1);
  }
  SECTION("nor is the next leader") {
    f.Follow(0, 3);
    REQUIRE(f.scheduler().RunUntil([&] { return f.nudges == 1; }, Seconds(1)));
    CHECK(promised() == -1);
  }
}

}  // namespace strom::tablet
