// What the contract suite cannot ask of every metadata service: that sessions end without their
// clients, that answers get lost.
#include "tests/sim/world/sim_meta_service.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/world/sim_scheduler.h"

namespace strom::sim {
namespace {

using metadata::CreateMode;
using metadata::MetaCode;
using metadata::MetaStore;
using metadata::SessionState;

struct World {
  explicit World(uint64_t seed = 1) : scheduler(seed), service(scheduler, clock, {.seed = seed}) {}

  std::unique_ptr<MetaStore> Connect(metadata::MetaStoreFactory& host,
                                     std::vector<SessionState>* states = nullptr) {
    return host
        .Connect(strand,
                 [states](SessionState state) {
                   if (states != nullptr) states->push_back(state);
                 })
        .value();
  }
  MetaCode Create(MetaStore& store, const std::string& path, CreateMode mode) {
    std::optional<MetaCode> code;
    store.Create(path, "", mode, [&](auto result) { code = result.code; });
    REQUIRE(scheduler.RunUntil([&] { return code.has_value(); }, Seconds(30)));
    return *code;
  }
  bool Exists(MetaStore& store, const std::string& path) {
    std::optional<MetaCode> code;
    store.Exists(path, nullptr, [&](auto result) { code = result.code; });
    REQUIRE(scheduler.RunUntil([&] { return code.has_value(); }, Seconds(30)));
    REQUIRE((*code == MetaCode::kOk || *code == MetaCode::kNoNode));
    return *code == MetaCode::kOk;
  }

  SimScheduler scheduler;
  SimClock clock{scheduler};
  SimMetaService service;
  runtime::Strand strand{scheduler};
  std::unique_ptr<metadata::MetaStoreFactory> a = service.AddHost("a");
  std::unique_ptr<metadata::MetaStoreFactory> b = service.AddHost("b");
};

}  // namespace

TEST_CASE("the ephemeral nodes of a process that died go with its session's timeout", "[sim]") {
  World world;
  const auto dying = world.Connect(*world.a);
  const auto other = world.Connect(*world.b);
  REQUIRE(world.Create(*dying, "/e", CreateMode::kEphemeral) == MetaCode::kOk);
  world.service.Crash("a");
  world.scheduler.RunFor(Seconds(5));
  CHECK(world.Exists(*other, "/e"));
  world.scheduler.RunFor(Seconds(2));
  CHECK_FALSE(world.Exists(*other, "/e"));
}

TEST_CASE("a client that is cut off keeps its session if it is back in time", "[sim]") {
  World world;
  std::vector<SessionState> states;
  const auto store = world.Connect(*world.a, &states);
  REQUIRE(world.Create(*store, "/e", CreateMode::kEphemeral) == MetaCode::kOk);
  world.service.SetReachable("a", false);
  CHECK(world.Create(*store, "/f", CreateMode::kEphemeral) == MetaCode::kConnectionLoss);
  world.scheduler.RunFor(Seconds(4));
  world.service.SetReachable("a", true);
  world.scheduler.RunFor(Seconds(10));
  CHECK(world.Exists(*store, "/e"));
  CHECK(states ==
        std::vector{SessionState::kConnected, SessionState::kSuspended, SessionState::kConnected});
}

TEST_CASE("a client learns that its session has expired only once it is back", "[sim]") {
  World world;
  std::vector<SessionState> states;
  const auto store = world.Connect(*world.a, &states);
  const auto other = world.Connect(*world.b);
  REQUIRE(world.Create(*store, "/e", CreateMode::kEphemeral) == MetaCode::kOk);
  SECTION("it was cut off") {
    world.service.SetReachable("a", false);
    world.scheduler.RunFor(Seconds(20));
    CHECK_FALSE(world.Exists(*other, "/e"));
    CHECK(states.back() == SessionState::kSuspended);
    world.service.SetReachable("a", true);
  }
  SECTION("it stood still") {
    world.service.SetHeartbeats("a", false);
    world.scheduler.RunFor(Seconds(20));
    CHECK_FALSE(world.Exists(*other, "/e"));
    CHECK(states.back() == SessionState::kConnected);
    world.service.SetHeartbeats("a", true);
  }
  world.scheduler.RunFor(Seconds(1));
  CHECK(states.back() == SessionState::kExpired);
  CHECK(world.Create(*store, "/f", CreateMode::kPersistent) == MetaCode::kSessionExpired);
}

TEST_CASE("while the service is away no session expires, and watches that fired wait", "[sim]") {
  World world;
  const auto store = world.Connect(*world.a);
  const auto other = world.Connect(*world.b);
  REQUIRE(world.Create(*store, "/e", CreateMode::kEphemeral) == MetaCode::kOk);
  int fired = 0;
  store->Exists(
      "/new", [&](auto) { ++fired; }, [](auto) {});
  world.scheduler.RunFor(Seconds(1));
  world.service.SetAvailable(false);
  world.scheduler.RunFor(Seconds(600));
  world.service.SetAvailable(true);
  world.scheduler.RunFor(Seconds(1));
  CHECK(world.Exists(*other, "/e"));
  world.service.SetReachable("a", false);
  REQUIRE(world.Create(*other, "/new", CreateMode::kPersistent) == MetaCode::kOk);
  CHECK(fired == 0);
  world.service.SetReachable("a", true);
  world.scheduler.RunFor(Seconds(1));
  CHECK(fired == 1);
}

TEST_CASE("a lost answer hides a change that was made", "[sim]") {
  World world;
  std::vector<SessionState> states;
  const auto store = world.Connect(*world.a, &states);
  REQUIRE(world.Create(*store, "/a", CreateMode::kPersistent) == MetaCode::kOk);
  world.service.LoseAnswers("a", 1);
  CHECK(world.Create(*store, "/b", CreateMode::kPersistent) == MetaCode::kConnectionLoss);
  world.scheduler.RunFor(Seconds(1));
  CHECK(world.Exists(*store, "/b"));
  CHECK(world.service.lost_answer_count() == 1);
  CHECK(states.back() == SessionState::kConnected);
}

TEST_CASE("a change that hangs is applied late, if its session has not connected since", "[sim]") {
  World world;
  const auto other = world.Connect(*world.b);
  auto store = world.Connect(*world.a);
  REQUIRE(world.Create(*store, "/a", CreateMode::kPersistent) == MetaCode::kOk);
  world.service.DelayChanges("a", 1);
  CHECK(world.Create(*store, "/b", CreateMode::kPersistent) == MetaCode::kConnectionLoss);
  SECTION("the client has gone") {
    store.reset();
    CHECK_FALSE(world.Exists(*other, "/b"));
    world.scheduler.RunFor(Seconds(5));
    CHECK(world.Exists(*other, "/b"));
  }
  SECTION("it goes on") {
    world.scheduler.RunFor(Seconds(5));
    CHECK_FALSE(world.Exists(*other, "/b"));
    CHECK(world.Create(*store, "/c", CreateMode::kPersistent) == MetaCode::kOk);
  }
}

TEST_CASE("a session that is made to expire loses its nodes at once", "[sim]") {
  World world;
  std::vector<SessionState> states;
  const auto store = world.Connect(*world.a, &states);
  const auto other = world.Connect(*world.b);
  REQUIRE(world.Create(*store, "/e", CreateMode::kEphemeral) == MetaCode::kOk);
  world.service.Expire("a");
  CHECK_FALSE(world.Exists(*other, "/e"));
  CHECK(states.back() == SessionState::kExpired);
  CHECK(world.service.expired_count() == 1);
}

TEST_CASE("a host hears of its session's end at once while it is connected and runs", "[sim]") {
  World world;
  const auto store = world.Connect(*world.a);
  world.scheduler.RunFor(Seconds(1));
  CHECK(world.service.Hears("a"));
  SECTION("the service cannot be reached") {
    world.service.SetReachable("a", false);
    CHECK_FALSE(world.service.Hears("a"));
    world.service.SetReachable("a", true);
  }
  SECTION("the host was stopped") {
    world.service.SetHeartbeats("a", false);
    CHECK_FALSE(world.service.Hears("a"));
    world.service.SetHeartbeats("a", true);
  }
  world.scheduler.RunFor(Seconds(1));
  CHECK(world.service.Hears("a"));
}

TEST_CASE("a new session's calls wait for its connection, but not for ever", "[sim]") {
  World world;
  world.service.SetAvailable(false);
  const auto store = world.Connect(*world.a);
  std::optional<MetaCode> code;
  store->Create("/a", "", CreateMode::kPersistent, [&](auto result) { code = result.code; });
  SECTION("it comes in time") {
    world.scheduler.RunFor(Seconds(3));
    CHECK_FALSE(code.has_value());
    world.service.SetAvailable(true);
    world.scheduler.RunFor(Seconds(1));
    CHECK(code == MetaCode::kOk);
  }
  SECTION("it does not") {
    world.scheduler.RunFor(Seconds(6));
    CHECK(code == MetaCode::kConnectionLoss);
  }
}

}  // namespace strom::sim
