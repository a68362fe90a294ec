#include "tablet/server/handover.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/replica/replica_fixture.h"
#include "tests/unit/tablet/server/scripted_coordinator.h"

namespace strom::tablet {
namespace {

struct HandingOver
    : ScriptedCoordinator<pb::ControlledShutdownRequest, pb::ControlledShutdownResponse> {
  explicit HandingOver(uint64_t seed = 1) : ScriptedCoordinator(rpc::kControlledShutdown, seed) {}

  void Begin() {
    begun = scheduler.now();
    handover->Run(31, [this](Result<int> result) {
      STROM_CHECK(!outcome) << "over twice";
      outcome = std::move(result);
      ended = scheduler.now();
    });
  }
  // How long it took.
  MonoDuration Run() {
    Begin();
    STROM_CHECK(scheduler.RunUntil([&] { return outcome.has_value(); }, Seconds(100)));
    return ended - begun;
  }

  std::shared_ptr<Handover> handover = std::make_shared<Handover>(
      Handover::World{.executor = executor, .clock = clock, .network = *network, .views = views},
      Handover::Options{.self = ServerId(7), .internal_listener = "INTERNAL"});
  std::optional<Result<int>> outcome;
  MonoTime begun, ended;
};

service::ClusterView ViewOf(std::vector<int> live, std::vector<std::vector<int>> replicas) {
  service::ClusterView view;
  for (const int id : live) {
    view.tablet_servers[ServerId(id)] = {.id = ServerId(id), .listeners = {}, .rack = {}};
  }
  auto table = std::make_shared<service::TableView>(
      service::TableView{.info = TestTable(LogFormat::kIndexed), .buckets = {}});
  for (size_t bucket = 0; bucket < replicas.size(); ++bucket) {
    service::BucketLeader& leader = table->buckets[BucketId(static_cast<int32_t>(bucket))];
    for (const int id : replicas[bucket]) leader.replicas.emplace_back(id);
  }
  view.tables[table->info.path] = table;
  return view;
}

}  // namespace

TEST_CASE("a handover is over when the coordinator answers, however long that takes it",
          "[tablet]") {
  HandingOver h(static_cast<uint64_t>(GENERATE(range(1, 4))));
  h.holding = true;
  h.Begin();
  h.scheduler.RunFor(Seconds(3));
  CHECK_FALSE(h.outcome.has_value());
  REQUIRE(h.requests.size() == 1);
  CHECK(h.requests[0].tablet_server_id() == 7);
  CHECK(h.requests[0].start_epoch() == 31);
  pb::ControlledShutdownResponse left;
  for (const int bucket : {0, 1}) {
    left.add_remaining_leader_buckets()->set_table_id(1);
    left.mutable_remaining_leader_buckets(bucket)->set_bucket_id(bucket);
  }
  std::move(h.held[0]).Ok(left);
  h.scheduler.RunFor(Millis(10));
  REQUIRE(h.outcome.has_value());
  CHECK(h.outcome->value() == 2);
}

TEST_CASE("where nothing is to be handed over the answer ends it at once", "[tablet]") {
  HandingOver h;
  CHECK(h.Run() < Millis(10));
  CHECK(h.outcome->value() == 0);
}

TEST_CASE("the coordinator is asked again, where it is then, while another one takes over",
          "[tablet]") {
  HandingOver h(static_cast<uint64_t>(GENERATE(range(1, 4))));
  MonoDuration gap = Millis(500);
  SECTION("the old one is gone") { h.Die(); }
  SECTION("the connection breaks") {
    h.holding = true;
    h.Begin();
    h.scheduler.RunFor(Millis(100));
    h.wires.BreakConnections("coordinator");
    h.Die();
    h.holding = false;
  }
  SECTION("it says that it does not lead, for long") {
    h.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby");
    gap = Seconds(3);
  }
  if (h.begun == MonoTime()) h.Begin();
  h.scheduler.RunFor(gap);
  CHECK_FALSE(h.outcome.has_value());
  h.refuse = Status::Ok();
  h.Listen();
  REQUIRE(h.scheduler.RunUntil([&] { return h.outcome.has_value(); }, Seconds(1)));
  CHECK(h.outcome->ok());
}

TEST_CASE("a handover does not keep a server from stopping", "[tablet]") {
  HandingOver h(static_cast<uint64_t>(GENERATE(range(1, 4))));
  SECTION("no coordinator is known") {
    h.views.Set(std::make_shared<const service::ClusterView>());
    CHECK(h.Run() < Millis(1));
  }
  SECTION("none is there: the whole cluster stops") {
    h.Die();
    const MonoDuration took = h.Run();
    CHECK(took > Millis(500));  // Long enough for another one that stands by.
    CHECK(took <= Seconds(1));
  }
  SECTION("none leads") {
    h.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby");
    CHECK(h.Run() <= Seconds(5));
    CHECK(h.requests.size() > 10);
  }
  SECTION("it is silent") {
    h.holding = true;
    CHECK(h.Run() <= Seconds(5) + Millis(10));
    CHECK(h.requests.size() == 1);
  }
  SECTION("it does not know this server, or the question") {
    h.refuse = Error(GENERATE(ErrorCode::kServerNotExist, ErrorCode::kUnsupportedVersion), "no");
    CHECK(h.Run() < Millis(10));
    CHECK(h.requests.size() == 1);
  }
  CHECK_FALSE(h.outcome->ok());
}

TEST_CASE("only who shares buckets with live servers has something to hand over", "[tablet]") {
  CHECK(HasPeers(ViewOf({7, 8}, {{8}, {8, 7}}), ServerId(7)));
  CHECK(HasPeers(ViewOf({8}, {{7, 8}}), ServerId(7)));
  CHECK_FALSE(HasPeers(ViewOf({7, 8}, {{7}, {8}}), ServerId(7)));
  CHECK_FALSE(HasPeers(ViewOf({7, 8, 9}, {{8, 9}, {7}}), ServerId(7)));
  CHECK_FALSE(HasPeers(ViewOf({7}, {{7, 8}}), ServerId(7)));
  CHECK_FALSE(HasPeers(service::ClusterView(), ServerId(7)));
}

}  // namespace strom::tablet
