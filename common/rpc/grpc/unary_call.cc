#include <atomic>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "common/rpc/grpc/grpc_wire.h"
#include "common/rpc/grpc/server_calls.h"
#include "common/runtime/wait.h"

namespace strom::rpc {
namespace {

class UnaryCall;

// Who may finish a call: its handler's answer or its cancellation, whichever takes it first.
// Outlives the call, since handlers may keep their Responders.
class Claim {
 public:
  explicit Claim(UnaryCall* call) : call_(call) {}
  // The call, once; then null.
  UnaryCall* Take();
  // The call, kept until its Release; null if somebody took it.
  UnaryCall* Hold();

 private:
  runtime::WaitMutex mutex_;
  UnaryCall* call_ ABSL_GUARDED_BY(mutex_);
};

// One unary call. Leaves its OpenSet, and is deleted, when gRPC says it is over (only after Finish,
// and after the functions below have returned) and no handler is being started for it.
class UnaryCall final : public grpc::ServerGenericBidiReactor, public GrpcCall {
 public:
  UnaryCall(GrpcServerState& state, grpc::GenericCallbackServerContext* context)
      : state_(state), context_(context) {
    StartRead(&request_);
  }

  // A unary call ends by being answered.
  void Drain() override {}
  void Abort(const Status& /*why*/) override {
    if (claim_->Take()) Finish({grpc::StatusCode::UNAVAILABLE, "the server has stopped"});
  }

 private:
  friend class Claim;

  void OnReadDone(bool ok) override {
    if (!ok) {
      if (claim_->Take()) Finish({grpc::StatusCode::INVALID_ARGUMENT, "no request"});
      return;
    }
    Result<RequestContext> ctx = ReadContext();
    if (!ctx.ok()) return Reply(*claim_, {}, ctx.status());
    const size_t size = request_.Length();
    state_.dispatcher.budget().Acquire(
        size, [claim = claim_, ctx = *std::move(ctx)](ByteLease lease) mutable {
          UnaryCall* call = claim->Hold();
          if (!call) return;  // Cancelled while it waited for admission.
          const grpc::Slice body = Flatten(call->request_);
          call->request_.Clear();
          call->state_.dispatcher.Dispatch(
              std::move(ctx), ViewOf(body),
              [claim = std::move(claim), lease = std::move(lease)](Result<Bytes> result) mutable {
                Reply(*claim, std::move(lease), std::move(result));
              });
          call->Release();
        });
  }

  void OnCancel() override {
    if (claim_->Take()) Finish({grpc::StatusCode::CANCELLED, "cancelled"});
  }

  void OnDone() override { Release(); }

  void Release() {
    if (--holds_ == 0) state_.calls.Remove(this);
  }

  Result<RequestContext> ReadContext() {
    RequestContext ctx;
    const PathParts path = SplitPath(context_->method());
    const MethodInfo* method = state_.dispatcher.Find(path.service, path.name);
    if (!method) {
      return Error(ErrorCode::kUnsupportedVersion, "{} is not served on listener {}",
                   context_->method().substr(0, 256), state_.listener.name);
    }
    if (state_.authenticator && state_.authenticator->required()) {
      return Error(ErrorCode::kAuthenticate, "listener {} takes calls on session streams only",
                   state_.listener.name);
    }
    ctx.api_key = method->api_key;
    ctx.api_version = method->version_max;
    const auto& metadata = context_->client_metadata();
    if (const auto version = metadata.find(kVersionKey); version != metadata.end()) {
      const char* end = version->second.data() + version->second.size();
      const auto parsed = std::from_chars(version->second.data(), end, ctx.api_version);
      if (parsed.ec != std::errc() || parsed.ptr != end) {
        return Error(ErrorCode::kUnsupportedVersion, "{}: metadata {} is no version", method->name,
                     kVersionKey);
      }
    }
    ctx.received_at = state_.clock.Now();
    ctx.deadline = ctx.received_at + TimeLeft();
    ctx.request_size = request_.Length();
    ctx.caller = std::make_shared<const Caller>(Caller{.listener = state_.listener,
                                                       .address = PeerAddress(context_->peer()),
                                                       .carrier = Carrier::kGrpc});
    return ctx;
  }

  MonoDuration TimeLeft() const {
    const gpr_timespec deadline = context_->raw_deadline();
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
      return state_.limits.request_timeout;
    }
    const gpr_timespec left = gpr_convert_clock_type(deadline, GPR_TIMESPAN);
    if (left.tv_sec > INT32_MAX) return state_.limits.request_timeout;
    return Seconds(left.tv_sec) + MonoDuration::FromNanos(left.tv_nsec);
  }

  // Any thread; once a request.
  static void Reply(Claim& claim, ByteLease lease, Result<Bytes> result) {
    UnaryCall* call = claim.Take();
    if (!call) return;  // Cancelled: nobody waits.
    call->lease_ = std::move(lease);
    if (result.ok()) {
      call->response_ = ToByteBuffer(std::move(result).value());
      call->StartWriteAndFinish(&call->response_, grpc::WriteOptions(), grpc::Status::OK);
      return;
    }
    const Status& status = result.status();
    call->context_->AddTrailingMetadata(kErrorCodeKey,
                                        std::to_string(static_cast<int32_t>(status.code())));
    call->context_->AddTrailingMetadata(kErrorMessageKey,
                                        PercentEncode(CutMessage(status.message())));
    call->Finish(ToGrpcStatus(status));
  }

  GrpcServerState& state_;
  grpc::GenericCallbackServerContext* const context_;
  const std::shared_ptr<Claim> claim_ = std::make_shared<Claim>(this);
  std::atomic<int> holds_ = 1;  // gRPC's, and one while a handler is started.
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  ByteLease lease_;  // Until the answer is written.
};

UnaryCall* Claim::Take() {
  runtime::WaitLock lock(mutex_);
  return std::exchange(call_, nullptr);
}

UnaryCall* Claim::Hold() {
  runtime::WaitLock lock(mutex_);
  if (call_) ++call_->holds_;
  return call_;
}

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  Refusal() { Finish({grpc::StatusCode::UNAVAILABLE, "the server is stopping"}); }
  void OnDone() override { delete this; }
};

}  // namespace

GrpcServerReactor* NewUnaryCall(GrpcServerState& state,
                                grpc::GenericCallbackServerContext* context) {
  auto call = std::make_shared<UnaryCall>(state, context);
  UnaryCall* reactor = call.get();
  // ServerReactor never touches a reactor it was not given: a refused one may just go.
  return state.calls.Add(std::move(call)) ? static_cast<GrpcServerReactor*>(reactor) : NewRefusal();
}

GrpcServerReactor* NewRefusal() { return new Refusal; }

}  // namespace strom::rpc
