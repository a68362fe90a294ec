// One suite over every Network: framed TCP, unary gRPC and gRPC session streams; and the last with
// the first, inside one process.
#include <functional>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/rpc/methods.h"
#include "common/runtime/thread_pool.h"
#include "proto/cluster.pb.h"
#include "tests/contract/network_world.h"

namespace strom::rpc {
namespace {

// What the suite runs over: a carrier and the world it lives in.
template <Carrier carrier>
struct Real {
  static constexpr Carrier kCarrier = carrier;
  static std::unique_ptr<NetworkWorld> MakeWorld(NetworkWorldOptions options = {}) {
    return MakeRealNetworkWorld(options);
  }
};
using Framed = Real<Carrier::kFramed>;
using Grpc = Real<Carrier::kGrpc>;
using GrpcSession = Real<Carrier::kGrpcSession>;

template <Carrier carrier>
struct Local {
  static constexpr Carrier kCarrier = carrier;
  static std::unique_ptr<NetworkWorld> MakeWorld(NetworkWorldOptions options = {}) {
    return MakeLocalNetworkWorld(options);
  }
};
using LocalFramed = Local<Carrier::kFramed>;
using LocalSession = Local<Carrier::kGrpcSession>;

}  // namespace

#define STROM_NETWORK_TEST(name) \
  TEMPLATE_TEST_CASE(name, "[rpc][contract]", Framed, Grpc, GrpcSession, LocalFramed, LocalSession)
// Of those that keep the order of calls.
#define STROM_ORDERED_NETWORK_TEST(name) \
  TEMPLATE_TEST_CASE(name, "[rpc][contract]", Framed, GrpcSession, LocalFramed, LocalSession)
// Where client and server are two processes and each has its own limits.
#define STROM_REMOTE_NETWORK_TEST(name) \
  TEMPLATE_TEST_CASE(name, "[rpc][contract]", Framed, Grpc, GrpcSession)

STROM_NETWORK_TEST("a call reaches its handler and brings the answer back") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  const size_t yes = client.Exists("db"), no = client.Exists("other");
  REQUIRE(client.AwaitAll());
  CHECK(client.status(yes).ToString() == "OK");
  CHECK(client.exists(yes));
  CHECK(client.status(no).ok());
  CHECK_FALSE(client.exists(no));

  const RequestContext& ctx = server.last_context().value();
  CHECK(ctx.api_key == 1004);
  CHECK(ctx.listener().name == "CONTRACT");
  CHECK(ctx.caller->carrier == TestType::kCarrier);
  CHECK(ctx.caller->address.starts_with("127.0.0.1:"));
  CHECK(ctx.principal().name == "ANONYMOUS");
  CHECK(ctx.request_size > 0);
  CHECK(ctx.deadline > ctx.received_at);
  CHECK(ctx.request_id.has_value() == (TestType::kCarrier != Carrier::kGrpc));
}

STROM_NETWORK_TEST("a hundred calls in flight each get their own answer") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  for (int i = 0; i < 100; ++i) client.Exists(i % 3 == 0 ? "db" : "no" + std::to_string(i));
  REQUIRE(client.AwaitAll());
  for (size_t i = 0; i < 100; ++i) {
    INFO("call " << i);
    CHECK(client.status(i).ToString() == "OK");
    CHECK(client.exists(i) == (i % 3 == 0));
    CHECK(client.endings(i) == 1);
  }
}

STROM_NETWORK_TEST("a hundred calls whose handlers wait hold nobody up") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  for (int i = 0; i < 100; ++i) client.Exists("hold" + std::to_string(i));
  REQUIRE(world->Await([&] { return server.held() == 100; }));
  CHECK(client.CallAndWait("db").ok());
  server.Release();
  REQUIRE(client.AwaitAll());
  for (size_t i = 0; i < 100; ++i) CHECK(client.exists(i));
}

STROM_NETWORK_TEST("errors keep their code and message") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  const auto check = [&](int code, const std::string& message) {
    INFO(code << " " << message.substr(0, 40));
    const Status status = client.CallAndWait("fail:" + std::to_string(code) + ":" + message);
    CHECK(static_cast<int>(status.code()) == code);
    CHECK(status.message() == message);
  };
  for (const int code : {-1, 1, 2, 3, 7, 12, 25, 44, 46, 48, 65, 72}) {
    check(code, "bucket 7: code " + std::to_string(code));
  }
  check(7, "100 % of 表 \"x\"\n\ttrailing blank ");
  check(7, std::string(1000, 'm'));
  CHECK(client.CallAndWait("db").ok());  // The channel is none the worse.
}

STROM_NETWORK_TEST("a deadline ends a call whose handler waits") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  CHECK(client.CallAndWait("db").ok());
  CHECK(client.CallAndWait("hold", Millis(30)).code() == ErrorCode::kRequestTimeOut);
  server.Release();  // Too late for anybody.
  CHECK(client.CallAndWait("db").ok());
  CHECK(client.endings(1) == 1);
  CHECK(client.CallAndWait("db", Millis(-1)).code() == ErrorCode::kRequestTimeOut);
}

STROM_NETWORK_TEST("a request larger than allowed is refused, and the channel lives") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  CHECK(client.CallAndWait(std::string((size_t{1} << 20) - 100, 'x')).ok());
  CHECK(client.CallAndWait(std::string(size_t{1} << 20, 'x')).code() == ErrorCode::kRecordTooLarge);
  CHECK(client.CallAndWait("db").ok());
}

STROM_REMOTE_NETWORK_TEST("a server refuses what a client sends against its limit") {
  const auto world = TestType::MakeWorld({.client_request_bytes_max = size_t{64} << 20});
  ContractServer server(*world, TestType::kCarrier);
  {
    ContractClient client(*world, server.endpoint());
    const Status status = client.CallAndWait(std::string(size_t{8} << 20, 'x'));
    CHECK_FALSE(status.ok());
    CHECK((status.code() == ErrorCode::kNetwork || status.code() == ErrorCode::kRecordTooLarge));
    INFO(status.ToString());
    CHECK(status.message().size() > 20);  // It says why.
  }
  ContractClient other(*world, server.endpoint());
  CHECK(other.CallAndWait("db").ok());
  CHECK(server.names() == std::vector<std::string>{"db"});
}

STROM_NETWORK_TEST("a cut fails every pending call with a network error, once") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  for (int i = 0; i < 20; ++i) client.Exists("hold");
  REQUIRE(world->Await([&] { return server.held() == 20; }));
  server.Close();
  REQUIRE(client.AwaitAll());
  server.Release();  // Answers go nowhere.
  for (size_t i = 0; i < 20; ++i) {
    CHECK(client.status(i).code() == ErrorCode::kNetwork);
    CHECK(client.endings(i) == 1);
  }
  CHECK(client.CallAndWait("db").code() == ErrorCode::kNetwork);
  if (TestType::kCarrier != Carrier::kGrpc) CHECK(client.channel().broken());
}

STROM_NETWORK_TEST("dropping a channel ends its calls") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  client.Exists("hold");
  REQUIRE(world->Await([&] { return server.held() == 1; }));
  SECTION("by closing it") {
    client.channel().Close();
    CHECK(client.channel().broken());
    client.Exists("db");
  }
  SECTION("by letting it go") { client.Drop(); }
  REQUIRE(client.AwaitAll());
  CHECK(client.status(0).code() == ErrorCode::kNetwork);
  CHECK(client.endings(0) == 1);
}

STROM_NETWORK_TEST("an address where nobody listens gives a network error") {
  const auto world = TestType::MakeWorld();
  Endpoint endpoint;
  {
    ContractServer server(*world, TestType::kCarrier);
    endpoint = server.endpoint();
  }
  ContractClient client(*world, endpoint);
  CHECK(client.CallAndWait("db").code() == ErrorCode::kNetwork);
}

STROM_NETWORK_TEST("an address that does not resolve gives a network error") {
  const auto world = TestType::MakeWorld();
  ContractClient client(*world, Endpoint{"no-such-host.invalid", 1, TestType::kCarrier});
  CHECK(client.CallAndWait("db").code() == ErrorCode::kNetwork);
}

STROM_NETWORK_TEST("a port that is taken cannot be listened on") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  const Dispatcher dispatcher;
  const auto second = world->server().Listen(
      {.endpoint = {"127.0.0.1", server.endpoint().port, TestType::kCarrier}}, dispatcher);
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().code() == ErrorCode::kNetwork);
  CHECK(second.status().message().find(server.endpoint().ToString()) != std::string::npos);
}

STROM_ORDERED_NETWORK_TEST("requests of one connection are dispatched in the order of the calls") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    // Sizes that end frames anywhere in a read.
    expected.push_back(std::to_string(i) + std::string(static_cast<size_t>(i * 37 % 3000), '.'));
    client.Exists(expected.back());
  }
  REQUIRE(client.AwaitAll());
  CHECK(server.names() == expected);
}

STROM_NETWORK_TEST("a server that stops answers what is in flight, and no more") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  const size_t in_flight = client.Exists("hold");
  REQUIRE(world->Await([&] { return server.held() == 1; }));
  bool stopped = false;
  server.listener().Stop(Seconds(60), [&] { world->Change([&] { stopped = true; }); });
  CHECK_FALSE(stopped);
  server.Release();
  REQUIRE(world->Await([&] { return stopped; }));
  REQUIRE(client.AwaitCall(in_flight));
  CHECK(client.status(in_flight).ToString() == "OK");
  CHECK(client.exists(in_flight));
  CHECK(client.CallAndWait("late").code() == ErrorCode::kNetwork);
  CHECK(server.names() == std::vector<std::string>{"hold"});
}

STROM_NETWORK_TEST("a server that stops waits no longer than its drain time") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  const size_t in_flight = client.Exists("hold");
  REQUIRE(world->Await([&] { return server.held() == 1; }));
  bool stopped = false;
  server.listener().Stop(Millis(50), [&] { world->Change([&] { stopped = true; }); });
  REQUIRE(world->Await([&] { return stopped; }));
  REQUIRE(client.AwaitCall(in_flight));
  CHECK(client.status(in_flight).code() == ErrorCode::kNetwork);
}

STROM_NETWORK_TEST("an idle server stops at once") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  CHECK(client.CallAndWait("db").ok());
  bool stopped = false;
  server.listener().Stop(Seconds(600), [&] { world->Change([&] { stopped = true; }); });
  CHECK(world->Await([&] { return stopped; }));
}

STROM_NETWORK_TEST("a listener may go while it stops") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  client.Exists("hold");
  REQUIRE(world->Await([&] { return server.held() == 1; }));
  server.listener().Stop(Seconds(600), [] {});
  server.Close();
  REQUIRE(client.AwaitAll());
  CHECK(client.status(0).code() == ErrorCode::kNetwork);
}

STROM_NETWORK_TEST("a channel may be closed, or let go, in a continuation") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  const bool let_go = GENERATE(false, true);
  std::shared_ptr<Channel> channel = world->client().Connect(server.endpoint());
  Channel* const pointer = channel.get();
  std::vector<Status> others;
  bool over = false;
  const auto call = [&](const std::string& name, auto done) {
    pb::DatabaseExistsRequest request;
    request.set_database_name(name);
    pointer->Call(MethodInfo::Of(kDatabaseExists), Serialize(request),
                  world->clock().Now() + Seconds(60), std::move(done));
  };
  for (int i = 0; i < 3; ++i) {
    call("hold", [&](Result<Bytes> r) { world->Change([&] { others.push_back(r.status()); }); });
  }
  call("db", [&](const Result<Bytes>& r) {
    CHECK(r.ok());
    if (let_go) {
      channel.reset();
    } else {
      channel->Close();
    }
    world->Change([&] { over = true; });
  });
  REQUIRE(world->Await([&] { return over && others.size() == 3; }));
  for (const Status& status : others) CHECK(status.code() == ErrorCode::kNetwork);
  ContractClient next(*world, server.endpoint());
  CHECK(next.CallAndWait("db").ok());
}

STROM_NETWORK_TEST("calls made in continuations go on and on") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  const std::shared_ptr<Channel> channel = world->client().Connect(server.endpoint());
  int answered = 0;
  pb::DatabaseExistsRequest request;
  request.set_database_name("db");
  std::function<void(Result<Bytes>)> next = [&](const Result<Bytes>& result) {
    int so_far = 0;
    world->Change([&] { so_far = answered += result.ok() ? 1 : 1000000; });
    if (so_far < 2000) {
      channel->Call(MethodInfo::Of(kDatabaseExists), Serialize(request),
                    world->clock().Now() + Seconds(60), next);
    }
  };
  channel->Call(MethodInfo::Of(kDatabaseExists), Serialize(request),
                world->clock().Now() + Seconds(60), next);
  REQUIRE(world->Await([&] { return answered >= 2000; }));
  CHECK(answered == 2000);
}

STROM_NETWORK_TEST("calls of many threads each end once, though the server stops meanwhile") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  constexpr int kThreads = 4, kCalls = 200;
  int ended = 0, ok = 0, other = 0;
  bool stopped = false;
  {
    runtime::ThreadPool callers({.name = "callers", .threads = kThreads});
    const std::shared_ptr<Channel> channel = world->client().Connect(server.endpoint());
    pb::DatabaseExistsRequest request;
    request.set_database_name("db");
    for (int thread = 0; thread < kThreads; ++thread) {
      callers.Post([&] {
        for (int i = 0; i < kCalls; ++i) {
          channel->Call(MethodInfo::Of(kDatabaseExists), Serialize(request),
                        world->clock().Now() + Seconds(60), [&](const Result<Bytes>& r) {
                          world->Change([&] {
                            ++ended;
                            ok += r.ok() ? 1 : 0;
                            other += r.ok() || r.status().code() == ErrorCode::kNetwork ? 0 : 1;
                          });
                        });
        }
      });
    }
    REQUIRE(world->Await([&] { return ok > 50; }));
    server.listener().Stop(Seconds(60), [&] { world->Change([&] { stopped = true; }); });
    REQUIRE(world->Await([&] { return stopped && ended == kThreads * kCalls; }));
  }
  CHECK(ended == kThreads * kCalls);
  CHECK(other == 0);
  CHECK(server.names().size() >= static_cast<size_t>(ok));  // Nothing was answered undone.
}

TEMPLATE_TEST_CASE("inside a process no socket is used, and outside it is", "[rpc][contract]",
                   LocalFramed, LocalSession) {
  std::atomic<int> connects = 0;
  const auto world = MakeLocalNetworkWorld({}, &connects);
  ContractServer server(*world, TestType::kCarrier);
  {
    ContractClient client(*world, server.endpoint());
    CHECK(client.CallAndWait("db").ok());
    CHECK(connects == 0);
  }
  const auto elsewhere =
      TestType::kCarrier == Carrier::kFramed ? Framed::MakeWorld() : GrpcSession::MakeWorld();
  ContractServer remote(*elsewhere, TestType::kCarrier);
  ContractClient to_remote(*world, remote.endpoint());
  CHECK(to_remote.CallAndWait("db").ok());
  CHECK(connects == 1);
  ContractClient from_remote(*elsewhere, server.endpoint());
  CHECK(from_remote.CallAndWait("db").ok());  // The port is open to everybody.
}

TEST_CASE("unary gRPC has its socket inside a process, too", "[rpc][contract]") {
  std::atomic<int> connects = 0;
  const auto world = MakeLocalNetworkWorld({}, &connects);
  ContractServer server(*world, Carrier::kGrpc);
  ContractClient client(*world, server.endpoint());
  CHECK(client.CallAndWait("db").ok());
  CHECK(connects == 1);
  Endpoint sessions = server.endpoint();
  sessions.carrier = Carrier::kGrpcSession;
  ContractClient session(*world, sessions);
  CHECK(session.CallAndWait("db").ok());
  CHECK(connects == 1);
}

STROM_NETWORK_TEST("methods that are not served are refused") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  std::optional<Status> status;
  client.channel().Call(MethodInfo::Of(kListDatabases), "", world->clock().Now() + Seconds(60),
                        [&](Result<Bytes> r) { world->Change([&] { status = r.status(); }); });
  REQUIRE(world->Await([&] { return status.has_value(); }));
  CHECK(status->code() == ErrorCode::kUnsupportedVersion);
  CHECK(client.CallAndWait("db").ok());
}

STROM_NETWORK_TEST("many requests share a small budget and are all answered") {
  const auto world = TestType::MakeWorld();
  ContractServer server(*world, TestType::kCarrier, {.request_bytes_max = 5000});
  ContractClient a(*world, server.endpoint()), b(*world, server.endpoint());
  for (int i = 0; i < 50; ++i) {
    a.Exists("a" + std::string(2000, 'x'));
    b.Exists("hold" + std::string(2000, 'x'));
  }
  // Only what fits is dispatched; answering lets the next ones in.
  size_t answered = 0;
  while (answered < 50) {
    REQUIRE(world->Await([&] { return server.held() > 0; }));
    CHECK(server.dispatcher().budget().used_bytes() <= 5000);
    size_t held = 0;
    world->Change([&] { held = server.held(); });
    CHECK(held <= 2);
    server.Release();
    REQUIRE(world->Await([&] {
      answered = 0;
      for (size_t i = 0; i < 50; ++i) answered += b.endings(i) > 0;
      return answered == 50 || server.held() > 0;
    }));
  }
  REQUIRE(a.AwaitAll());
  for (size_t i = 0; i < 50; ++i) CHECK(a.status(i).ok());
  CHECK(world->Await([&] { return server.dispatcher().budget().used_bytes() == 0; }));
}

STROM_NETWORK_TEST("large answers arrive whole, also when they queue up") {
  const auto world = TestType::MakeWorld({.outgoing_bytes_max = 100000});
  ContractServer server(*world, TestType::kCarrier);
  ContractClient client(*world, server.endpoint());
  pb::ListTablesRequest request;
  request.set_database_name("3000");  // 3 MB.
  int whole = 0, over = 0;
  for (int i = 0; i < 10; ++i) {
    Call<pb::ListTablesRequest, pb::ListTablesResponse>(
        client.channel(), kListTables, request, world->clock().Now() + Seconds(60),
        [&](Result<pb::ListTablesResponse> response) {
          world->Change([&] {
            ++over;
            whole += response.ok() && response->table_name_size() == 3000 &&
                     response->table_name(0) == std::string(1000, 'a' + 3000 % 26);
          });
        });
  }
  REQUIRE(world->Await([&] { return over == 10; }));
  CHECK(whole == 10);
}

TEST_CASE("a channel tells a refused connection from one that breaks otherwise",
          "[rpc][contract]") {
  std::optional<Break> cause;  // Outlives the world's threads.
  const auto world = MakeRealNetworkWorld({});
  const auto watch = [&](Channel& channel) {
    channel.WhenBroken([&](Break broken) { world->Change([&] { cause = broken; }); });
  };
  SECTION("closed by the server, and then refused") {
    ContractServer server(*world, Carrier::kFramed);
    const Endpoint server_endpoint = server.endpoint();
    ContractClient client(*world, server_endpoint);
    watch(client.channel());
    REQUIRE(client.CallAndWait("db").ok());
    CHECK_FALSE(cause.has_value());
    server.Close();
    REQUIRE(world->Await([&] { return cause.has_value(); }));
    CHECK(cause == Break::kOther);

    cause.reset();
    const auto late = world->client().Connect(server_endpoint);
    watch(*late);
    REQUIRE(world->Await([&] { return cause.has_value(); }));
    CHECK(cause == Break::kRefused);
    cause.reset();
    watch(*late);  // Broken by now: told at once.
    REQUIRE(world->Await([&] { return cause.has_value(); }));
    CHECK(cause == Break::kRefused);
  }
  SECTION("closed by this side") {
    ContractServer server(*world, Carrier::kFramed);
    ContractClient client(*world, server.endpoint());
    watch(client.channel());
    client.channel().Close();
    REQUIRE(world->Await([&] { return cause.has_value(); }));
    CHECK(cause == Break::kOther);
  }
}

TEST_CASE("a server closes what is idle, and refuses more connections than it may have",
          "[rpc][contract]") {
  SECTION("idle") {
    const auto world = MakeRealNetworkWorld({.idle_timeout = Millis(50)});
    ContractServer server(*world, Carrier::kFramed);
    ContractClient client(*world, server.endpoint());
    const size_t call = client.Exists("hold");
    REQUIRE(client.AwaitCall(call));
    CHECK(client.status(call).code() == ErrorCode::kNetwork);
    CHECK(client.channel().broken());
  }
  SECTION("too many") {
    const auto world = MakeRealNetworkWorld({.connections_max = 1});
    ContractServer server(*world, Carrier::kFramed);
    ContractClient first(*world, server.endpoint());
    CHECK(first.CallAndWait("db").ok());
    ContractClient second(*world, server.endpoint());
    CHECK(second.CallAndWait("db").code() == ErrorCode::kNetwork);
    CHECK(first.CallAndWait("db").ok());
  }
}

}  // namespace strom::rpc
