#include "common/rpc/framed/client_connection.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/common/rpc/rpc_testing.h"

namespace strom::rpc::framed {
namespace {

struct Sent {
  int16_t api_key;
  int16_t api_version;
  int32_t request_id;
  Bytes body;
};

std::vector<Sent> RequestsIn(BytesView bytes) {
  FrameDecoder decoder(kRequestHeaderBytes, kFrameBytesMaxDefault);
  decoder.Append(bytes);
  std::vector<Sent> sent;
  for (auto payload = decoder.Next(); payload.value().has_value(); payload = decoder.Next()) {
    const RequestFrame frame = ParseRequest(**payload).value();
    sent.push_back({frame.api_key, frame.api_version, frame.request_id, Bytes(frame.body)});
  }
  return sent;
}

Bytes ResponseBytes(ResponseType type, int32_t request_id, BytesView body) {
  const ResponseFrame frame{type, request_id, body};
  return EncodeHeader(frame) + Bytes(body);
}

// A client's channel whose server is the test.
class TestClient {
 public:
  explicit TestClient(uint64_t seed, ClientSession::Options options = {}) : scheduler(seed) {
    options.clock = &clock;
    options.peer = "server:9123";
    auto session = std::make_shared<ClientSession>(options, strand);
    connection = std::make_unique<ClientConnection>(session, size_t{1} << 20);
    session->Start([this] { abandoned = true; });
    channel = ClientSession::Handle(std::move(session));
    scheduler.RunReady();
  }
  ~TestClient() {
    OnStrand([&] { connection->OnClosed(Error(ErrorCode::kNetwork, "the test is over")); });
  }

  template <class Function>
  void OnStrand(Function function) {
    strand->Post(function);
    scheduler.RunReady();
  }
  void Open() {
    OnStrand([&] { connection->OnOpen(&link); });
  }
  bool Feed(const Bytes& bytes) {
    bool reading = false;
    OnStrand([&] { reading = connection->OnBytes(bytes); });
    return reading;
  }
  // Answers the handshake: the server serves DatabaseExists 0..0 and PutKv in this range.
  void AnswerVersions(int put_kv_min = 0, int put_kv_max = 1) {
    pb::ApiVersionsResponse response;
    const auto add = [&](int key, int min, int max) {
      auto* api = response.add_api_versions();
      api->set_api_key(key);
      api->set_min_version(min);
      api->set_max_version(max);
    };
    add(1004, 0, 0);
    add(1016, put_kv_min, put_kv_max);
    add(70000, 0, 1);  // No int16: ignored.
    Feed(ResponseBytes(ResponseType::kSuccess, 0, Serialize(response)));
  }
  void Ready() {
    Open();
    AnswerVersions();
    link.written.clear();
  }

  // Starts a call; its outcome appears in `outcomes` at the index returned.
  size_t Exists(const std::string& name, MonoTime deadline = MonoTime::Infinite()) {
    const size_t index = outcomes.size();
    outcomes.emplace_back();
    Call<pb::DatabaseExistsRequest, pb::DatabaseExistsResponse>(
        *channel, kDatabaseExists, ExistsRequest(name), deadline,
        [this, index](Result<pb::DatabaseExistsResponse> response) {
          outcomes[index].push_back(response.status());
        });
    scheduler.RunReady();
    return index;
  }
  ErrorCode CodeOf(size_t index) {
    REQUIRE(outcomes.at(index).size() == 1);
    return outcomes[index][0].code();
  }
  std::vector<Sent> TakeRequests() { return RequestsIn(std::exchange(link.written, {})); }

  sim::SimScheduler scheduler;
  sim::SimClock clock{scheduler};
  std::shared_ptr<runtime::Strand> strand = std::make_shared<runtime::Strand>(scheduler);
  TestLink link;
  std::unique_ptr<ClientConnection> connection;
  std::shared_ptr<Channel> channel;
  bool abandoned = false;
  std::vector<std::vector<Status>> outcomes;  // Of each call: one status, once it is over.
};

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 5))); }

Bytes ExistsAnswer() {
  pb::DatabaseExistsResponse response;
  response.set_exists(true);
  return Serialize(response);
}

}  // namespace

TEST_CASE("a client asks for versions first, then sends what waited, in order", "[rpc]") {
  TestClient client(Seed());
  const size_t first = client.Exists("a");
  client.Open();
  const size_t second = client.Exists("b");
  auto sent = client.TakeRequests();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].api_key == 1000);
  CHECK(sent[0].request_id == 0);
  CHECK_FALSE(client.channel->VersionOf(MethodInfo::Of(kDatabaseExists)).has_value());

  client.AnswerVersions();
  sent = client.TakeRequests();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].body == Serialize(ExistsRequest("a")));
  CHECK(sent[1].body == Serialize(ExistsRequest("b")));
  CHECK(sent[0].request_id != sent[1].request_id);

  // Answers in the other order find their calls.
  client.Feed(ResponseBytes(ResponseType::kSuccess, sent[1].request_id, ExistsAnswer()) +
              ResponseBytes(ResponseType::kError, sent[0].request_id,
                            SerializeError(Error(ErrorCode::kConfig, "no"))));
  CHECK(client.CodeOf(first) == ErrorCode::kConfig);
  CHECK(client.CodeOf(second) == ErrorCode::kOk);
}

TEST_CASE("the highest common version is spoken", "[rpc]") {
  TestClient client(Seed());
  client.Open();
  const auto version_with = [&](int min, int max) {
    client.AnswerVersions(min, max);
    return client.channel->VersionOf(MethodInfo::Of(kPutKv));  // We speak 0..2.
  };
  SECTION("the server is older") { CHECK(version_with(0, 1) == 1); }
  SECTION("the server is newer") { CHECK(version_with(1, 9) == 2); }
  SECTION("there is none") { CHECK(version_with(3, 9) == std::nullopt); }
}

TEST_CASE("a method without a common version fails without being sent", "[rpc]") {
  TestClient client(Seed());
  client.Ready();
  std::vector<Status> outcome;
  client.channel->Call(MethodInfo::Of(kListDatabases), "", MonoTime::Infinite(),
                       [&](Result<Bytes> r) { outcome.push_back(r.status()); });
  client.scheduler.RunReady();
  REQUIRE(outcome.size() == 1);
  CHECK(outcome[0].code() == ErrorCode::kUnsupportedVersion);
  CHECK(client.link.written.empty());
}

TEST_CASE("a deadline ends a call, and its late answer is ignored", "[rpc]") {
  TestClient client(Seed());
  client.Ready();
  const MonoTime start = client.scheduler.now();
  const size_t late = client.Exists("late", start + Millis(50));
  const size_t slow = client.Exists("slow", start + Millis(80));
  const size_t early = client.Exists("early", start + Millis(20));
  const size_t past = client.Exists("past", start);
  CHECK(client.CodeOf(past) == ErrorCode::kRequestTimeOut);
  const auto sent = client.TakeRequests();
  REQUIRE(sent.size() == 3);

  client.scheduler.RunFor(Millis(20));
  CHECK(client.CodeOf(early) == ErrorCode::kRequestTimeOut);
  CHECK(client.outcomes[late].empty());
  client.scheduler.RunFor(Millis(40));
  CHECK(client.CodeOf(late) == ErrorCode::kRequestTimeOut);
  for (const Sent& request : sent) {
    client.Feed(ResponseBytes(ResponseType::kSuccess, request.request_id, ExistsAnswer()));
  }
  client.scheduler.RunFor(Seconds(1));
  CHECK(client.CodeOf(late) == ErrorCode::kRequestTimeOut);
  CHECK(client.CodeOf(slow) == ErrorCode::kOk);
}

TEST_CASE("a call that waits for the connection has its deadline too", "[rpc]") {
  TestClient client(Seed());
  const size_t call = client.Exists("db", client.scheduler.now() + Millis(10));
  client.scheduler.RunFor(Millis(10));
  CHECK(client.CodeOf(call) == ErrorCode::kRequestTimeOut);
  client.Open();
  client.AnswerVersions();
  CHECK(client.TakeRequests().size() == 1);  // The handshake only.
}

TEST_CASE("a cut fails every pending call once, and later ones at once", "[rpc]") {
  TestClient client(Seed());
  client.Ready();
  const size_t a = client.Exists("a"), b = client.Exists("b", client.scheduler.now() + Seconds(5));
  client.OnStrand([&] { client.connection->OnClosed(Error(ErrorCode::kNetwork, "reset")); });
  CHECK(client.CodeOf(a) == ErrorCode::kNetwork);
  CHECK(client.CodeOf(b) == ErrorCode::kNetwork);
  CHECK(client.outcomes[a][0].message() == "connection to server:9123: reset");
  CHECK(client.channel->broken());
  CHECK(client.CodeOf(client.Exists("c")) == ErrorCode::kNetwork);
  client.scheduler.RunFor(Seconds(10));
  CHECK(client.outcomes[b].size() == 1);
}

TEST_CASE("a server failure, nonsense, or a bad length break the connection", "[rpc]") {
  TestClient client(Seed());
  client.Ready();
  const size_t call = client.Exists("db");
  Bytes bytes;
  SECTION("failure of the whole connection") {
    bytes = ResponseBytes(ResponseType::kServerFailure, 0,
                          SerializeError(Error(ErrorCode::kUnknownServerError, "too long")));
  }
  SECTION("unknown type") { bytes = FromHex("00000005 07 00000001").value(); }
  SECTION("no header") { bytes = FromHex("00000002 00 00").value(); }
  SECTION("frame too large") { bytes = FromHex("7fffffff").value(); }
  SECTION("negative length") { bytes = FromHex("fffffff0").value(); }
  CHECK_FALSE(client.Feed(bytes));
  CHECK(client.CodeOf(call) == ErrorCode::kNetwork);
  CHECK(client.link.closed.has_value());
}

TEST_CASE("a handshake that fails breaks the connection", "[rpc]") {
  TestClient client(Seed());
  const size_t call = client.Exists("db");
  client.Open();
  SECTION("an error") {
    client.Feed(ResponseBytes(ResponseType::kError, 0,
                              SerializeError(Error(ErrorCode::kAuthenticate, "go away"))));
    CHECK(client.outcomes[call][0].message() == "connection to server:9123: handshake: go away");
  }
  SECTION("an answer that is none") {
    client.Feed(ResponseBytes(ResponseType::kSuccess, 0, "\xff"));
  }
  SECTION("an answer to something else") {
    client.Feed(ResponseBytes(ResponseType::kSuccess, 5, ""));
  }
  CHECK(client.CodeOf(call) == ErrorCode::kNetwork);
  CHECK(client.link.closed.has_value());
}

TEST_CASE("an attempt to connect ends after its timeout and is abandoned", "[rpc]") {
  TestClient client(Seed(), {.connect_timeout = Seconds(3)});
  const size_t call = client.Exists("db");
  SECTION("never connected") {
    client.scheduler.RunFor(Seconds(3));
    CHECK(client.abandoned);
  }
  SECTION("connected, but no versions came") {
    client.Open();
    client.scheduler.RunFor(Seconds(3));
    CHECK_FALSE(client.abandoned);
    CHECK(client.link.closed.has_value());
  }
  CHECK(client.CodeOf(call) == ErrorCode::kNetwork);
}

TEST_CASE("the last reference closes the connection, in a continuation too", "[rpc]") {
  TestClient client(Seed());
  client.Ready();
  const size_t pending = client.Exists("pending");
  int replies = 0;
  client.channel->Call(MethodInfo::Of(kDatabaseExists), Serialize(ExistsRequest("x")),
                       MonoTime::Infinite(), [&](Result<Bytes>) {
                         ++replies;
                         client.channel.reset();
                       });
  client.scheduler.RunReady();
  const auto sent = client.TakeRequests();
  client.Feed(ResponseBytes(ResponseType::kSuccess, sent.at(1).request_id, ExistsAnswer()));
  CHECK(replies == 1);
  CHECK(client.CodeOf(pending) == ErrorCode::kNetwork);
  CHECK(client.link.closed.has_value());
}

TEST_CASE("requests too large, or too many, fail without being sent", "[rpc]") {
  TestClient client(Seed(), {.request_bytes_max = 100, .in_flight_count_max = 2});
  client.Ready();
  const size_t large = client.Exists(std::string(200, 'x'));
  CHECK(client.CodeOf(large) == ErrorCode::kRecordTooLarge);
  client.Exists("a");
  client.Exists("b");
  CHECK(client.CodeOf(client.Exists("c")) == ErrorCode::kOperationNotAttempted);
  const auto sent = client.TakeRequests();
  CHECK(sent.size() == 2);
  client.Feed(ResponseBytes(ResponseType::kSuccess, sent[0].request_id, ExistsAnswer()));
  CHECK(client.outcomes[client.Exists("d")].empty());  // There is room again.
}

TEST_CASE("an answer that is no such message fails its call alone", "[rpc]") {
  TestClient client(Seed());
  client.Ready();
  const size_t bad = client.Exists("a"), good = client.Exists("b");
  const auto sent = client.TakeRequests();
  CHECK(client.Feed(ResponseBytes(ResponseType::kSuccess, sent[0].request_id, "") +
                    ResponseBytes(ResponseType::kSuccess, 777, "") +
                    ResponseBytes(ResponseType::kSuccess, sent[1].request_id, ExistsAnswer())));
  CHECK(client.CodeOf(bad) == ErrorCode::kCorruptMessage);
  CHECK(client.CodeOf(good) == ErrorCode::kOk);
}

}  // namespace strom::rpc::framed
