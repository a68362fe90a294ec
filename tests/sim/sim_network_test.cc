// The simulated network keeps what TCP promises, and breaks only what TCP may break.
#include "tests/sim/world/sim_network.h"

#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/methods.h"
#include "proto/admin.pb.h"
#include "proto/types.pb.h"

namespace strom::sim {
namespace {

using rpc::Audience;

// A server that answers TableExists with whether the table's name has an even length, and
// remembers what it was asked in which order.
class Echo {
 public:
  Echo() {
    dispatcher.Handle(rpc::kApiVersions,
                      rpc::Handler<pb::ApiVersionsRequest, pb::ApiVersionsResponse>(
                          [this](const rpc::RequestContext& ctx, auto, auto respond) {
                            pb::ApiVersionsResponse response;
                            rpc::FillApiVersions(dispatcher, ctx.listener().audience, &response);
                            std::move(respond).Ok(response);
                          }));
    dispatcher.Handle(rpc::kTableExists,
                      rpc::Handler<pb::TableExistsRequest, pb::TableExistsResponse>(
                          [this](const rpc::RequestContext&, auto request, auto respond) {
                            asked.push_back(request->table_path().table_name());
                            if (hold) return held.push_back(std::move(respond));
                            pb::TableExistsResponse response;
                            response.set_exists(asked.back().size() % 2 == 0);
                            std::move(respond).Ok(response);
                          }));
  }

  rpc::Dispatcher dispatcher;
  std::vector<std::string> asked;
  bool hold = false;
  std::vector<rpc::Responder<pb::TableExistsResponse>> held;
};

class World {
 public:
  explicit World(uint64_t seed = 1) : scheduler(seed), wires(scheduler, {.seed = seed}) {
    server_host = wires.AddHost("server", scheduler, clock);
    client_host = wires.AddHost("client", scheduler, clock);
    Listen();
  }
  ~World() { listener.reset(); }

  void Listen(uint16_t port = 0) {
    listener = server_host
                   ->Listen({.endpoint = {.host = "0.0.0.0", .port = port},
                             .listener = {"FLUSS", Audience::kFlussClients}},
                            echo.dispatcher)
                   .value();
  }

  std::shared_ptr<std::optional<Status>> Ask(rpc::Channel& channel, std::string table) {
    auto answer = std::make_shared<std::optional<Status>>();
    pb::TableExistsRequest request;
    request.mutable_table_path()->set_database_name("db");
    request.mutable_table_path()->set_table_name(table);
    rpc::Call(channel, rpc::kTableExists, request, scheduler.now() + Seconds(30),
              absl::AnyInvocable<void(Result<pb::TableExistsResponse>)>(
                  [answer, table](Result<pb::TableExistsResponse> result) {
                    REQUIRE_FALSE(answer->has_value());
                    *answer = result.status();
                    if (result.ok()) CHECK(result->exists() == (table.size() % 2 == 0));
                  }));
    return answer;
  }
  std::shared_ptr<rpc::Channel> Connect() { return client_host->Connect(listener->endpoint()); }

  SimScheduler scheduler;
  SimClock clock{scheduler};
  SimNetwork wires;
  Echo echo;
  std::unique_ptr<rpc::Network> server_host;
  std::unique_ptr<rpc::Network> client_host;
  std::unique_ptr<rpc::Listener> listener;
};

}  // namespace

TEST_CASE("calls of one connection arrive in order, and each is answered", "[sim]") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    World world(seed);
    const auto channel = world.Connect();
    std::vector<std::shared_ptr<std::optional<Status>>> answers;
    std::vector<std::string> sent;
    for (int i = 0; i < 50; ++i) {
      sent.push_back(std::string(static_cast<size_t>(1 + i * 7 % 50), 'x') + std::to_string(i));
      answers.push_back(world.Ask(*channel, sent.back()));
      if (i % 10 == 0) world.scheduler.RunFor(Micros(300));
    }
    world.scheduler.RunFor(Seconds(1));
    CHECK(world.echo.asked == sent);
    for (const auto& answer : answers) {
      REQUIRE(answer->has_value());
      CHECK((*answer)->ok());
    }
  }
}

TEST_CASE("the same seed gives the same world", "[sim]") {
  const auto run = [](uint64_t seed) {
    World world(seed);
    const auto channel = world.Connect();
    for (int i = 0; i < 20; ++i) world.Ask(*channel, std::to_string(i));
    world.scheduler.RunFor(Seconds(1));
    return world.scheduler.trace().value();
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
}

TEST_CASE("what a call takes is latency", "[sim]") {
  World world;
  const auto channel = world.Connect();
  const auto answer = world.Ask(*channel, "t");
  const MonoTime begin = world.scheduler.now();
  REQUIRE(world.scheduler.RunUntil([&] { return answer->has_value(); }, Seconds(1)));
  CHECK(world.scheduler.now() - begin >= Micros(80));  // Two there, two back.
  CHECK(world.scheduler.now() - begin <= Millis(4));
}

TEST_CASE("a broken connection fails its calls on both sides, another one is fine", "[sim]") {
  World world;
  const auto channel = world.Connect();
  world.echo.hold = true;
  const auto answer = world.Ask(*channel, "t");
  REQUIRE(world.scheduler.RunUntil([&] { return !world.echo.held.empty(); }, Seconds(1)));
  SECTION("for the server") { world.wires.BreakConnections("server"); }
  SECTION("for the client") { world.wires.BreakConnections("client"); }
  world.scheduler.RunFor(Seconds(1));
  REQUIRE(answer->has_value());
  CHECK((*answer)->code() == ErrorCode::kNetwork);
  CHECK(channel->broken());
  world.echo.held.clear();  // Answers to nobody.
  world.echo.hold = false;
  const auto second = world.Connect();
  const auto again = world.Ask(*second, "t");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*again)->ok());
}

TEST_CASE("lost requests were not served, lost answers were", "[sim]") {
  World world;
  auto channel = world.Connect();
  world.wires.LoseRequests("server", 1);
  auto answer = world.Ask(*channel, "request");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*answer)->code() == ErrorCode::kNetwork);
  CHECK(world.echo.asked.empty());

  channel = world.Connect();
  world.wires.LoseAnswers("server", 1);
  answer = world.Ask(*channel, "answer");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*answer)->code() == ErrorCode::kNetwork);
  CHECK(world.echo.asked == std::vector<std::string>{"answer"});
  CHECK(world.wires.lost_count() == 2);

  channel = world.Connect();
  answer = world.Ask(*channel, "third");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*answer)->ok());
}

TEST_CASE("a silent connection times calls out and breaks nothing", "[sim]") {
  World world;
  const auto channel = world.Connect();
  world.scheduler.RunFor(Seconds(1));
  world.wires.StallConnections("server");
  const auto answer = world.Ask(*channel, "t");
  world.scheduler.RunFor(Seconds(29));
  CHECK_FALSE(answer->has_value());
  world.scheduler.RunFor(Seconds(2));
  REQUIRE(answer->has_value());
  CHECK((*answer)->code() == ErrorCode::kRequestTimeOut);
  CHECK_FALSE(channel->broken());
  CHECK(world.echo.asked.empty());
  const auto fresh = world.Connect();
  const auto again = world.Ask(*fresh, "t");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*again)->ok());
}

TEST_CASE("what cannot be reached shows as a broken channel", "[sim]") {
  World world;
  SECTION("no such port") {
    const auto channel = world.client_host->Connect({.host = "server", .port = 1});
    const auto answer = world.Ask(*channel, "t");
    world.scheduler.RunFor(Seconds(1));
    CHECK((*answer)->code() == ErrorCode::kNetwork);
    CHECK(channel->broken());
  }
  SECTION("a host that is cut off for newcomers only") {
    const auto old = world.Connect();
    world.scheduler.RunFor(Seconds(1));
    world.wires.SetReachable("server", false);
    const auto young = world.Connect();
    const auto answer = world.Ask(*young, "t");
    const auto of_old = world.Ask(*old, "t");
    world.scheduler.RunFor(Seconds(1));
    CHECK((*answer)->code() == ErrorCode::kNetwork);
    CHECK((*of_old)->ok());
    world.wires.SetReachable("server", true);
    const auto third = world.Connect();
    const auto again = world.Ask(*third, "t");
    world.scheduler.RunFor(Seconds(1));
    CHECK((*again)->ok());
  }
}

TEST_CASE("what crosses a cut link arrives once it is healed, late but whole", "[sim]") {
  for (const bool to_server : {true, false}) {
    INFO((to_server ? "requests wait" : "answers wait"));
    World world;
    const auto channel = world.Connect();
    REQUIRE(world.scheduler.RunUntil([&] { return channel->VersionOf(
        rpc::MethodInfo::Of(rpc::kTableExists)).has_value(); }, Seconds(1)));
    const std::string from = to_server ? "client" : "server";
    const std::string to = to_server ? "server" : "client";
    world.wires.SetCut(from, to, true);
    const auto answer = world.Ask(*channel, "t");
    world.scheduler.RunFor(Seconds(5));
    CHECK_FALSE(answer->has_value());
    CHECK(world.echo.asked.empty() == to_server);
    world.wires.SetCut(from, to, false);
    world.scheduler.RunFor(Seconds(1));
    REQUIRE(answer->has_value());
    CHECK((*answer)->ok());
    CHECK(world.echo.asked.size() == 1);
  }
}

TEST_CASE("a slow link takes its time and keeps the order, and is fast again afterwards", "[sim]") {
  for (const double loss : {0.0, 0.4}) {
    World world;
    const auto channel = world.Connect();
    world.scheduler.RunFor(Seconds(1));
    world.wires.SetSlow("client", "server", Millis(500), loss);
    std::vector<std::shared_ptr<std::optional<Status>>> answers;
    std::vector<std::string> sent;
    for (int i = 0; i < 20; ++i) {
      sent.push_back(std::to_string(i));
      answers.push_back(world.Ask(*channel, sent.back()));
    }
    world.scheduler.RunFor(Millis(100));
    CHECK(world.echo.asked.size() < 20);
    world.scheduler.RunFor(Seconds(20));
    CHECK(world.echo.asked == sent);
    for (const auto& answer : answers) CHECK(answer->value().ok());
    world.wires.SetSlow("client", "server", MonoDuration(), 0);
    const auto fast = world.Ask(*channel, "fast");
    world.scheduler.RunFor(Millis(5));
    CHECK(fast->has_value());
  }
}

TEST_CASE("a request that is held up arrives behind newer ones of other connections", "[sim]") {
  int held_up = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed);
    const auto old = world.Connect();
    world.scheduler.RunFor(Seconds(1));
    world.wires.DelayRequests("server", Seconds(60));
    world.Ask(*old, "held");
    world.Ask(*old, "behind it");
    const auto young = world.Connect();
    world.scheduler.RunFor(Millis(100));
    const bool waits = world.echo.asked.empty();
    held_up += waits;
    const auto answer = world.Ask(*young, "young");
    world.scheduler.RunFor(Millis(100));
    CHECK(answer->value().ok());
    world.scheduler.RunFor(Seconds(60));
    CHECK(world.echo.asked == (waits ? std::vector<std::string>{"young", "held", "behind it"}
                                     : std::vector<std::string>{"held", "behind it", "young"}));
  }
  CHECK(held_up >= 5);
  CHECK(held_up <= 15);
}

TEST_CASE("requests of one host are held up, those of others are not", "[sim]") {
  int held_up = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed);
    const auto channel = world.Connect();
    world.scheduler.RunFor(Seconds(1));
    world.wires.DelayRequests("somebody", "server", Seconds(60));
    const auto spared = world.Ask(*channel, "spared");
    world.scheduler.RunFor(Millis(100));
    CHECK(spared->has_value());
    world.wires.DelayRequests("client", "server", Seconds(60));
    const auto answer = world.Ask(*channel, "held");
    world.scheduler.RunFor(Millis(100));
    held_up += !answer->has_value();
    world.scheduler.RunFor(Seconds(60));
    CHECK(answer->has_value());
  }
  CHECK(held_up >= 5);
  CHECK(held_up <= 15);
}

TEST_CASE("what a host sent arrives although its process has died since", "[sim]") {
  World world;
  SimExecutor executor(world.scheduler);
  const auto dying = world.wires.AddHost("dying", executor, world.clock);
  const auto channel = dying->Connect(world.listener->endpoint());
  world.Ask(*channel, "first");
  world.scheduler.RunFor(Seconds(1));
  world.wires.SetSlow("dying", "server", Seconds(5), 0);
  world.Ask(*channel, "last");
  world.scheduler.RunFor(Micros(10));
  executor.Shutdown();
  world.wires.CrashHost("dying");
  world.scheduler.RunFor(Seconds(6));
  CHECK(world.echo.asked == std::vector<std::string>{"first", "last"});
}

TEST_CASE("a host that dies breaks its connections, and the next process can listen", "[sim]") {
  World world;
  SimExecutor executor(world.scheduler);
  auto dying = world.wires.AddHost("dying", executor, world.clock);
  auto options = rpc::ListenOptions{.endpoint = {.host = "dying", .port = 9000},
                                    .listener = {"FLUSS", Audience::kFlussClients},
                                    .authenticator = nullptr};
  auto listener = dying->Listen(options, world.echo.dispatcher).value();
  const auto to_it = world.client_host->Connect(listener->endpoint());
  const auto from_it = dying->Connect(world.listener->endpoint());
  world.echo.hold = true;
  const auto answer = world.Ask(*to_it, "t");
  const auto other = world.Ask(*from_it, "t");
  REQUIRE(world.scheduler.RunUntil([&] { return world.echo.held.size() == 2; }, Seconds(1)));
  executor.Shutdown();
  world.wires.CrashHost("dying");
  listener.reset();
  world.scheduler.RunFor(Seconds(1));
  CHECK((*answer)->code() == ErrorCode::kNetwork);
  CHECK_FALSE(other->has_value());  // Nobody is left who could be told.
  world.echo.held.clear();
  world.echo.hold = false;

  SimExecutor next(world.scheduler);
  dying = world.wires.AddHost("dying", next, world.clock);
  listener = dying->Listen(options, world.echo.dispatcher).value();
  const auto kept = world.client_host->Connect(listener->endpoint());
  const auto second = world.Ask(*kept, "t");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*second)->ok());
  listener.reset();
}

TEST_CASE("a port is one listener's until that is gone", "[sim]") {
  World world;
  const uint16_t port = world.listener->endpoint().port;
  const auto options = rpc::ListenOptions{.endpoint = {.host = "server", .port = port},
                                          .listener = {"FLUSS", Audience::kFlussClients},
                                          .authenticator = nullptr};
  CHECK(world.server_host->Listen(options, world.echo.dispatcher).status().code() ==
        ErrorCode::kNetwork);
  world.listener.reset();
  world.Listen(port);
  CHECK(world.listener->endpoint().port == port);
}

TEST_CASE("a listener that stops lets what is in flight be answered", "[sim]") {
  World world;
  const auto channel = world.Connect();
  world.echo.hold = true;
  const auto answer = world.Ask(*channel, "t");
  REQUIRE(world.scheduler.RunUntil([&] { return !world.echo.held.empty(); }, Seconds(1)));
  bool stopped = false;
  world.listener->Stop(Seconds(5), [&] { stopped = true; });
  world.scheduler.RunFor(Seconds(1));
  CHECK_FALSE(stopped);

  SECTION("in time") {
    pb::TableExistsResponse response;
    response.set_exists(false);
    std::move(world.echo.held[0]).Ok(response);
    REQUIRE(world.scheduler.RunUntil([&] { return stopped; }, Seconds(1)));
    world.scheduler.RunFor(Millis(5));
    CHECK((*answer)->ok());
  }
  SECTION("or not") {
    REQUIRE(world.scheduler.RunUntil([&] { return stopped; }, Seconds(5)));
    world.scheduler.RunFor(Millis(5));
    CHECK((*answer)->code() == ErrorCode::kNetwork);
  }
  const auto late = world.Connect();
  const auto refused = world.Ask(*late, "t");
  world.scheduler.RunFor(Seconds(1));
  CHECK((*refused)->code() == ErrorCode::kNetwork);
}

TEST_CASE("connections are refused where nobody listens, and find no way where there is none",
          "[sim]") {
  World world;
  const rpc::Endpoint server = world.listener->endpoint();
  std::optional<rpc::Break> cause;
  const auto connect = [&] {
    auto channel = world.client_host->Connect(server);
    cause.reset();
    channel->WhenBroken([&](rpc::Break broken) { cause = broken; });
    world.scheduler.RunFor(Seconds(1));
    return channel;
  };
  auto channel = connect();
  CHECK_FALSE(cause.has_value());
  world.wires.BreakConnections("server");
  world.scheduler.RunFor(Seconds(1));
  CHECK(cause == rpc::Break::kOther);

  world.wires.SetRefusing("server", true);
  channel = connect();
  CHECK(cause == rpc::Break::kRefused);
  world.wires.SetReachable("server", false);
  channel = connect();
  CHECK(cause == rpc::Break::kOther);
  world.wires.SetReachable("server", true);
  world.wires.SetRefusing("server", false);
  channel = connect();
  CHECK_FALSE(cause.has_value());
  world.listener.reset();
  world.scheduler.RunFor(Seconds(1));
  CHECK(cause == rpc::Break::kOther);
  channel = connect();
  CHECK(cause == rpc::Break::kRefused);
}

TEST_CASE("nothing is dispatched once a listener is gone", "[sim]") {
  World world;
  const auto channel = world.Connect();
  world.scheduler.RunFor(Seconds(1));
  const auto answer = world.Ask(*channel, "t");
  world.listener.reset();
  world.scheduler.RunFor(Seconds(1));
  CHECK(world.echo.asked.empty());
  REQUIRE(answer->has_value());
  CHECK((*answer)->code() == ErrorCode::kNetwork);
}

}  // namespace strom::sim
