#include "common/metadata/zk/zk_session.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <zookeeper/zookeeper.h>

#include "common/base/logging.h"
#include "common/metadata/zk/zk_error.h"
#include "common/metadata/zk/zk_log.h"
#include "common/runtime/system_clock.h"

namespace strom::metadata {
namespace {

constexpr MonoDuration kOpenPause = Seconds(1);
constexpr MonoDuration kAttempt = Seconds(3);  // To connect for the first time.

std::string_view NameOf(SessionState state) {
  switch (state) {
    case SessionState::kConnected:
      return "connected";
    case SessionState::kSuspended:
      return "connection lost";
    case SessionState::kExpired:
      return "expired";
  }
  return "";
}

void OnGlobalEvent(zhandle_t* handle, int type, int state, const char*, void*) {
  if (type != ZOO_SESSION_EVENT) return;  // All watches have a watcher of their own.
  static_cast<ZkSession*>(const_cast<void*>(zoo_get_context(handle)))->OnState(handle, state);
}

std::optional<WatchEvent> EventOf(int type) {
  if (type == ZOO_CREATED_EVENT) return WatchEvent::kCreated;
  if (type == ZOO_DELETED_EVENT) return WatchEvent::kDeleted;
  if (type == ZOO_CHANGED_EVENT) return WatchEvent::kDataChanged;
  if (type == ZOO_CHILD_EVENT) return WatchEvent::kChildrenChanged;
  return std::nullopt;
}

}  // namespace

// A session event comes to every watch as well, and leaves it set.
void OnZooKeeperWatch(zhandle_t* handle, int type, int, const char*, void* watch) {
  const std::optional<WatchEvent> event = EventOf(type);
  if (!event) return;
  static_cast<ZkSession*>(const_cast<void*>(zoo_get_context(handle)))
      ->Fire(reinterpret_cast<uintptr_t>(watch), *event);
}

ZkSession::ZkSession(const ZooKeeperOptions& options, runtime::Strand& strand,
                     absl::AnyInvocable<void(SessionState)> on_state, runtime::ThreadPool& opener)
    : options_(options),
      opener_(opener),
      timeout_ms_(options.session_timeout.millis()),
      strand_(&strand) {
  if (on_state) {
    on_state_ = std::make_shared<absl::AnyInvocable<void(SessionState)>>(std::move(on_state));
  }
}

void ZkSession::Open() {
  opener_.Post([self = shared_from_this()] { self->MakeHandle(); });
  opener_.PostAt(runtime::SystemNow() + options_.connect_timeout, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->StopHolding();
  });
}

void ZkSession::MakeHandle() {
  if (ended_) return;
  QuietZooKeeperLog();
  zhandle_t* const handle = zookeeper_init2(options_.connect.c_str(), OnGlobalEvent,
                                            static_cast<int>(options_.session_timeout.millis()),
                                            nullptr, this, 0, LogZooKeeperLine);
  if (!handle) {
    STROM_LOG(kWarn, "cannot reach ZooKeeper at {}: {}", options_.connect, std::strerror(errno));
    opener_.PostAt(runtime::SystemNow() + kOpenPause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->MakeHandle();
    });
    return;
  }
  opener_.PostAt(runtime::SystemNow() + kAttempt, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->MakeAnotherHandle();
  });
  absl::MutexLock lock(&mutex_);
  handle_ = handle;
}

void ZkSession::MakeAnotherHandle() {
  zhandle_t* handle = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_ || state_) return;
    handle = std::exchange(handle_, nullptr);
    remaking_ = true;
  }
  zookeeper_close(handle);  // What was sent through it is answered: kConnectionLoss.
  {
    absl::MutexLock lock(&mutex_);
    remaking_ = false;
  }
  MakeHandle();
}

void ZkSession::End() {
  std::shared_ptr<void> on_state;
  std::map<uint64_t, Watch> watches;
  Calls calls;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    strand_ = nullptr;
    on_state = std::move(on_state_);
    watches.swap(watches_);
    for (auto& [key, call] : calls_) calls.push_back(std::move(call));
    for (auto& call : held_) calls.push_back(std::move(call));
    calls_.clear();
    held_.clear();
  }
  for (const auto& call : calls) call->Drop();
  {
    absl::MutexLock lock(&mutex_);
    dropped_ = std::move(calls);
  }
  opener_.Post([self = shared_from_this()] { self->CloseHandle(); });
}

void ZkSession::CloseHandle() {
  zhandle_t* handle = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    handle = std::exchange(handle_, nullptr);
  }
  // Waits for the library's threads, and up to 3 s until the end of the session is sent.
  if (handle) zookeeper_close(handle);
  absl::MutexLock lock(&mutex_);
  dropped_.clear();
}

void ZkSession::Start(std::unique_ptr<ZkCall> call, Watch watch) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return;
  call->session = this;
  if (watch) {
    call->watch = next_watch_++;
    watches_.emplace(call->watch, std::move(watch));
  }
  if (holding_) {
    held_.push_back(std::move(call));
  } else {
    Send(std::move(call));
  }
}

// The answer may come before the library's function returns: the call is known by then.
void ZkSession::Send(std::unique_ptr<ZkCall> call) {
  if (state_ == SessionState::kExpired) return Fail(std::move(call), MetaCode::kSessionExpired);
  if (!handle_) return Fail(std::move(call), MetaCode::kConnectionLoss);
  ZkCall* const sent = call.get();
  calls_.emplace(sent, std::move(call));
  const int rc = sent->Send(handle_);
  if (rc == ZOK) return;
  auto node = calls_.extract(sent);
  Fail(std::move(node.mapped()), CodeOfZooKeeper(rc));
}

void ZkSession::Refuse(std::unique_ptr<ZkCall> call, MetaCode code) {
  absl::MutexLock lock(&mutex_);
  Fail(std::move(call), code);
}

void ZkSession::Fail(std::unique_ptr<ZkCall> call, MetaCode code) {
  Watch unset;
  if (auto node = watches_.extract(call->watch)) unset = std::move(node.mapped());
  Post([task = call->Failed(code), unset = std::move(unset)]() mutable { task(); });
}

std::unique_ptr<ZkCall> ZkSession::Take(const ZkCall* call) {
  absl::MutexLock lock(&mutex_);
  auto node = calls_.extract(call);
  return node.empty() ? nullptr : std::move(node.mapped());
}

void ZkSession::Answer(uint64_t watch, bool watch_set, runtime::Task task) {
  absl::MutexLock lock(&mutex_);
  Watch unset;
  if (!watch_set) {
    if (auto node = watches_.extract(watch)) unset = std::move(node.mapped());
  }
  Post([task = std::move(task), unset = std::move(unset)]() mutable { task(); });
}

void ZkSession::Fire(uint64_t watch, WatchEvent event) {
  absl::MutexLock lock(&mutex_);
  auto node = watches_.extract(watch);
  if (node.empty()) return;
  Post([fired = std::move(node.mapped()), event]() mutable { fired(event); });
}

void ZkSession::OnState(zhandle_t* handle, int state) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || remaking_) return;
  handle_ = handle;  // MakeHandle may not have come that far.
  if (state == ZOO_CONNECTED_STATE) {
    id_ = zoo_client_id(handle)->client_id;
    timeout_ms_ = zoo_recv_timeout(handle);
    PostState(SessionState::kConnected);
    holding_ = false;
    for (auto& call : std::exchange(held_, {})) Send(std::move(call));
  } else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
    PostState(SessionState::kExpired);
  } else if (state_ == SessionState::kConnected) {
    PostState(SessionState::kSuspended);
  }
}

void ZkSession::StopHolding() {
  absl::MutexLock lock(&mutex_);
  if (!std::exchange(holding_, false)) return;
  STROM_LOG(kWarn, "ZooKeeper at {}: not connected for {} ms", options_.connect,
            options_.connect_timeout.millis());
  for (auto& call : std::exchange(held_, {})) Fail(std::move(call), MetaCode::kConnectionLoss);
}

void ZkSession::PostState(SessionState state) {
  if (state_ == state || state_ == SessionState::kExpired) return;
  state_ = state;
  STROM_LOG(kInfo, "ZooKeeper at {}: session {:#x} {}", options_.connect, id_.load(),
            NameOf(state));
  if (!on_state_) return;
  Post([on_state = on_state_, state] { (*on_state)(state); });
}

void ZkSession::Post(runtime::Task task) {
  if (ended_) return;
  strand_->Post([self = shared_from_this(), task = std::move(task)]() mutable {
    if (!self->ended_) task();
  });
}

}  // namespace strom::metadata
