#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/rpc/dispatcher.h"
#include "common/rpc/framed/frame_codec.h"
#include "common/rpc/framed/frame_link.h"
#include "common/rpc/framed/server_connection.h"
#include "common/rpc/methods.h"
#include "proto/admin.pb.h"
#include "proto/cluster.pb.h"
#include "proto/kv.pb.h"
#include "proto/log.pb.h"
#include "proto/types.pb.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::rpc {

// A request context as a transport makes it, for calls straight into a dispatcher.
inline RequestContext ContextFor(const MethodInfo& method, Audience audience) {
  RequestContext ctx;
  ctx.api_key = method.api_key;
  ctx.api_version = method.version_max;
  ctx.caller = std::make_shared<const Caller>(
      Caller{.listener = {.name = "TEST", .audience = audience}, .address = "127.0.0.1:1"});
  return ctx;
}

inline pb::DatabaseExistsRequest ExistsRequest(const std::string& name) {
  pb::DatabaseExistsRequest request;
  request.set_database_name(name);
  return request;
}

namespace framed {

// The wire below a connection, seen from the other side: what was written, and whether it is
// closed.
class TestLink final : public FrameLink {
 public:
  void Write(OutFrame frame) override {
    if (closed) return;
    written += frame.header + frame.body;
    if (stuck) unwritten.push_back(std::move(frame.lease));
  }
  void Close(Status why) override { closed = std::move(why); }
  bool congested() const override { return is_congested; }
  void ReadOn() override { ++read_ons; }

  Bytes written;
  bool stuck = false;  // Frames are queued but their bytes do not leave.
  std::vector<ByteLease> unwritten;
  bool is_congested = false;
  std::optional<Status> closed;
  int read_ons = 0;
};

// The frames of a byte stream; everything is a whole frame.
struct TestAnswer {
  ResponseType type;
  int32_t request_id;
  Bytes body;
};
inline std::vector<TestAnswer> AnswersIn(BytesView bytes) {
  FrameDecoder decoder(kResponsePayloadBytesMin, kFrameBytesMaxDefault);
  decoder.Append(bytes);
  std::vector<TestAnswer> answers;
  for (auto payload = decoder.Next(); payload.value().has_value(); payload = decoder.Next()) {
    const ResponseFrame frame = ParseResponse(**payload).value();
    answers.push_back({frame.type, frame.request_id, Bytes(frame.body)});
  }
  STROM_CHECK(decoder.buffered_bytes() == 0);
  return answers;
}

inline Bytes RequestBytes(int16_t api_key, int16_t api_version, int32_t request_id,
                          BytesView body) {
  const RequestFrame frame{api_key, api_version, request_id, body};
  return EncodeHeader(frame) + Bytes(body);
}

// A server connection in a world of its own, in virtual time.
class TestServer {
 public:
  explicit TestServer(uint64_t seed, Dispatcher::Options dispatcher_options = {})
      : scheduler(seed), dispatcher(dispatcher_options) {}
  ~TestServer() {
    OnStrand([&] { connection->OnClosed(Error(ErrorCode::kNetwork, "the test is over")); });
  }

  void Open() {
    connection = std::make_shared<ServerConnection>(
        ServerSession::Options{.dispatcher = &dispatcher,
                               .clock = &clock,
                               .authenticator = authenticator,
                               .caller = {.listener = {}, .address = "10.0.0.7:4242"},
                               .limits = limits},
        request_bytes_max, strand);
    OnStrand([&] { connection->OnOpen(&link); });
  }

  template <class Function>
  void OnStrand(Function function) {
    strand->Post(function);
    scheduler.RunReady();
  }

  // Gives the connection bytes; returns its word on reading.
  bool Feed(Bytes bytes) {
    bool reading = false;
    OnStrand([&] { reading = connection->OnBytes(bytes); });
    return reading;
  }
  template <class Req, class Resp>
  bool Send(const Method<Req, Resp>& method, int32_t request_id, const Req& request) {
    return Feed(RequestBytes(method.api_key, method.version_max, request_id, Serialize(request)));
  }
  std::vector<TestAnswer> TakeAnswers() { return AnswersIn(std::exchange(link.written, {})); }

  sim::SimScheduler scheduler;
  sim::SimClock clock{scheduler};
  Dispatcher dispatcher;
  std::shared_ptr<const Authenticator> authenticator;
  ServerSession::Limits limits;
  size_t request_bytes_max = 4096;
  TestLink link;
  std::shared_ptr<runtime::Strand> strand = std::make_shared<runtime::Strand>(scheduler);
  std::shared_ptr<ServerConnection> connection;
};

}  // namespace framed
}  // namespace strom::rpc
