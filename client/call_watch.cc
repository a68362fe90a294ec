#include "client/call_watch.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"

namespace strom::client {

rpc::Channel::Done CallWatch::Watch(const ServerNode& server, rpc::Channel::Done done) {
  absl::MutexLock lock(&mutex_);
  const uint64_t call = next_call_++;
  const MonoTime now = world_.clock.Now();
  calls_[call] = {.server = server, .since = now};
  if (!looking_) LookAt(now + patience_);
  return [self = shared_from_this(), call, done = std::move(done)](Result<Bytes> answer) mutable {
    self->End(call);
    done(std::move(answer));
  };
}

void CallWatch::End(uint64_t call) {
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

void CallWatch::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

void CallWatch::LookAt(MonoTime when) {
  looking_ = !closed_;
  if (!looking_) return;
  world_.executor.PostAt(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Look();
  });
}

void CallWatch::Look() {
  {
    absl::MutexLock lock(&mutex_);
    looking_ = !calls_.empty() && !closed_;
    if (!looking_) return;
    const MonoTime due = calls_.begin()->second.since + patience_;
    if (due > world_.clock.Now()) return LookAt(due);
  }
  world_.refresh([self = shared_from_this()](bool answered) { self->OnRefreshed(answered); });
}

void CallWatch::OnRefreshed(bool answered) {
  std::vector<ServerNode> silent;
  const MonoTime now = world_.clock.Now();
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, call] : calls_) {
      if (!answered || call.since + patience_ > now) break;
      if (std::find(silent.begin(), silent.end(), call.server) == silent.end()) {
        silent.push_back(call.server);
      }
    }
  }
  for (const ServerNode& server : silent) {
    if (world_.is_member(server)) continue;
    STROM_LOG(kInfo, "{} does not answer and is not in the cluster any more", server);
    world_.disconnect(server);
  }
  absl::MutexLock lock(&mutex_);
  LookAt(now + patience_);
}

}  // namespace strom::client
