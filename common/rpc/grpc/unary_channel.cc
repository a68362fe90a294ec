#include <atomic>
#include <string>
#include <utility>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "common/rpc/grpc/client_calls.h"
#include "common/rpc/grpc/grpc_wire.h"

namespace strom::rpc {
namespace {

using CallSet = OpenSet<GrpcCall>;

// One call under way: in the set of its channel, which can end it, and in that of the network,
// which waits for it.
class UnaryClientCall final : public GrpcCall {
 public:
  UnaryClientCall(const MethodInfo& method, Bytes body, Channel::Done done)
      : path_(PathOf(method)), request_(ToByteBuffer(std::move(body))), done_(std::move(done)) {
    context_.AddMetadata(kVersionKey, std::to_string(method.version_max));
  }

  void Start(GrpcClientState& state, const std::shared_ptr<CallSet>& of_channel,
             grpc::GenericStub& stub, MonoTime deadline) {
    if (deadline != MonoTime::Infinite()) {
      const int64_t left = (deadline - state.clock.Now()).nanos();
      context_.set_deadline(gpr_time_from_nanos(left, GPR_TIMESPAN));
    }
    stub.UnaryCall(&context_, path_, {}, &request_, &response_,
                   [this, &state, of_channel](const grpc::Status& status) {
                     Finish(status);
                     of_channel->Remove(this);
                     state.calls.Remove(this);  // The last reference.
                   });
  }

  void Drain() override {}
  void Abort(const Status& /*why*/) override { context_.TryCancel(); }

  void Refuse(std::string_view peer) {
    std::exchange(done_, nullptr)(Error(ErrorCode::kNetwork, "the channel to {} is closed", peer));
  }

 private:
  void Finish(const grpc::Status& status) {
    Channel::Done done = std::exchange(done_, nullptr);
    if (!status.ok()) return done(FromGrpcStatus(status, context_));
    done(Bytes(ViewOf(Flatten(response_))));
  }

  const std::string path_;
  grpc::ClientContext context_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  Channel::Done done_;
};

class UnaryChannel final : public Channel {
 public:
  UnaryChannel(GrpcClientState& state, std::shared_ptr<grpc::Channel> channel, std::string peer)
      : state_(state), stub_(std::move(channel)), peer_(std::move(peer)) {}
  ~UnaryChannel() override { Close(); }

  void Call(const MethodInfo& method, Bytes body, MonoTime deadline, Done done) override {
    if (body.size() > state_.options.request_bytes_max) {
      return done(Error(ErrorCode::kRecordTooLarge, "{}: a request of {} bytes, {} are allowed",
                        method.name, body.size(), state_.options.request_bytes_max));
    }
    auto call = std::make_shared<UnaryClientCall>(method, std::move(body), std::move(done));
    if (!state_.calls.Add(call)) return call->Refuse(peer_);
    if (!calls_->Add(call)) {
      call->Refuse(peer_);
      return state_.calls.Remove(call.get());
    }
    call->Start(state_, calls_, stub_, deadline);
  }

  std::optional<int16_t> VersionOf(const MethodInfo& method) const override {
    return method.version_max;
  }
  bool broken() const override { return closed_; }

  void Close() override {
    if (closed_.exchange(true)) return;
    calls_->AbortAll(Error(ErrorCode::kNetwork, "closed by this side"));
  }

 private:
  GrpcClientState& state_;
  grpc::GenericStub stub_;
  const std::string peer_;
  std::atomic<bool> closed_ = false;
  const std::shared_ptr<CallSet> calls_ = std::make_shared<CallSet>();
};

}  // namespace

std::shared_ptr<Channel> NewUnaryChannel(GrpcClientState& state,
                                         std::shared_ptr<grpc::Channel> channel, std::string peer) {
  return std::make_shared<UnaryChannel>(state, std::move(channel), std::move(peer));
}

}  // namespace strom::rpc
