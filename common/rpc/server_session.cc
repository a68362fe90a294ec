#include "common/rpc/server_session.h"

#include <utility>

#include "common/rpc/message.h"
#include "common/rpc/methods.h"
#include "proto/types.pb.h"

namespace strom::rpc {

ServerSession::ServerSession(Options options, std::shared_ptr<runtime::Strand> strand,
                             Connection* connection)
    : options_([&] {
        if (!options.authenticator) {
          options.authenticator = std::make_shared<PlaintextAuthenticator>();
        }
        return std::move(options);
      }()),
      strand_(std::move(strand)),
      connection_(connection),
      caller_(std::make_shared<const Caller>(options_.caller)),
      authenticated_(!options_.authenticator->required()) {}

void ServerSession::OnRequest(const IncomingRequest& request) {
  STROM_ASSERT_ON(*strand_);
  STROM_CHECK(!paused()) << "a request was read while the session cannot take it";
  if (request.api_key == kAuthenticate.api_key) return Authenticate(request);
  if (!authenticated_ && request.api_key != kApiVersions.api_key) {
    return Answer({request.request_id,
                   Error(ErrorCode::kAuthenticate,
                         "api key {}: the connection is not authenticated", request.api_key),
                   {}});
  }
  if (Fits(request.size)) {
    if (auto lease = options_.dispatcher->budget().TryAcquire(request.size)) {
      return Admit(request, *std::move(lease));
    }
  }
  held_.emplace(Held{request, Bytes(request.body)});
  held_->request.body = held_->body;
  TryAdmitHeld();
}

bool ServerSession::Fits(size_t size) const {
  if (in_flight_count_ == 0) return true;
  return in_flight_count_ < options_.limits.in_flight_count_max &&
         in_flight_bytes_ <= options_.limits.in_flight_bytes_max &&
         size <= options_.limits.in_flight_bytes_max - in_flight_bytes_;
}

// First the connection's own limits, then the server's budget: so nobody who could not use them
// anyway sits on the server's bytes.
void ServerSession::TryAdmitHeld() {
  if (!held_ || waits_for_budget_ || !connection_ || !Fits(held_->request.size)) return;
  waits_for_budget_ = true;
  options_.dispatcher->budget().Acquire(
      held_->request.size, [self = shared_from_this()](ByteLease lease) mutable {
        runtime::Strand& strand = *self->strand_;
        strand.Dispatch([self = std::move(self), lease = std::move(lease)]() mutable {
          self->waits_for_budget_ = false;
          if (!self->connection_ || !self->held_) return;  // Closed or draining: gives them back.
          const Held held = std::move(*self->held_);
          self->held_.reset();
          IncomingRequest request = held.request;
          request.body = held.body;  // Short bodies live inside the string: it has moved.
          self->Admit(request, std::move(lease));
          if (!self->paused()) self->connection_->ReadOn();
        });
      });
}

void ServerSession::Admit(const IncomingRequest& request, ByteLease lease) {
  ++in_flight_count_;
  in_flight_bytes_ += request.size;
  RequestContext ctx;
  ctx.api_key = request.api_key;
  const MethodInfo* method = options_.dispatcher->Find(request.api_key);
  ctx.api_version = request.api_version.value_or(method ? method->version_max : 0);
  ctx.request_id = request.request_id;
  ctx.received_at = options_.clock->Now();
  ctx.deadline = ctx.received_at + options_.limits.request_timeout;
  ctx.request_size = request.size;
  ctx.caller = caller_;
  options_.dispatcher->Dispatch(std::move(ctx), request.body, ReplyTo(request, std::move(lease)));
}

ReplyFn ServerSession::ReplyTo(const IncomingRequest& request, ByteLease lease) {
  return [self = shared_from_this(), id = request.request_id, size = request.size,
          lease = std::move(lease)](Result<Bytes> result) mutable {
    runtime::Strand& strand = *self->strand_;
    strand.Dispatch([self = std::move(self), size,
                     answer = OutgoingAnswer{id, std::move(result), std::move(lease)}]() mutable {
      self->OnAnswered(std::move(answer), size);
    });
  };
}

void ServerSession::OnAnswered(OutgoingAnswer answer, size_t size) {
  --in_flight_count_;
  in_flight_bytes_ -= size;
  Answer(std::move(answer));
  TryAdmitHeld();
  if (drained_ && in_flight_count_ == 0) std::exchange(drained_, [] {})();
}

void ServerSession::Answer(OutgoingAnswer answer) {
  if (connection_) connection_->SendAnswer(std::move(answer));
}

void ServerSession::Authenticate(const IncomingRequest& request) {
  const auto fail = [&](Status status) { Answer({request.request_id, std::move(status), {}}); };
  pb::AuthenticateRequest message;
  if (Status s = Parse(request.body, "Authenticate", &message); !s.ok()) return fail(std::move(s));
  // A client may send one more token after it is done; the answer is the same.
  Result<Principal> principal =
      options_.authenticator->Authenticate(message.protocol(), message.token());
  if (!principal.ok()) {
    // Rust clients confirm completion with an empty token.
    const bool confirmation =
        authenticated_ && options_.authenticator->required() && message.token().empty();
    if (!confirmation) return fail(principal.status());
  } else {
    Caller caller = *caller_;
    caller.principal = *std::move(principal);
    caller_ = std::make_shared<const Caller>(std::move(caller));
    authenticated_ = true;
  }
  Answer({request.request_id, Serialize(pb::AuthenticateResponse()), {}});
}

void ServerSession::Drain(runtime::Task drained) {
  STROM_ASSERT_ON(*strand_);
  held_.reset();
  drained_ = std::move(drained);
  if (in_flight_count_ == 0) std::exchange(drained_, [] {})();
}

void ServerSession::Close() {
  STROM_ASSERT_ON(*strand_);
  connection_ = nullptr;
  held_.reset();
  drained_ = nullptr;
}

}  // namespace strom::rpc
