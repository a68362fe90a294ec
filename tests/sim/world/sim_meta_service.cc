#include "tests/sim/world/sim_meta_service.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "tests/sim/world/sim_meta_session.h"

namespace strom::sim {
namespace {

constexpr MonoDuration kLateMax = Seconds(4);  // For a change that was delayed.

}  // namespace

using metadata::MetaCode;
using metadata::SessionState;
using metadata::ZnodeTree;
using State = SimMetaSession::State;

class SimMetaService::Factory final : public metadata::MetaStoreFactory {
 public:
  Factory(SimMetaService& service, std::string host) : service_(service), host_(std::move(host)) {}

  Result<std::unique_ptr<metadata::MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(SessionState)> on_state) override {
    return std::unique_ptr<metadata::MetaStore>(std::make_unique<SimMetaStore>(
        service_, service_.Connect(host_, strand, std::move(on_state))));
  }

 private:
  SimMetaService& service_;
  const std::string host_;
};

SimMetaService::SimMetaService(runtime::Executor& executor, const runtime::Clock& clock,
                               Options options)
    : executor_(executor), clock_(clock), options_(options), random_(options.seed) {}

SimMetaService::~SimMetaService() = default;

std::unique_ptr<metadata::MetaStoreFactory> SimMetaService::AddHost(std::string host) {
  return std::make_unique<Factory>(*this, std::move(host));
}

void SimMetaService::SetObserver(Observer observer) {
  absl::MutexLock lock(&mutex_);
  observer_ = std::move(observer);
}

MonoTime SimMetaService::After(MonoDuration min, MonoDuration max) {
  const auto spread = static_cast<uint64_t>((max - min).nanos()) + 1;
  return clock_.Now() + min +
         MonoDuration::FromNanos(static_cast<int64_t>(random_.Uniform(spread)));
}

MonoTime SimMetaService::Arrival(const Session& session, MonoTime& last) {
  const auto slow = slow_.find(session->host);
  const MonoDuration delay = slow == slow_.end() ? MonoDuration() : slow->second;
  last = std::max(last, After(options_.latency_min, options_.latency_max + delay));
  return last;
}

bool SimMetaService::Reaches(const SimMetaSession& session) const {
  return available_ && !session.crashed && !unreachable_.contains(session.host);
}

bool SimMetaService::Beats(const SimMetaSession& session) const {
  return session.state == State::kConnected && Reaches(session) && !session.gone &&
         !silent_.contains(session.host);
}

std::vector<SimMetaService::Session> SimMetaService::SessionsOf(const std::string& host) const {
  std::vector<Session> sessions;
  for (const auto& [number, session] : sessions_) {
    if (host.empty() || session->host == host) sessions.push_back(session);
  }
  return sessions;
}

void SimMetaService::At(MonoTime when, const Session& session,
                        void (SimMetaService::*step)(const Session&)) {
  executor_.PostAt(when, [this, session, step, connection = session->connection] {
    absl::MutexLock lock(&mutex_);
    if (session->connection == connection) (this->*step)(session);
  });
}

SimMetaService::Session SimMetaService::Connect(const std::string& host, runtime::Strand& strand,
                                                absl::AnyInvocable<void(SessionState)> on_state) {
  absl::MutexLock lock(&mutex_);
  auto session =
      std::make_shared<SimMetaSession>(host, next_session_++, strand, std::move(on_state));
  sessions_[session->number] = session;
  ConnectLater(session);
  At(clock_.Now() + options_.connect_timeout, session, &SimMetaService::GiveUpHeld);
  return session;
}

void SimMetaService::ConnectLater(const Session& session) {
  if (session->gone || !Reaches(*session)) return;  // Again once that has changed.
  const MonoDuration pause =
      session->state == State::kOpening ? options_.latency_max : options_.reconnect_pause;
  At(After(options_.latency_min, pause), session, &SimMetaService::OnConnected);
}

void SimMetaService::OnConnected(const Session& session) {
  if (session->gone || !Reaches(*session)) return;
  if (session->state != State::kOpening && session->state != State::kSuspended) return;
  if (session->closed) return TellExpired(session);
  if (session->id == 0) session->id = tree_.OpenSession();
  session->state = State::kConnected;
  SimMetaSession::PostState(session, SessionState::kConnected);
  for (size_t i = 0; i < session->in.size(); ++i) ExpectDelivery(session);
  for (auto& call : std::exchange(session->held, {})) Send(session, std::move(call));
  WatchHeartbeats(session);
}

void SimMetaService::GiveUpHeld(const Session& session) {
  if (session->state != State::kOpening) return;
  session->state = State::kSuspended;
  SimMetaSession::FailAll(session, MetaCode::kConnectionLoss);
  ConnectLater(session);
}

void SimMetaService::Submit(const Session& session, std::unique_ptr<MetaCall> call) {
  absl::MutexLock lock(&mutex_);
  if (session->crashed || session->gone) return;
  switch (session->state) {
    case State::kOpening:
      session->held.push_back(std::move(call));
      return;
    case State::kConnected:
      return Send(session, std::move(call));
    case State::kSuspended:
      return SimMetaSession::PostFailure(session, std::move(call), MetaCode::kConnectionLoss);
    case State::kExpired:
      return SimMetaSession::PostFailure(session, std::move(call), MetaCode::kSessionExpired);
  }
}

void SimMetaService::Send(const Session& session, std::unique_ptr<MetaCall> call) {
  session->out.push_back(std::move(call));
  // Timers of one instant may run in any order: each takes the oldest.
  At(Arrival(session, session->last_out), session, &SimMetaService::Arrive);
}

void SimMetaService::Arrive(const Session& session) {
  if (session->out.empty()) return;
  std::unique_ptr<MetaCall> call = std::move(session->out.front());
  session->out.pop_front();
  if (session->closed) {
    SimMetaSession::PostFailure(session, std::move(call), MetaCode::kSessionExpired);
    return TellExpired(session);
  }
  if (int& delay = delay_changes_[session->host]; call->changes && delay > 0) {
    --delay;
    executor_.PostAt(After(options_.latency_min, kLateMax),
                     [this, session, late = std::shared_ptr<MetaCall>(call->Orphan())] {
                       absl::MutexLock lock(&mutex_);
                       ApplyLate(session, *late);
                     });
    session->in.push_back({.call = std::move(call)});
    Suspend(session);
    return ConnectLater(session);
  }
  ZnodeTree::Commit commit;
  const MetaCode code = call->Apply(tree_, session->id, commit);
  Publish(std::move(commit));
  if (call->changes && code == MetaCode::kOk) {
    int& lose = lose_answers_[session->host];
    if (lose > 0) {
      --lose;
      ++lost_answer_count_;
      session->in.push_back({.call = std::move(call)});
      Suspend(session);
      return ConnectLater(session);
    }
  }
  session->in.push_back({.call = std::move(call)});
  ExpectDelivery(session);
}

// Who has connected anew would have been told of it, or it would have been refused.
void SimMetaService::ApplyLate(const Session& session, MetaCall& call) {
  if (session->closed || session->state == State::kConnected || !available_) return;
  ZnodeTree::Commit commit;
  call.Apply(tree_, session->id, commit);
  Publish(std::move(commit));
}

void SimMetaService::ExpectDelivery(const Session& session) {
  At(Arrival(session, session->last_in), session, &SimMetaService::Deliver);
}

void SimMetaService::Deliver(const Session& session) {
  if (session->in.empty()) return;
  SimMetaSession::Delivery delivery = std::move(session->in.front());
  session->in.pop_front();
  if (delivery.call) {
    return SimMetaSession::Post(session, [call = std::move(delivery.call)] { call->Answer(); });
  }
  const auto watch = session->watches.find(delivery.watch);
  if (watch == session->watches.end()) return;
  SimMetaSession::Post(session, [watch = std::move(watch->second),
                                 event = delivery.event]() mutable { watch(event); });
  session->watches.erase(watch);
}

uint64_t SimMetaService::Keep(const Session& session, metadata::Watch watch) {
  absl::MutexLock lock(&mutex_);
  session->watches[session->next_watch] = std::move(watch);
  return session->next_watch++;
}

// Called by the tree, under the lock.
metadata::Watch SimMetaService::WatchOf(const Session& session, uint64_t watch) {
  return [this, weak = std::weak_ptr(session), watch](metadata::WatchEvent event)
             ABSL_NO_THREAD_SAFETY_ANALYSIS {
               if (const auto self = weak.lock()) OnFired(self, watch, event);
             };
}

void SimMetaService::OnFired(const Session& session, uint64_t watch, metadata::WatchEvent event) {
  session->in.push_back({.call = nullptr, .watch = watch, .event = event});
  if (session->state == State::kConnected) ExpectDelivery(session);
}

void SimMetaService::Publish(ZnodeTree::Commit commit) {
  for (ZnodeTree::Fired& fired : commit.fired) fired.watch(fired.event);
  if (!observer_) return;
  for (const std::string& path : commit.changed) {
    const ZnodeTree::StoredNode* node = tree_.Find(path);
    observer_(path, node == nullptr ? nullptr : &node->data);
  }
}

void SimMetaService::Suspend(const Session& session) {
  if (session->state != State::kConnected) return;
  ++session->connection;
  session->state = State::kSuspended;
  SimMetaSession::PostState(session, SessionState::kSuspended);
  SimMetaSession::FailAll(session, MetaCode::kConnectionLoss);
  WatchHeartbeats(session);
}

// Called whenever heartbeats may have begun or ended.
void SimMetaService::WatchHeartbeats(const Session& session) {
  ++session->silence;
  if (session->closed || session->id == 0 || !available_ || Beats(*session)) return;
  executor_.PostAt(clock_.Now() + options_.session_timeout,
                   [this, session, silence = session->silence] {
                     absl::MutexLock lock(&mutex_);
                     if (session->silence == silence) CloseSilent(session);
                   });
}

void SimMetaService::CloseSilent(const Session& session) {
  if (session->closed) return;
  ++expired_count_;
  CloseAtService(session);
}

void SimMetaService::CloseAtService(const Session& session) {
  if (std::exchange(session->closed, true)) return;
  const Session self = session;  // The map's reference may be the last.
  if (self->id != 0) Publish(tree_.CloseSession(self->id));
  if (self->gone || self->crashed) {
    sessions_.erase(self->number);
  } else if (self->state == State::kConnected && !silent_.contains(self->host)) {
    TellExpired(self);
  }
}

void SimMetaService::TellExpired(const Session& session) {
  if (session->state == State::kExpired) return;
  const Session self = session;
  sessions_.erase(self->number);
  ++self->connection;
  self->state = State::kExpired;
  SimMetaSession::FailAll(self, MetaCode::kSessionExpired);
  self->in.clear();
  SimMetaSession::PostState(self, SessionState::kExpired);
}

void SimMetaService::End(const Session& session) {
  SimMetaSession::Callers callers;  // Destroyed without the lock.
  absl::MutexLock lock(&mutex_);
  session->gone = true;
  callers = session->TakeCallers();
  ++session->connection;
  if (session->id == 0) session->closed = true;
  if (session->closed) {
    sessions_.erase(session->number);
  } else if (session->state == State::kConnected && Reaches(*session)) {
    At(Arrival(session, session->last_out), session, &SimMetaService::CloseAtService);  // In order.
  } else {
    WatchHeartbeats(session);
  }
}

void SimMetaService::SetAvailable(bool available) {
  absl::MutexLock lock(&mutex_);
  if (available_ == available) return;
  available_ = available;
  for (const Session& session : SessionsOf("")) {
    if (available) {
      ConnectLater(session);
    } else {
      Suspend(session);
    }
    WatchHeartbeats(session);
  }
}

void SimMetaService::SetReachable(const std::string& host, bool reachable) {
  absl::MutexLock lock(&mutex_);
  reachable ? (void)unreachable_.erase(host) : (void)unreachable_.insert(host);
  for (const Session& session : SessionsOf(host)) {
    if (reachable) {
      ConnectLater(session);
    } else {
      Suspend(session);
    }
  }
}

void SimMetaService::SetHeartbeats(const std::string& host, bool sends) {
  absl::MutexLock lock(&mutex_);
  sends ? (void)silent_.erase(host) : (void)silent_.insert(host);
  for (const Session& session : SessionsOf(host)) {
    WatchHeartbeats(session);
    if (session->closed && Beats(*session)) TellExpired(session);
  }
}

void SimMetaService::SetSlow(const std::string& host, MonoDuration delay_max) {
  absl::MutexLock lock(&mutex_);
  slow_[host] = delay_max;
}

void SimMetaService::Crash(const std::string& host) {
  std::vector<SimMetaSession::Callers> callers;  // Destroyed without the lock.
  absl::MutexLock lock(&mutex_);
  for (const Session& session : SessionsOf(host)) {
    session->crashed = true;
    ++session->connection;
    callers.push_back(session->TakeCallers());
    WatchHeartbeats(session);
    if (session->closed || session->id == 0) sessions_.erase(session->number);
  }
}

void SimMetaService::Expire(const std::string& host) {
  absl::MutexLock lock(&mutex_);
  for (const Session& session : SessionsOf(host)) {
    if (session->id != 0) CloseSilent(session);
  }
}

bool SimMetaService::Hears(const std::string& host) const {
  absl::MutexLock lock(&mutex_);
  return std::ranges::all_of(SessionsOf(host), [this](const Session& s)
                                                   ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                                                     return Beats(*s);
                                                   });
}

void SimMetaService::LoseAnswers(const std::string& host, int count) {
  absl::MutexLock lock(&mutex_);
  lose_answers_[host] = count;
}

void SimMetaService::DelayChanges(const std::string& host, int count) {
  absl::MutexLock lock(&mutex_);
  delay_changes_[host] = count;
}

int SimMetaService::expired_count() const {
  absl::MutexLock lock(&mutex_);
  return expired_count_;
}

int SimMetaService::lost_answer_count() const {
  absl::MutexLock lock(&mutex_);
  return lost_answer_count_;
}

}  // namespace strom::sim
