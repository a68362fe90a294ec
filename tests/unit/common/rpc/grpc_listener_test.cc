// The gRPC server on the wire, for clients that are not ours: messages and metadata of the test's
// own.
#include <atomic>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "common/rpc/grpc/grpc_network.h"
#include "common/rpc/grpc/grpc_wire.h"
#include "common/runtime/notification.h"
#include "proto/strom.pb.h"
#include "tests/unit/common/rpc/real_server.h"

namespace strom::rpc {
namespace {

std::unique_ptr<RealServer> Serve(GrpcNetwork::Options options = {},
                                  std::shared_ptr<const Authenticator> authenticator = nullptr) {
  return std::make_unique<RealServer>(
      Carrier::kGrpc,
      [options](RealServer& server) {
        return std::make_unique<GrpcNetwork>(server.clock, server.executor, server.blocking,
                                             options);
      },
      std::move(authenticator));
}

struct UnaryOutcome {
  grpc::Status status;
  Bytes body;
  std::map<std::string, std::string> trailers;
};

using Metadata = std::map<std::string, std::string>;

// Knows nothing of Strom but the address.
class ForeignClient {
 public:
  explicit ForeignClient(const Endpoint& endpoint)
      : channel_(grpc::CreateChannel(endpoint.ToString(), grpc::InsecureChannelCredentials())),
        stub_(channel_) {}

  UnaryOutcome Call(const std::string& path, Bytes body, const Metadata& metadata = {}) {
    grpc::ClientContext context;
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    const grpc::ByteBuffer request = ToByteBuffer(std::move(body));
    grpc::ByteBuffer response;
    UnaryOutcome outcome;
    runtime::Notification done;
    stub_.UnaryCall(&context, path, {}, &request, &response, [&](const grpc::Status& status) {
      outcome.status = status;
      done.Notify();
    });
    REQUIRE(done.WaitFor(Seconds(20)));
    if (outcome.status.ok()) outcome.body = Bytes(ViewOf(Flatten(response)));
    for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
      outcome.trailers[std::string(key.data(), key.size())] =
          std::string(value.data(), value.size());
    }
    return outcome;
  }
  UnaryOutcome Exists(const std::string& name, const Metadata& metadata = {}) {
    return Call("/strom.v1.CommonService/DatabaseExists", Serialize(ExistsRequest(name)), metadata);
  }

  grpc::GenericStub& stub() { return stub_; }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
};

// A session stream that says what the test says: writes all, half-closes, and collects the answers.
class ForeignStream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  ForeignStream(ForeignClient& client, std::vector<Bytes> messages)
      : messages_(std::move(messages)) {
    client.stub().PrepareBidiStreamingCall(&context_, kSessionPath, {}, this);
    StartRead(&incoming_);
    WriteNext();
    StartCall();
    REQUIRE(done_.WaitFor(Seconds(20)));
  }

  std::vector<pb::Frame> answers;
  grpc::Status status;

 private:
  void WriteNext() {
    if (next_ == messages_.size()) return StartWritesDone();
    outgoing_ = ToByteBuffer(messages_[next_++]);
    StartWrite(&outgoing_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) WriteNext();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    pb::Frame frame;
    if (Parse(ViewOf(Flatten(incoming_)), "frame", &frame).ok()) answers.push_back(frame);
    StartRead(&incoming_);
  }
  void OnDone(const grpc::Status& s) override {
    status = s;
    done_.Notify();
  }

  const std::vector<Bytes> messages_;
  size_t next_ = 0;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  runtime::Notification done_;
};

Bytes FrameBytes(std::optional<int> key, std::optional<int> version, std::optional<int> id,
                 Bytes body) {
  pb::Frame frame;
  if (key) frame.set_api_key(*key);
  if (version) frame.set_api_version(*version);
  if (id) frame.set_request_id(*id);
  frame.set_body(std::move(body));
  return Serialize(frame);
}

}  // namespace

TEST_CASE("a foreign gRPC client calls a method by its path alone", "[rpc]") {
  const auto server = Serve();
  ForeignClient client(server->listener->endpoint());
  const UnaryOutcome outcome = client.Exists("yes");
  CHECK(outcome.status.ok());
  CHECK(outcome.body == Bytes("\x08\x01", 2));
  CHECK(server->last_version == 0);  // Absent metadata: the highest we serve.
}

TEST_CASE("errors of a unary call are in its trailers and in gRPC's own words", "[rpc]") {
  const auto server = Serve();
  ForeignClient client(server->listener->endpoint());
  const UnaryOutcome outcome = client.Exists("fail");
  CHECK(outcome.status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(outcome.status.error_message() == "no 100 % table ä");
  CHECK(outcome.trailers.at("strom-error-code") == "7");
  CHECK(outcome.trailers.at("strom-error-message") == "no%20100%20%25%20table%20%C3%A4");
}

TEST_CASE("unary calls that make no sense are refused", "[rpc]") {
  const auto server = Serve();
  ForeignClient client(server->listener->endpoint());
  const auto code = [](const UnaryOutcome& outcome) {
    CHECK_FALSE(outcome.status.ok());
    return outcome.trailers.at("strom-error-code");
  };
  for (const char* path : {"/strom.v1.CommonService/NoSuchMethod", "/strom.v1.X/DatabaseExists",
                           "/other.Service/Method", "/strom.v1.TabletService/ProduceLog"}) {
    INFO(path);
    CHECK(code(client.Call(path, "")) == "2");
  }
  CHECK(code(client.Exists("yes", {{"strom-api-version", "1"}})) == "2");
  CHECK(code(client.Exists("yes", {{"strom-api-version", "-1"}})) == "2");
  CHECK(code(client.Exists("yes", {{"strom-api-version", "zero"}})) == "2");
  CHECK(code(client.Exists("yes", {{"strom-api-version", "99999999999"}})) == "2");
  CHECK(code(client.Exists("yes", {{"strom-api-version", ""}})) == "2");
  CHECK(code(client.Call("/strom.v1.CommonService/DatabaseExists", "\xff\xff")) == "3");
  CHECK(code(client.Call("/strom.v1.CommonService/DatabaseExists", "")) == "3");
  CHECK(client.Exists("yes", {{"strom-api-version", "0"}}).status.ok());
}

TEST_CASE("a listener that asks for proof takes no unary calls", "[rpc]") {
  const auto server =
      Serve({}, std::make_shared<SaslPlainAuthenticator>(
                    std::map<std::string, std::string, std::less<>>{{"alice", "secret"}}));
  ForeignClient client(server->listener->endpoint());
  const UnaryOutcome outcome = client.Exists("yes");
  CHECK(outcome.status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(outcome.trailers.at("strom-error-code") == "46");

  // On a session, Authenticate is a request like the others.
  pb::AuthenticateRequest proof;
  proof.set_protocol("PLAIN");
  proof.set_token(Bytes("\0alice\0secret", 13));
  const Bytes exists = Serialize(ExistsRequest("yes"));
  ForeignStream stream(client,
                       {FrameBytes(1004, 0, 1, exists), FrameBytes(1038, 0, 2, Serialize(proof)),
                        FrameBytes(1004, 0, 3, exists)});
  CHECK(stream.status.ok());
  REQUIRE(stream.answers.size() == 3);
  CHECK(stream.answers[0].error().error_code() == 46);
  CHECK_FALSE(stream.answers[1].has_error());
  CHECK_FALSE(stream.answers[2].has_error());
}

TEST_CASE("a half-closed session is answered to the end", "[rpc]") {
  const auto server = Serve();
  ForeignClient client(server->listener->endpoint());
  std::vector<Bytes> messages;
  for (int id = 1; id <= 50; ++id) {
    messages.push_back(FrameBytes(1004, std::nullopt, id, Serialize(ExistsRequest("yes"))));
  }
  ForeignStream stream(client, messages);
  CHECK(stream.status.ok());
  CHECK(stream.answers.size() == 50);
  for (const pb::Frame& answer : stream.answers) CHECK(answer.body() == Bytes("\x08\x01", 2));
}

TEST_CASE("a session refuses requests one by one", "[rpc]") {
  const auto server = Serve();
  ForeignClient client(server->listener->endpoint());
  ForeignStream stream(
      client, {FrameBytes(999, 0, 1, ""), FrameBytes(1004, 5, 2, ""), FrameBytes(70000, 0, 3, ""),
               FrameBytes(1004, 70000, 4, ""), FrameBytes(1004, 0, 5, "\xff"),
               FrameBytes(1004, 0, 6, Serialize(ExistsRequest("fail")))});
  CHECK(stream.status.ok());
  std::map<int, int> codes;
  for (const pb::Frame& answer : stream.answers) {
    codes[answer.request_id()] = answer.error().error_code();
  }
  CHECK(codes == std::map<int, int>{{1, 2}, {2, 2}, {3, 2}, {4, 2}, {5, 3}, {6, 7}});
}

TEST_CASE("a session ends over a frame that cannot be answered", "[rpc]") {
  const auto server = Serve();
  ForeignClient client(server->listener->endpoint());
  for (const Bytes& bad : {Bytes("\xff\xff\xff"), FrameBytes(1004, 0, std::nullopt, ""),
                           FrameBytes(std::nullopt, 0, 1, ""), Bytes()}) {
    ForeignStream stream(client, {bad});
    CHECK(stream.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(stream.answers.empty());
  }
  CHECK(client.Exists("yes").status.ok());
}

TEST_CASE("answers of a session queue up to a bound, and all arrive", "[rpc]") {
  const auto server = Serve({.outgoing_bytes_max = 10000});
  ForeignClient client(server->listener->endpoint());
  pb::ListTablesRequest request;
  request.set_database_name("30000");
  std::vector<Bytes> messages;
  for (int id = 0; id < 200; ++id) messages.push_back(FrameBytes(1008, 0, id, Serialize(request)));
  ForeignStream stream(client, messages);
  CHECK(stream.status.ok());
  REQUIRE(stream.answers.size() == 200);
  for (int id = 0; id < 200; ++id) {
    CHECK(stream.answers[static_cast<size_t>(id)].body().size() > 30000);
  }
}

}  // namespace strom::rpc
