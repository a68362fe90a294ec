#include "common/rpc/framed/server_connection.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/rpc/message.h"
#include "tests/unit/common/rpc/rpc_testing.h"

namespace strom::rpc::framed {
namespace {

using ExistsResponder = Responder<pb::DatabaseExistsResponse>;

// A server whose DatabaseExists answers when the test says so, and remembers what it was asked.
class HoldingServer : public TestServer {
 public:
  explicit HoldingServer(uint64_t seed, Dispatcher::Options options = {})
      : TestServer(seed, options) {
    dispatcher.Handle(kApiVersions, [this](const RequestContext& ctx, const auto&, auto respond) {
      pb::ApiVersionsResponse response;
      FillApiVersions(dispatcher, ctx.listener().audience, &response);
      std::move(respond).Ok(response);
    });
    dispatcher.Handle(kDatabaseExists,
                      [this](const RequestContext& ctx, const auto& request, auto respond) {
                        contexts.push_back(ctx);
                        names.push_back(request->database_name());
                        held.push_back(std::move(respond));
                      });
  }

  void Answer(size_t index, bool exists = true) {
    pb::DatabaseExistsResponse response;
    response.set_exists(exists);
    std::move(held.at(index)).Ok(response);
    scheduler.RunReady();
  }

  std::vector<RequestContext> contexts;
  std::vector<std::string> names;
  std::vector<ExistsResponder> held;
};

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 5))); }

Status ErrorIn(const TestAnswer& answer) {
  CHECK(answer.type != ResponseType::kSuccess);
  return ParseError(answer.body);
}

}  // namespace

TEST_CASE("a recorded handshake is answered with what the server serves", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  // API_VERSIONS of the official Java client, byte for byte.
  CHECK(server.Feed(FromHex("0000001603e80000000000000a05666c7573731205302e312e30").value()));
  const auto answers = server.TakeAnswers();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].type == ResponseType::kSuccess);
  CHECK(answers[0].request_id == 0);
  pb::ApiVersionsResponse response;
  REQUIRE(Parse(answers[0].body, "answer", &response).ok());
  CHECK(response.api_versions_size() == 3);
}

TEST_CASE("requests reach handlers in arrival order, answers leave in any", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  Bytes stream;
  for (int id = 1; id <= 3; ++id) {
    stream += RequestBytes(1004, 0, id, Serialize(ExistsRequest("db" + std::to_string(id))));
  }
  for (const char byte : stream) CHECK(server.Feed(Bytes(1, byte)));
  CHECK(server.names == std::vector<std::string>{"db1", "db2", "db3"});
  server.Answer(2);
  server.Answer(0);
  std::vector<int> ids;
  for (const auto& answer : server.TakeAnswers()) ids.push_back(answer.request_id);
  CHECK(ids == std::vector<int>{3, 1});
}

TEST_CASE("a handler is told who asks, in which version and until when", "[rpc]") {
  HoldingServer server(1);
  server.limits.request_timeout = Seconds(7);
  server.Open();
  server.Send(kDatabaseExists, 42, ExistsRequest("db"));
  REQUIRE(server.contexts.size() == 1);
  const RequestContext& ctx = server.contexts[0];
  CHECK(ctx.api_key == 1004);
  CHECK(ctx.request_id == 42);
  CHECK(ctx.caller->address == "10.0.0.7:4242");
  CHECK(ctx.principal() == Principal{"ANONYMOUS", "User"});
  CHECK(ctx.request_size == 12 + 4);
  CHECK(ctx.received_at == server.scheduler.now());
  CHECK(ctx.deadline == server.scheduler.now() + Seconds(7));
}

TEST_CASE("what has a request id is refused under it, and the connection goes on", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  CHECK(server.Feed(RequestBytes(999, 0, 1, "")));
  CHECK(server.Feed(RequestBytes(1004, 7, 2, Serialize(ExistsRequest("db")))));
  CHECK(server.Feed(RequestBytes(1004, 0, 3, "\xff\xff\xff")));
  const auto answers = server.TakeAnswers();
  REQUIRE(answers.size() == 3);
  CHECK(ErrorIn(answers[0]).code() == ErrorCode::kUnsupportedVersion);
  CHECK(ErrorIn(answers[1]).code() == ErrorCode::kUnsupportedVersion);
  CHECK(ErrorIn(answers[2]).code() == ErrorCode::kCorruptMessage);
  CHECK(answers[2].request_id == 3);
  CHECK_FALSE(server.link.closed.has_value());
}

TEST_CASE("a bad length fails the whole connection", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  server.Send(kDatabaseExists, 1, ExistsRequest("db"));
  const char* hex = GENERATE("ffffffff", "00000007", "7fffffff", "00001001");
  INFO("length " << hex);
  CHECK_FALSE(server.Feed(FromHex(hex).value()));
  const auto answers = server.TakeAnswers();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].type == ResponseType::kServerFailure);
  CHECK(ErrorIn(answers[0]).code() == ErrorCode::kUnknownServerError);
  REQUIRE(server.link.closed.has_value());

  // Neither late answers nor more bytes change anything.
  server.Answer(0);
  CHECK_FALSE(server.Feed(RequestBytes(1004, 0, 2, Serialize(ExistsRequest("db")))));
  CHECK(server.TakeAnswers().empty());
  CHECK(server.names.size() == 1);
}

TEST_CASE("beyond its limits a connection is not read, and goes on by itself", "[rpc]") {
  HoldingServer server(Seed());
  SECTION("number of requests") { server.limits.in_flight_count_max = 2; }
  SECTION("bytes of requests") { server.limits.in_flight_bytes_max = 2 * 16; }
  server.Open();
  Bytes stream;
  for (int id = 1; id <= 5; ++id) {
    stream += RequestBytes(1004, 0, id, Serialize(ExistsRequest("d" + std::to_string(id))));
  }
  CHECK_FALSE(server.Feed(stream));
  CHECK(server.names.size() == 2);
  server.Answer(1);
  CHECK(server.names.size() == 3);
  CHECK(server.link.read_ons == 0);  // More has arrived already.
  for (const size_t i : {0, 2, 3}) server.Answer(i);
  CHECK(server.names.size() == 5);
  CHECK(server.link.read_ons > 0);
  server.Answer(4);
  CHECK(server.TakeAnswers().size() == 5);
}

TEST_CASE("nothing is taken from a client that does not read its answers", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  server.link.is_congested = true;
  CHECK_FALSE(server.Send(kDatabaseExists, 1, ExistsRequest("a")));
  CHECK(server.names.empty());
  server.link.is_congested = false;
  server.OnStrand([&] { server.connection->OnDrained(); });
  CHECK(server.names == std::vector<std::string>{"a"});
  CHECK(server.link.read_ons == 1);
  CHECK(server.Send(kDatabaseExists, 2, ExistsRequest("b")));
}

TEST_CASE("a request larger than a connection's limit is let in alone", "[rpc]") {
  HoldingServer server(Seed());
  server.limits.in_flight_bytes_max = 100;
  server.Open();
  CHECK(server.Send(kDatabaseExists, 1, ExistsRequest(std::string(500, 'x'))));
  CHECK_FALSE(server.Send(kDatabaseExists, 2, ExistsRequest("small")));
  CHECK(server.names.size() == 1);
  server.Answer(0);
  CHECK(server.names.size() == 2);
}

TEST_CASE("connections of a server share its byte budget until answers are written", "[rpc]") {
  HoldingServer server(Seed(), {.request_bytes_max = 20});
  server.Open();
  server.link.stuck = true;  // Answers are queued, not written.
  CHECK(server.Send(kDatabaseExists, 1, ExistsRequest("d1")));
  CHECK(server.dispatcher.budget().used_bytes() == 16);
  CHECK_FALSE(server.Send(kDatabaseExists, 2, ExistsRequest("d2")));
  server.Answer(0);
  CHECK(server.names.size() == 1);
  CHECK(server.dispatcher.budget().used_bytes() == 16);
  server.link.unwritten.clear();
  server.scheduler.RunReady();
  CHECK(server.names.size() == 2);
  CHECK(server.link.read_ons == 1);
}

TEST_CASE("a connection that closes while it waits gives its bytes back", "[rpc]") {
  HoldingServer server(Seed(), {.request_bytes_max = 20});
  server.Open();
  ByteLease others = *server.dispatcher.budget().TryAcquire(20);
  CHECK_FALSE(server.Send(kDatabaseExists, 1, ExistsRequest("d1")));
  server.OnStrand([&] { server.connection->OnClosed(Error(ErrorCode::kNetwork, "cut")); });
  others.Return();
  server.scheduler.RunReady();
  CHECK(server.names.empty());
  CHECK(server.dispatcher.budget().used_bytes() == 0);
}

TEST_CASE("answers to a closed connection go nowhere, and return their bytes", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  server.Send(kDatabaseExists, 1, ExistsRequest("db"));
  server.OnStrand([&] { server.connection->OnClosed(Error(ErrorCode::kNetwork, "cut")); });
  server.Answer(0);
  CHECK(server.link.written.empty());
  CHECK(server.dispatcher.budget().used_bytes() == 0);
}

TEST_CASE("a draining connection answers what is in flight, then closes", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  server.Send(kDatabaseExists, 1, ExistsRequest("db"));
  server.OnStrand([&] { server.connection->Drain(); });
  CHECK_FALSE(server.link.closed.has_value());
  CHECK_FALSE(server.Send(kDatabaseExists, 2, ExistsRequest("late")));
  CHECK(server.names.size() == 1);
  server.Answer(0);
  CHECK(server.TakeAnswers().size() == 1);
  CHECK(server.link.closed.has_value());
}

TEST_CASE("an idle connection drains at once", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  server.OnStrand([&] { server.connection->Drain(); });
  CHECK(server.link.closed.has_value());
}

TEST_CASE("a plaintext listener answers Authenticate for its own name", "[rpc]") {
  HoldingServer server(Seed());
  server.Open();
  pb::AuthenticateRequest request;
  request.set_protocol("plaintext");
  request.set_token("");
  server.Send(kAuthenticate, 1, request);
  request.set_protocol("GSSAPI");
  server.Send(kAuthenticate, 2, request);
  server.Feed(RequestBytes(1038, 0, 3, ""));
  const auto answers = server.TakeAnswers();
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].type == ResponseType::kSuccess);
  CHECK(answers[0].body.empty());  // No challenge.
  CHECK(ErrorIn(answers[1]).code() == ErrorCode::kAuthenticate);
  CHECK(ErrorIn(answers[2]).code() == ErrorCode::kCorruptMessage);
}

TEST_CASE("a SASL listener answers nothing but the handshake before proof", "[rpc]") {
  HoldingServer server(Seed());
  server.authenticator = std::make_shared<SaslPlainAuthenticator>(
      std::map<std::string, std::string, std::less<>>{{"alice", "secret"}});
  server.Open();
  pb::ApiVersionsRequest versions;
  versions.set_client_software_name("fluss");
  versions.set_client_software_version("0.1.0");
  pb::AuthenticateRequest proof;
  proof.set_protocol("PLAIN");

  server.Send(kApiVersions, 0, versions);
  server.Send(kDatabaseExists, 1, ExistsRequest("early"));
  proof.set_token(Bytes("\0alice\0wrong", 12));
  server.Send(kAuthenticate, 2, proof);
  proof.set_token(Bytes("\0alice\0secret", 13));
  server.Send(kAuthenticate, 3, proof);
  proof.set_token("");  // The Rust client sends one more.
  server.Send(kAuthenticate, 4, proof);
  server.Send(kDatabaseExists, 5, ExistsRequest("db"));

  const auto answers = server.TakeAnswers();
  REQUIRE(answers.size() == 5);
  CHECK(answers[0].type == ResponseType::kSuccess);
  CHECK(ErrorIn(answers[1]).code() == ErrorCode::kAuthenticate);
  CHECK(ErrorIn(answers[2]).code() == ErrorCode::kAuthenticate);
  CHECK(answers[3].type == ResponseType::kSuccess);
  CHECK(answers[4].type == ResponseType::kSuccess);
  REQUIRE(server.names == std::vector<std::string>{"db"});
  CHECK(server.contexts[0].principal() == Principal{"alice", "User"});
}

TEST_CASE("damaged requests never harm the server", "[rpc]") {
  const uint64_t seed = static_cast<uint64_t>(GENERATE(range(1, 41)));
  INFO("seed " << seed);
  HoldingServer server(seed);
  server.Open();
  sim::SimRandom& random = server.scheduler.random();
  Bytes stream;
  for (int id = 0; id < 20; ++id) {
    stream += RequestBytes(id % 3 == 0 ? 1038 : 1004, 0, id,
                           Serialize(ExistsRequest(std::string(random.Uniform(60), 'n'))));
  }
  for (uint64_t i = random.Uniform(10); i > 0; --i) {
    stream[random.Uniform(stream.size())] = static_cast<char>(random.Uniform(256));
  }
  for (size_t at = 0; at < stream.size();) {
    const size_t size = 1 + random.Uniform(40);
    if (!server.Feed(stream.substr(at, size))) break;
    at += size;
  }
  for (size_t i = 0; i < server.held.size(); ++i) server.Answer(i);
  const auto answers = server.TakeAnswers();  // Whole frames, whatever they say.
  CHECK((server.link.closed.has_value() || !answers.empty() || stream.empty()));
  CHECK(server.dispatcher.budget().used_bytes() == 0);
}

}  // namespace strom::rpc::framed
