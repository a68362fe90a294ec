#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "common/rpc/grpc/client_calls.h"
#include "common/rpc/grpc/grpc_wire.h"
#include "common/rpc/message.h"
#include "common/runtime/strand.h"
#include "proto/pb.h"
#include "proto/strom.pb.h"

namespace strom::rpc {
namespace {

// The client's end of a session stream: Frames to and from a ClientSession, which lives on the same
// strand.
//
// Always true: one read and one write at most are under way; a hold keeps gRPC from ending the
// stream while the strand may still start one. Deleted after gRPC's OnDone.
class ClientStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                           public GrpcCall,
                           private ClientSession::Connection,
                           public std::enable_shared_from_this<ClientStream> {
 public:
  ClientStream(GrpcClientState& state, std::shared_ptr<runtime::Strand> strand,
               std::shared_ptr<ClientSession> session)
      : state_(state), strand_(std::move(strand)), session_(std::move(session)) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::GenericStub(channel).PrepareBidiStreamingCall(&*context_, kSessionPath, {}, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
    OnStrand([](ClientStream& self) { self.session_->OnConnected(&self); });
  }

  void Drain() override { Cancel(); }
  void Abort(const Status& /*why*/) override { Cancel(); }

 private:
  template <class Function>
  void OnStrand(Function function) {
    strand_->Dispatch(
        [self = shared_from_this(), function = std::move(function)]() mutable { function(*self); });
  }

  void Cancel() {
    OnStrand([](ClientStream& self) { self.Disconnect(); });
  }

  // gRPC's events, on its threads.
  void OnReadDone(bool ok) override {
    OnStrand([ok](ClientStream& self) { self.OnRead(ok); });
  }
  void OnWriteDone(bool ok) override {
    OnStrand([ok](ClientStream& self) { self.OnWritten(ok); });
  }
  void OnDone(const grpc::Status& status) override {
    OnStrand([status](ClientStream& self) {
      self.session_->OnClosed(status.ok() ? Error(ErrorCode::kNetwork, "closed by the peer")
                                          : FromGrpcStatus(status, *self.context_));
      // It refers to the gRPC channel, which the network may let go as soon as we are removed: then
      // this, possibly on a thread of gRPC, would be the last reference.
      self.context_.reset();
      self.state_.calls.Remove(&self);
    });
  }

  // All below on the strand.

  void OnRead(bool ok) {
    if (!ok) {  // The stream is over; OnDone follows.
      over_ = true;
      return RemoveHold();
    }
    const grpc::Slice slice = Flatten(incoming_);
    incoming_.Clear();
    pb::Frame frame;
    if (Status s = Parse(ViewOf(slice), "session frame", &frame); !s.ok()) {
      session_->OnClosed(s);
      Disconnect();
    } else if (frame.has_error()) {
      const pb::ErrorResponse& error = frame.error();
      const ErrorCode code = ErrorCodeFromWire(error.error_code());
      session_->OnAnswer(frame.request_id(),
                         Status(code == ErrorCode::kOk ? ErrorCode::kUnknownServerError : code,
                                error.has_error_message() ? error.error_message()
                                                          : std::string(ErrorCodeText(code))));
    } else {
      session_->OnAnswer(frame.request_id(), std::move(*frame.mutable_body()));
    }
    StartRead(&incoming_);
  }

  void SendRequest(OutgoingRequest request) override {
    if (over_) return;
    pb::Frame frame;
    frame.set_api_key(request.api_key);
    frame.set_api_version(request.api_version);
    frame.set_request_id(request.request_id);
    frame.set_body(std::move(request.body));
    outgoing_.push_back(ToByteBuffer(Serialize(frame)));
    WriteNext();
  }

  void WriteNext() {
    if (writing_ || over_ || outgoing_.empty()) return;
    writing_ = true;
    StartWrite(&outgoing_.front());
  }

  void OnWritten(bool ok) {
    writing_ = false;
    outgoing_.pop_front();
    if (ok) WriteNext();  // Otherwise the stream is over, as the read will say.
  }

  void Disconnect() override {
    if (context_) context_->TryCancel();
  }

  GrpcClientState& state_;
  const std::shared_ptr<runtime::Strand> strand_;
  const std::shared_ptr<ClientSession> session_;
  std::optional<grpc::ClientContext> context_{std::in_place};  // None after OnDone.
  grpc::ByteBuffer incoming_;
  std::deque<grpc::ByteBuffer> outgoing_;  // The first is being written if `writing_`. Bounded by
                                           // the session's limits on calls in flight.
  bool writing_ = false;
  bool over_ = false;  // Nothing may be started any more.
};

}  // namespace

std::shared_ptr<Channel> NewSessionChannel(GrpcClientState& state,
                                           const std::shared_ptr<grpc::Channel>& channel,
                                           std::string peer) {
  auto strand = std::make_shared<runtime::Strand>(state.executor);
  auto session = std::make_shared<ClientSession>(
      ClientSession::Options{.clock = &state.clock,
                             .peer = std::move(peer),
                             .connect_timeout = state.options.connect_timeout,
                             .request_bytes_max = state.options.request_bytes_max},
      strand);
  auto stream = std::make_shared<ClientStream>(state, strand, session);
  const bool added = state.calls.Add(stream);
  STROM_CHECK(added) << "Connect on a network that is being destroyed";
  session->Start([] {});  // OnConnected comes at once: gRPC keeps what is written until then.
  stream->Start(channel);
  return ClientSession::Handle(std::move(session));
}

}  // namespace strom::rpc
