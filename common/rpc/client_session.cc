#include "common/rpc/client_session.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/rpc/greeting.h"
#include "common/rpc/methods.h"
#include "proto/types.pb.h"

namespace strom::rpc {
namespace {

constexpr int32_t kVersionsId = 0;

class ChannelHandle final : public Channel {
 public:
  explicit ChannelHandle(std::shared_ptr<ClientSession> session) : session_(std::move(session)) {}
  ~ChannelHandle() override { session_->Close(); }

  void Call(const MethodInfo& method, Bytes body, MonoTime deadline, Done done) override {
    session_->Call(method, std::move(body), deadline, std::move(done));
  }
  std::optional<int16_t> VersionOf(const MethodInfo& method) const override {
    return session_->VersionOf(method);
  }
  bool broken() const override { return session_->broken(); }
  void WhenBroken(absl::AnyInvocable<void(Break)> then) override {
    session_->WhenBroken(std::move(then));
  }
  void Close() override { session_->Close(); }

 private:
  const std::shared_ptr<ClientSession> session_;
};

}  // namespace

ClientSession::ClientSession(Options options, std::shared_ptr<runtime::Strand> strand)
    : options_(std::move(options)), strand_(std::move(strand)) {}

std::shared_ptr<Channel> ClientSession::Handle(std::shared_ptr<ClientSession> session) {
  return std::make_shared<ChannelHandle>(std::move(session));
}

void ClientSession::Call(const MethodInfo& method, Bytes body, MonoTime deadline, Done done) {
  if (body.size() >
      options_.request_bytes_max - std::min(kHeaderBytes, options_.request_bytes_max)) {
    return done(Error(ErrorCode::kRecordTooLarge, "{}: a request of {} bytes, {} are allowed",
                      method.name, body.size() + kHeaderBytes, options_.request_bytes_max));
  }
  strand_->Dispatch([self = shared_from_this(), method, body = std::move(body), deadline,
                     done = std::move(done)]() mutable {
    self->Add(method, std::move(body), deadline, std::move(done));
  });
}

void ClientSession::Add(const MethodInfo& method, Bytes body, MonoTime deadline, Done done) {
  if (broken()) {
    return done(Error(ErrorCode::kNetwork, "{}: the connection to {} is broken", method.name,
                      options_.peer));
  }
  if (deadline <= options_.clock->Now()) {
    return done(Error(ErrorCode::kRequestTimeOut, "{}: not sent to {}, its deadline had passed",
                      method.name, options_.peer));
  }
  const size_t size = body.size() + kHeaderBytes;
  if (calls_.size() >= static_cast<size_t>(options_.in_flight_count_max) ||
      in_flight_bytes_ + size > options_.in_flight_bytes_max) {
    return done(Error(ErrorCode::kOperationNotAttempted,
                      "{}: not sent to {}, {} calls of {} bytes are in flight", method.name,
                      options_.peer, calls_.size(), in_flight_bytes_));
  }
  while (calls_.contains(next_id_)) next_id_ = next_id_ == INT32_MAX ? 1 : next_id_ + 1;
  const auto [call, added] = calls_.emplace(
      next_id_,
      PendingCall{
          .method = method, .body = std::move(body), .size = size, .done = std::move(done)});
  next_id_ = next_id_ == INT32_MAX ? 1 : next_id_ + 1;
  in_flight_bytes_ += size;
  if (deadline != MonoTime::Infinite()) {
    call->second.deadline = deadlines_.Add(deadline, call->first);
    ArmTimer();
  }
  if (ready_) SendNow(call);
}

void ClientSession::SendNow(Calls::iterator call) {
  PendingCall& pending = call->second;
  const Result<int16_t> version = CommonVersion(pending.method);
  if (!version.ok()) return Finish(call, version.status());
  pending.sent = true;
  connection_->SendRequest(
      {pending.method.api_key, *version, call->first, std::exchange(pending.body, Bytes())});
}

Result<int16_t> ClientSession::CommonVersion(const MethodInfo& method) const {
  runtime::WaitLock lock(versions_mutex_);
  const auto it = versions_.find(method.api_key);
  if (it == versions_.end()) {
    return Error(ErrorCode::kUnsupportedVersion, "{} (api key {}) is not served by {}", method.name,
                 method.api_key, options_.peer);
  }
  const int16_t version = std::min(method.version_max, it->second.max);
  if (version < std::max(method.version_min, it->second.min)) {
    return Error(ErrorCode::kUnsupportedVersion, "{}: {} serves versions {}..{}, we speak {}..{}",
                 method.name, options_.peer, it->second.min, it->second.max, method.version_min,
                 method.version_max);
  }
  return version;
}

std::optional<int16_t> ClientSession::VersionOf(const MethodInfo& method) const {
  const Result<int16_t> version = CommonVersion(method);
  return version.ok() ? std::optional(*version) : std::nullopt;
}

void ClientSession::Start(runtime::Task abandon) {
  strand_->Dispatch([self = shared_from_this(), abandon = std::move(abandon)]() mutable {
    if (self->broken_) return abandon();
    self->abandon_ = std::move(abandon);
    // Before `ready_` an entry for the handshake waits with the deadlines of the calls.
    self->deadlines_.Add(self->options_.clock->Now() + self->options_.connect_timeout, kVersionsId);
    self->ArmTimer();
  });
}

void ClientSession::OnConnected(Connection* connection) {
  STROM_ASSERT_ON(*strand_);
  if (broken_) return connection->Disconnect();
  connection_ = connection;
  abandon_ = nullptr;
  connection_->SendRequest({kApiVersions.api_key, 0, kVersionsId, Serialize(Greeting())});
}

void ClientSession::OnAnswer(int32_t request_id, Result<Bytes> result) {
  STROM_ASSERT_ON(*strand_);
  if (broken_) return;
  if (!ready_) {
    if (request_id != kVersionsId)
      return BreakWith(
          Error(ErrorCode::kNetwork, "answer to request {} before the handshake", request_id));
    return OnVersions(result);
  }
  const auto call = calls_.find(request_id);
  if (call == calls_.end() || !call->second.sent) {
    STROM_LOG(kDebug, "{}: answer to request {}, for which nobody waits", options_.peer,
              request_id);
    return;
  }
  Finish(call, std::move(result));
}

void ClientSession::OnVersions(const Result<Bytes>& result) {
  if (!result.ok()) return BreakWith(result.status().WithContext("handshake"));
  pb::ApiVersionsResponse response;
  if (Status s = Parse(*result, "ApiVersions", &response); !s.ok()) return BreakWith(s);
  {
    runtime::WaitLock lock(versions_mutex_);
    for (const pb::PbApiVersion& api : response.api_versions()) {
      const auto fits = [](int32_t n) { return n >= 0 && n <= INT16_MAX; };
      if (!fits(api.api_key()) || !fits(api.min_version()) || !fits(api.max_version())) continue;
      versions_[static_cast<int16_t>(api.api_key())] = {static_cast<int16_t>(api.min_version()),
                                                        static_cast<int16_t>(api.max_version())};
    }
  }
  ready_ = true;
  // Continuations of calls that cannot be sent may make calls: those come after, with ready_ set.
  for (auto next = calls_.begin(); next != calls_.end() && !broken_;) {
    const auto call = next++;
    if (!call->second.sent) SendNow(call);
  }
}

void ClientSession::Finish(Calls::iterator call, Result<Bytes> result) {
  PendingCall finished = std::move(call->second);
  calls_.erase(call);
  in_flight_bytes_ -= finished.size;
  if (finished.deadline != runtime::kNoTimer) deadlines_.Remove(finished.deadline);
  finished.done(std::move(result));
}

// One timer, for the earliest deadline: most calls are answered long before theirs.
void ClientSession::ArmTimer() {
  const MonoTime next = deadlines_.next();
  if (next >= timer_at_) return;
  if (timer_ != runtime::kNoTimer) strand_->Cancel(timer_);
  timer_at_ = next;
  timer_ = strand_->PostAt(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void ClientSession::OnTimer() {
  timer_ = runtime::kNoTimer;
  timer_at_ = MonoTime::Infinite();
  const MonoTime now = options_.clock->Now();
  while (const std::optional<int32_t> id = deadlines_.PopDue(now)) {
    if (*id == kVersionsId) {
      if (!ready_) {
        BreakWith(Error(ErrorCode::kNetwork, "no connection within {} ms",
                    options_.connect_timeout.millis()));
      }
      continue;
    }
    const auto call = calls_.find(*id);
    STROM_CHECK(call != calls_.end()) << "a deadline outlived its call " << *id;
    call->second.deadline = runtime::kNoTimer;
    Finish(call, Error(ErrorCode::kRequestTimeOut, "{}: no answer from {} within its deadline",
                       call->second.method.name, options_.peer));
  }
  ArmTimer();
}

void ClientSession::OnClosed(const Status& why) {
  STROM_ASSERT_ON(*strand_);
  connection_ = nullptr;
  BreakWith(why);
}

void ClientSession::OnRefused(const Status& why) {
  STROM_ASSERT_ON(*strand_);
  BreakWith(why, Break::kRefused);
}

void ClientSession::WhenBroken(absl::AnyInvocable<void(Break)> then) {
  strand_->Dispatch([self = shared_from_this(), then = std::move(then)]() mutable {
    if (self->break_) return then(*self->break_);
    self->when_broken_.push_back(std::move(then));
  });
}

void ClientSession::Close() {
  if (closed_.exchange(true)) return;
  strand_->Dispatch([self = shared_from_this()] {
    self->BreakWith(Error(ErrorCode::kNetwork, "closed by this side"));
  });
}

void ClientSession::BreakWith(const Status& why, Break cause) {
  if (broken_.exchange(true)) return;
  break_ = cause;
  const Status error =
      Error(ErrorCode::kNetwork, "connection to {}: {}", options_.peer, why.message());
  if (connection_) std::exchange(connection_, nullptr)->Disconnect();
  if (abandon_) std::exchange(abandon_, nullptr)();
  if (timer_ != runtime::kNoTimer) strand_->Cancel(timer_);
  Calls calls = std::exchange(calls_, {});
  deadlines_ = {};
  in_flight_bytes_ = 0;
  for (auto& [id, call] : calls) call.done(error);
  for (auto& then : std::exchange(when_broken_, {})) then(cause);
}

}  // namespace strom::rpc
