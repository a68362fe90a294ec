#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/rpc/authenticator.h"
#include "common/rpc/byte_budget.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/request_context.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"

namespace strom::rpc {

// A request as a connection carries it, its envelope already read.
struct IncomingRequest {
  int16_t api_key = 0;
  std::optional<int16_t> api_version;  // None: the highest we serve.
  int32_t request_id = 0;
  BytesView body;   // Valid during the call it is given to.
  size_t size = 0;  // Of the whole frame: what admission counts.
};

// An answer on its way to the carrier. The request's admission ends when it is destroyed, that is
// when it has been written.
struct OutgoingAnswer {
  int32_t request_id = 0;
  Result<Bytes> result;
  ByteLease lease;
};

// What a server does with the requests of one connection, whatever its encoding: admission,
// authentication, dispatch in arrival order, answers in any order.
//
// The framed server, the gRPC session stream and the simulated network run it. No sockets, no
// threads: everything but the constructor runs on the connection's strand. Kept alive by requests
// in flight.
//
// Always true: a request is answered once or the session is closed; at most one request is held
// back, and then paused() is true.
class ServerSession : public std::enable_shared_from_this<ServerSession> {
 public:
  struct Limits {
    // A connection's requests that wait for their answers. Beyond it, reading stops. A single
    // request larger than that is let in alone.
    size_t in_flight_bytes_max = size_t{128} << 20;
    int in_flight_count_max = 1000;
    // Deadline of requests whose carrier names none (framed has no field for it).
    MonoDuration request_timeout = Seconds(120);
  };

  struct Options {
    const Dispatcher* dispatcher = nullptr;  // Outlives the listener, which closes its sessions.
    const runtime::Clock* clock = nullptr;
    std::shared_ptr<const Authenticator> authenticator;  // Null: plaintext.
    Caller caller;                                       // Before authentication.
    Limits limits;
  };

  // The connection below, called on the strand.
  class Connection {
   public:
    virtual ~Connection() = default;
    virtual void SendAnswer(OutgoingAnswer answer) = 0;
    // The session can take requests again after paused() was true.
    virtual void ReadOn() = 0;
  };

  // `connection` is used until Close.
  ServerSession(Options options, std::shared_ptr<runtime::Strand> strand, Connection* connection);

  // Takes the next request. Not while paused().
  void OnRequest(const IncomingRequest& request);

  // True while no request can be taken: the connection stops reading.
  bool paused() const { return held_.has_value() || drained_ != nullptr || !connection_; }

  // Takes no more requests and calls `drained` on the strand once all in flight are answered.
  void Drain(runtime::Task drained);

  // The connection is gone: nothing is dispatched or sent any more.
  void Close();

  int in_flight_count() const { return in_flight_count_; }

 private:
  // A request that waits for admission.
  struct Held {
    IncomingRequest request;  // Its body points into `body`.
    Bytes body;
  };

  bool Fits(size_t size) const;
  void TryAdmitHeld();
  void Admit(const IncomingRequest& request, ByteLease lease);
  void Authenticate(const IncomingRequest& request);
  void Answer(OutgoingAnswer answer);
  void OnAnswered(OutgoingAnswer answer, size_t size);
  ReplyFn ReplyTo(const IncomingRequest& request, ByteLease lease);

  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;
  Connection* connection_;  // Null once closed.
  std::shared_ptr<const Caller> caller_;
  bool authenticated_;
  size_t in_flight_bytes_ = 0;
  int in_flight_count_ = 0;
  std::optional<Held> held_;
  bool waits_for_budget_ = false;  // The server's budget will call us.
  runtime::Task drained_;
};

}  // namespace strom::rpc
