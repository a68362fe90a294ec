#include "tablet/server/scan_sessions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace strom::tablet {

Status ScanSessions::Open(std::string id, const TableBucket& bucket) {
  absl::MutexLock lock(&mutex_);
  if (sessions_.size() >= options_.server_max) {
    return Error(ErrorCode::kTooManyScanners, "{} scans are open on this server, its limit",
                 sessions_.size());
  }
  size_t& count = counts_[bucket];
  if (count >= options_.bucket_max) {
    return Error(ErrorCode::kTooManyScanners, "{} scans are open in {}, its limit", count, bucket);
  }
  ++count;
  const bool is_new =
      sessions_.emplace(std::move(id), Session{.bucket = bucket, .scan = {}}).second;
  STROM_CHECK(is_new) << "a scanner id came twice";
  return Status::Ok();
}

std::optional<TableBucket> ScanSessions::BucketOf(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? std::nullopt : std::optional(it->second.bucket);
}

std::shared_ptr<BucketScan> ScanSessions::Remove(Sessions::iterator session) {
  const auto count = counts_.find(session->second.bucket);
  if (--count->second == 0) counts_.erase(count);
  auto scan = std::move(session->second.scan);
  sessions_.erase(session);
  return scan;
}

Result<std::shared_ptr<BucketScan>> ScanSessions::Begin(const std::string& id,
                                                        std::optional<int32_t> call) {
  std::shared_ptr<BucketScan> dropped;  // Without the lock.
  absl::MutexLock lock(&mutex_);
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) {
    if (std::ranges::find(expired_, id) != expired_.end()) {
      return Error(ErrorCode::kScannerExpired, "the scan was not used for {} ms",
                   options_.ttl.millis());
    }
    return Error(ErrorCode::kUnknownScannerId, "there is no such scan");
  }
  Session& session = it->second;
  if (session.scan && call == session.next_call) {
    ++session.next_call;
    return std::exchange(session.scan, nullptr);
  }
  Status wrong = session.scan ? Error(ErrorCode::kInvalidScanRequest,
                                      "call {} of the scan in {}, the next one is {}",
                                      call.value_or(-1), session.bucket, session.next_call)
                              : Error(ErrorCode::kInvalidScanRequest,
                                      "call {} of the scan in {} while one is under way",
                                      call.value_or(-1), session.bucket);
  dropped = Remove(it);
  return wrong;
}

void ScanSessions::Park(const std::string& id, std::shared_ptr<BucketScan> scan, MonoTime now) {
  absl::MutexLock lock(&mutex_);
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return;
  it->second.scan = std::move(scan);
  it->second.used_at = now;
}

void ScanSessions::Close(const std::string& id) {
  std::shared_ptr<BucketScan> dropped;  // Without the lock.
  absl::MutexLock lock(&mutex_);
  const auto it = sessions_.find(id);
  if (it != sessions_.end()) dropped = Remove(it);
}

std::optional<MonoTime> ScanSessions::Expire(MonoTime now) {
  std::vector<std::shared_ptr<BucketScan>> dropped;  // Without the lock.
  std::optional<MonoTime> next;
  absl::MutexLock lock(&mutex_);
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    const auto session = it++;
    const bool in_use = session->second.scan == nullptr;
    const MonoTime end = (in_use ? now : session->second.used_at) + options_.ttl;
    if (end > now) {
      next = next ? std::min(*next, end) : end;
      continue;
    }
    expired_.push_back(session->first);
    if (expired_.size() > options_.expired_max) expired_.pop_front();
    dropped.push_back(Remove(session));
  }
  return next;
}

size_t ScanSessions::size() const {
  absl::MutexLock lock(&mutex_);
  return sessions_.size();
}

}  // namespace strom::tablet
