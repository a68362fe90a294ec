// The shortcut in virtual time, in front of simulated wires. What any network promises stands in
// tests/contract.
#include "common/rpc/local/local_network.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "proto/strom.pb.h"
#include "tests/sim/world/sim_network.h"
#include "tests/unit/common/rpc/rpc_testing.h"

namespace strom::rpc {
namespace {

constexpr const char* kLocalAddress = "127.0.0.1:0";

// A server and a client on the host "here", and a client on the host "there". DatabaseExists
// answers that "db" is one; names that begin with "hold" wait for Release.
class LocalWorld {
 public:
  explicit LocalWorld(uint64_t seed, LocalNetwork::Options options = {})
      : scheduler_(seed), network(*here_, scheduler_, clock_, std::move(options)) {
    dispatcher.Handle(kApiVersions, [this](const RequestContext& ctx, const auto&, auto respond) {
      pb::ApiVersionsResponse response;
      FillApiVersions(dispatcher, ctx.listener().audience, &response);
      std::move(respond).Ok(response);
    });
    dispatcher.Handle(kDatabaseExists, [this](const RequestContext& ctx, const auto& request,
                                              Responder<pb::DatabaseExistsResponse> respond) {
      CHECK_FALSE(calling);  // Never in the caller's stack.
      handling = true;
      contexts.push_back(ctx);
      names.push_back(request->database_name());
      if (names.back().starts_with("hold")) {
        held.push_back(std::move(respond));
      } else {
        pb::DatabaseExistsResponse response;
        response.set_exists(names.back() == "db");
        std::move(respond).Ok(response);
      }
      handling = false;
    });
    dispatcher.Handle(kPutKv, [](const RequestContext&, const auto&, auto respond) {
      std::move(respond).Ok(pb::PutKvResponse());
    });
    dispatcher.Handle(kListJobs, [](const RequestContext&, const auto&, auto respond) {
      std::move(respond).Ok(pb::ListJobsResponse());
    });
  }
  ~LocalWorld() {
    Release();
    if (!listener) return;
    // The listener waits for its links, and here nobody else is to run their tasks meanwhile.
    listener->Stop(MonoDuration(), [] {});
    scheduler_.RunFor(Millis(1));
    listener.reset();
  }

  const Endpoint& Listen(Audience audience = Audience::kServers,
                         std::shared_ptr<const Authenticator> authenticator = nullptr) {
    listener = network
                   .Listen({.endpoint = {"here", 0, Carrier::kFramed},
                            .listener = {.name = "TEST", .audience = audience},
                            .authenticator = std::move(authenticator)},
                           dispatcher)
                   .value();
    return listener->endpoint();
  }
  void Stop() {
    bool stopped = false;
    listener->Stop(MonoDuration(), [&] { stopped = true; });
    REQUIRE(scheduler_.RunUntil([&] { return stopped; }, Seconds(10)));
    listener.reset();
  }
  void Release() {
    pb::DatabaseExistsResponse response;
    response.set_exists(true);
    handling = true;
    for (auto& respond : std::exchange(held, {})) std::move(respond).Ok(response);
    handling = false;
    scheduler_.RunReady();
  }

  // The index of a call whose outcome will be in `results`.
  template <class Req, class Resp>
  size_t Begin(Channel& channel, const Method<Req, Resp>& method, const Req& request,
               MonoDuration patience = Seconds(60)) {
    const size_t index = endings.size();
    endings.push_back(0);
    results.push_back(Status::Ok());
    calling = true;
    channel.Call(MethodInfo::Of(method), Serialize(request), clock_.Now() + patience,
                 [this, index](Result<Bytes> answer) {
                   CHECK_FALSE(handling);  // Never in the handler's stack.
                   ++endings[index];
                   results[index] = answer.status();
                   ended_at = clock_.Now();
                 });
    calling = false;
    return index;
  }
  size_t Begin(Channel& channel, const std::string& name, MonoDuration patience = Seconds(60)) {
    return Begin(channel, kDatabaseExists, ExistsRequest(name), patience);
  }
  Status Run(Channel& channel, const std::string& name) {
    const size_t call = Begin(channel, name);
    return Await(call);
  }
  Status Await(size_t call) {
    REQUIRE(scheduler_.RunUntil([&] { return endings[call] > 0; }, Seconds(300)));
    return results[call];
  }

  sim::SimScheduler& scheduler() { return scheduler_; }
  const runtime::Clock& clock() const { return clock_; }
  Network& there() { return *there_; }

 private:
  sim::SimScheduler scheduler_;
  sim::SimClock clock_{scheduler_};
  sim::SimNetwork wires_{scheduler_, {}};
  const std::unique_ptr<Network> here_ = wires_.AddHost("here", scheduler_, clock_);
  const std::unique_ptr<Network> there_ = wires_.AddHost("there", scheduler_, clock_);

 public:
  LocalNetwork network;
  Dispatcher dispatcher;
  std::unique_ptr<Listener> listener;
  std::vector<RequestContext> contexts;
  std::vector<std::string> names;
  std::vector<Responder<pb::DatabaseExistsResponse>> held;
  std::vector<int> endings;
  std::vector<Status> results;
  MonoTime ended_at;
  bool calling = false;
  bool handling = false;
};

uint64_t Seed() { return GENERATE(take(20, random<uint64_t>(1, UINT64_MAX))); }

}  // namespace

TEST_CASE("a call to a server of the same process takes no wire; any other does", "[rpc]") {
  LocalWorld world(Seed());
  const Endpoint server = world.Listen();
  const auto here = world.network.Connect(server);
  CHECK(world.Run(*here, "db").ok());
  CHECK(world.contexts.back().caller->address == kLocalAddress);
  CHECK(world.contexts.back().caller->carrier == Carrier::kFramed);
  CHECK(world.contexts.back().principal() == Principal());
  CHECK(world.contexts.back().listener().name == "TEST");
  CHECK(world.contexts.back().deadline == world.contexts.back().received_at + Seconds(120));
  const auto there = world.there().Connect(server);
  CHECK(world.Run(*there, "db").ok());
  CHECK(world.contexts.back().caller->address.starts_with("there:"));
}

TEST_CASE("an address that a server tells others is its listener", "[rpc]") {
  const HostPort told{"db.example", 9123};
  LocalWorld world(Seed(), {.aliases = {{told, {"here", 10000}}, {{"nowhere", 1}, {"here", 1}}}});
  REQUIRE(world.Listen().port == 10000);
  const auto channel = world.network.Connect({told.host, told.port, Carrier::kFramed});
  CHECK(world.Run(*channel, "db").ok());
  CHECK(world.contexts.back().caller->address == kLocalAddress);
  const auto nobody = world.network.Connect({"nowhere", 1, Carrier::kFramed});
  CHECK(world.Run(*nobody, "db").code() == ErrorCode::kNetwork);
}

TEST_CASE("a port that has stopped is the network's behind", "[rpc]") {
  LocalWorld world(Seed());
  const Endpoint server = world.Listen();
  const auto channel = world.network.Connect(server);
  CHECK(world.Run(*channel, "db").ok());
  world.Stop();
  world.scheduler().RunReady();
  CHECK(channel->broken());
  CHECK(world.Run(*channel, "late").code() == ErrorCode::kNetwork);
  const auto next = world.network.Connect(server);
  CHECK(world.Run(*next, "late").code() == ErrorCode::kNetwork);
  CHECK(world.names == std::vector<std::string>{"db"});
}

TEST_CASE("a listener for Fluss's clients serves neither methods nor fields of ours", "[rpc]") {
  LocalWorld world(Seed());
  const Audience audience = GENERATE(Audience::kFlussClients, Audience::kStromClients);
  const bool ours = audience == Audience::kStromClients;
  const auto channel = world.network.Connect(world.Listen(audience));
  pb::PutKvRequest put;
  put.set_acks(1);
  put.set_table_id(1);
  put.set_timeout_ms(1);
  CHECK(world.Await(world.Begin(*channel, kPutKv, put)).ok());
  put.set_job_group("g");
  put.set_job_epoch(1);
  const Status fenced = world.Await(world.Begin(*channel, kPutKv, put));
  const Status jobs = world.Await(world.Begin(*channel, kListJobs, pb::ListJobsRequest()));
  CHECK(fenced.code() == (ours ? ErrorCode::kOk : ErrorCode::kUnsupportedVersion));
  CHECK(jobs.code() == (ours ? ErrorCode::kOk : ErrorCode::kUnsupportedVersion));
  CHECK(channel->VersionOf(MethodInfo::Of(kPutKv)) == 2);
  CHECK(channel->VersionOf(MethodInfo::Of(kListJobs)).has_value() == ours);
}

TEST_CASE("a listener that wants to know who calls does so inside a process, too", "[rpc]") {
  LocalWorld world(Seed());
  const auto channel = world.network.Connect(world.Listen(
      Audience::kServers, std::make_shared<SaslPlainAuthenticator>(
                              std::map<std::string, std::string, std::less<>>{{"ada", "secret"}})));
  CHECK(world.Run(*channel, "db").code() == ErrorCode::kAuthenticate);
  pb::AuthenticateRequest request;
  request.set_protocol("PLAIN");
  request.set_token(std::string("\0ada\0secret", 11));
  CHECK(world.Await(world.Begin(*channel, kAuthenticate, request)).ok());
  CHECK(world.Run(*channel, "db").ok());
  CHECK(world.contexts.back().principal().name == "ada");
}

TEST_CASE("beyond a connection's limits requests wait, in their order", "[rpc]") {
  LocalWorld world(Seed(), {.limits = {.in_flight_count_max = 2}});
  const auto channel = world.network.Connect(world.Listen());
  for (const char* name : {"hold1", "hold2", "hold3", "hold4", "db"}) world.Begin(*channel, name);
  world.scheduler().RunReady();
  CHECK(world.names == std::vector<std::string>{"hold1", "hold2"});
  world.Release();
  CHECK(world.names == std::vector<std::string>{"hold1", "hold2", "hold3", "hold4"});
  world.Release();
  CHECK(world.names.back() == "db");
  for (size_t i = 0; i < 5; ++i) CHECK(world.results[i].ok());
  CHECK(world.endings == std::vector<int>(5, 1));
}

TEST_CASE("a request is as large as it may be, and its bytes are counted while it is served",
          "[rpc]") {
  LocalWorld world(Seed(), {.request_bytes_max = 1000});
  const auto channel = world.network.Connect(world.Listen());
  CHECK(world.Run(*channel, std::string(900, 'x')).ok());
  CHECK(world.dispatcher.budget().used_bytes() == 0);
  CHECK(world.Run(*channel, std::string(1000, 'x')).code() == ErrorCode::kRecordTooLarge);
  world.Begin(*channel, "hold" + std::string(500, 'x'));
  world.scheduler().RunReady();
  CHECK(world.dispatcher.budget().used_bytes() == world.contexts.back().request_size);
  CHECK(world.contexts.back().request_size > 500);
  world.Release();
  CHECK(world.dispatcher.budget().used_bytes() == 0);
}

TEST_CASE("a call ends at its deadline, not before", "[rpc]") {
  LocalWorld world(Seed());
  const auto channel = world.network.Connect(world.Listen());
  CHECK(world.Run(*channel, "db").ok());
  const MonoTime begun = world.clock().Now();
  const size_t call = world.Begin(*channel, "hold", Millis(70));
  CHECK(world.Await(call).code() == ErrorCode::kRequestTimeOut);
  CHECK(world.ended_at == begun + Millis(70));
  world.Release();  // For nobody.
  CHECK(world.endings[call] == 1);
  CHECK(world.Run(*channel, "db").ok());
}

TEST_CASE("whatever ends a connection, each of its calls ends once", "[rpc]") {
  LocalWorld world(Seed());
  sim::SimRandom random(world.scheduler().random().Next());
  const Endpoint server = world.Listen();
  std::vector<std::shared_ptr<Channel>> channels;
  for (int i = 0; i < 3; ++i) channels.push_back(world.network.Connect(server));
  bool stopped = false;
  for (int step = 0; step < 60; ++step) {
    if (const auto& channel = channels[random.Uniform(channels.size())]) {
      world.Begin(*channel, random.Chance(0.3) ? "hold" : "db", Millis(random.Uniform(20)));
    }
    if (random.Chance(0.2)) world.scheduler().RunFor(Millis(random.Uniform(8)));
    if (random.Chance(0.2)) world.Release();
    if (random.Chance(0.03)) channels[random.Uniform(channels.size())].reset();
    if (step == 45) world.listener->Stop(Millis(random.Uniform(10)), [&] { stopped = true; });
  }
  REQUIRE(world.scheduler().RunUntil([&] { return stopped; }, Seconds(10)));
  world.listener.reset();
  world.scheduler().RunFor(Seconds(1));
  const size_t served = world.names.size();
  world.Release();
  CHECK(world.endings == std::vector<int>(world.endings.size(), 1));
  CHECK(world.names.size() == served);
  CHECK(world.dispatcher.budget().used_bytes() == 0);
}

}  // namespace strom::rpc
