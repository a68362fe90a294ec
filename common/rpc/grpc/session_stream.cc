#include <deque>
#include <utility>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "common/base/logging.h"
#include "common/rpc/grpc/grpc_wire.h"
#include "common/rpc/grpc/server_calls.h"
#include "common/rpc/message.h"
#include "common/runtime/strand.h"
#include "proto/pb.h"
#include "proto/strom.pb.h"

namespace strom::rpc {
namespace {

// The server's end of a session stream: Frames to and from a ServerSession. gRPC's events and the
// session's calls meet on the stream's strand, which owns everything here.
//
// Always true: one read and one write at most are under way (gRPC ends the process otherwise);
// Finish is called once, when no write is under way, and the stream is deleted after gRPC's OnDone.
class SessionStream final : public grpc::ServerGenericBidiReactor,
                            public GrpcCall,
                            private ServerSession::Connection,
                            public std::enable_shared_from_this<SessionStream> {
 public:
  SessionStream(GrpcServerState& state, grpc::GenericCallbackServerContext* context)
      : state_(state),
        strand_(std::make_shared<runtime::Strand>(state.executor)),
        session_(std::make_shared<ServerSession>(
            ServerSession::Options{.dispatcher = &state.dispatcher,
                                   .clock = &state.clock,
                                   .authenticator = state.authenticator,
                                   .caller = {.listener = state.listener,
                                              .address = PeerAddress(context->peer()),
                                              .carrier = Carrier::kGrpcSession},
                                   .limits = state.limits},
            strand_, static_cast<ServerSession::Connection*>(this))) {}

  void Start() {
    StartSendInitialMetadata();  // So that the client knows the stream before the first answer.
    OnStrand([](SessionStream& self) { self.Read(); });
  }

  void Drain() override {
    OnStrand([](SessionStream& self) { self.DrainNow(grpc::Status::OK); });
  }
  void Abort(const Status& why) override {
    OnStrand([status = ToGrpcStatus(why)](SessionStream& self) { self.EndNow(status); });
  }

 private:
  struct Outgoing {
    grpc::ByteBuffer bytes;
    ByteLease lease;  // Given back once written.
  };

  template <class Function>
  void OnStrand(Function function) {
    strand_->Dispatch([self = shared_from_this(), function = std::move(function)]() mutable {
      if (!self->done_) function(*self);
    });
  }

  // gRPC's events, on its threads.
  void OnReadDone(bool ok) override {
    OnStrand([ok](SessionStream& self) { self.OnRead(ok); });
  }
  void OnWriteDone(bool ok) override {
    OnStrand([ok](SessionStream& self) { self.OnWritten(ok); });
  }
  void OnCancel() override {
    OnStrand([](SessionStream& self) { self.EndNow(grpc::Status::CANCELLED); });
  }
  void OnDone() override {
    OnStrand([](SessionStream& self) {
      self.done_ = true;
      self.session_->Close();
      self.state_.calls.Remove(&self);
    });
  }

  // All below on the strand.

  void Read() {
    if (reading_ || ending_ || session_->paused()) return;
    if (outgoing_bytes_ > state_.outgoing_bytes_max) return;  // The bound of that queue.
    reading_ = true;
    StartRead(&incoming_);
  }

  void OnRead(bool ok) {
    reading_ = false;
    if (ending_) return;
    if (!ok) return DrainNow(grpc::Status::OK);  // The client said all it had to say.
    const grpc::Slice slice = Flatten(incoming_);
    incoming_.Clear();
    pb::Frame frame;
    Status status = Parse(ViewOf(slice), "session frame", &frame);
    if (status.ok() && (!frame.has_api_key() || !frame.has_request_id())) {
      status = Error(ErrorCode::kCorruptMessage, "session frame without api key or request id");
    }
    if (!status.ok()) return EndNow(ToGrpcStatus(status));
    OnFrame(frame, slice.size());
    Read();
  }

  void OnFrame(const pb::Frame& frame, size_t size) {
    const auto fits = [](int32_t n) { return n >= INT16_MIN && n <= INT16_MAX; };
    if (!fits(frame.api_key()) || !fits(frame.api_version())) {
      return SendAnswer({frame.request_id(),
                         Error(ErrorCode::kUnsupportedVersion, "api key {}, version {}",
                               frame.api_key(), frame.api_version()),
                         {}});
    }
    IncomingRequest request{.api_key = static_cast<int16_t>(frame.api_key()),
                            .request_id = frame.request_id(),
                            .body = frame.body(),
                            .size = size};
    if (frame.has_api_version()) request.api_version = static_cast<int16_t>(frame.api_version());
    if (!session_->paused()) session_->OnRequest(request);  // Draining: nobody will answer.
  }

  void ReadOn() override { Read(); }

  void SendAnswer(OutgoingAnswer answer) override {
    if (ended_) return;
    pb::Frame frame;
    frame.set_request_id(answer.request_id);
    if (answer.result.ok()) {
      frame.set_body(std::move(answer.result).value());
    } else {
      frame.mutable_error()->set_error_code(static_cast<int32_t>(answer.result.status().code()));
      frame.mutable_error()->set_error_message(std::string(answer.result.status().message()));
    }
    Bytes bytes = Serialize(frame);
    outgoing_bytes_ += bytes.size();
    outgoing_.push_back({ToByteBuffer(std::move(bytes)), std::move(answer.lease)});
    WriteNext();
  }

  void WriteNext() {
    if (writing_) return;
    if (!outgoing_.empty()) {
      writing_ = true;
      StartWrite(&outgoing_.front().bytes);
    } else if (ended_ && !std::exchange(finished_, true)) {
      Finish(end_status_);
    }
  }

  void OnWritten(bool ok) {
    writing_ = false;
    if (!outgoing_.empty()) {
      outgoing_bytes_ -= outgoing_.front().bytes.Length();
      outgoing_.pop_front();
    }
    if (!ok) return EndNow(grpc::Status::CANCELLED);
    WriteNext();
    Read();
  }

  // No more requests; answers what is in flight, then ends.
  void DrainNow(grpc::Status status) {
    if (std::exchange(ending_, true)) return;
    session_->Drain([this, status] { End(status); });  // Dropped when the session is closed.
  }

  // Answers that are not written yet are lost.
  void EndNow(grpc::Status status) {
    ending_ = true;
    session_->Close();
    while (outgoing_.size() > (writing_ ? 1 : 0)) {
      outgoing_bytes_ -= outgoing_.back().bytes.Length();
      outgoing_.pop_back();
    }
    End(std::move(status));
  }

  void End(grpc::Status status) {
    if (std::exchange(ended_, true)) return WriteNext();
    end_status_ = std::move(status);
    WriteNext();
  }

  GrpcServerState& state_;
  const std::shared_ptr<runtime::Strand> strand_;
  const std::shared_ptr<ServerSession> session_;
  grpc::ByteBuffer incoming_;
  std::deque<Outgoing> outgoing_;  // The first is being written if `writing_`.
  size_t outgoing_bytes_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool ending_ = false;  // Takes no more requests.
  bool ended_ = false;   // Takes no more answers; Finish follows what is queued.
  bool finished_ = false;
  bool done_ = false;  // gRPC is through with this object.
  grpc::Status end_status_;
};

}  // namespace

GrpcServerReactor* NewSessionStream(GrpcServerState& state,
                                    grpc::GenericCallbackServerContext* context) {
  auto stream = std::make_shared<SessionStream>(state, context);
  if (!state.calls.Add(stream)) {
    return NewRefusal();
  }
  stream->Start();
  return stream.get();
}

}  // namespace strom::rpc
