// How a ReplicaManager comes to rest.
#include <utility>

#include "common/base/logging.h"
#include "tablet/replica/replica_manager.h"

namespace strom::tablet {

void ReplicaManager::Stop(absl::AnyInvocable<void(Status)> done) {
  strand_.Post([this, done = std::move(done)]() mutable {
    STROM_CHECK(!stopping_) << "stopped twice";
    stopping_ = true;
    stopped_ = std::move(done);
    // A timer that is too late to cancel still runs, and goes on from there.
    std::erase_if(timers_, [this](runtime::TimerId timer) { return strand_.Cancel(timer); });
    ContinueStop();
  });
}

// Once everything that is under way has ended; nothing begins any more.
void ReplicaManager::ContinueStop() {
  if (!stopping_ || busy() || std::exchange(closing_, true)) return;
  const auto replicas = All();
  if (replicas.empty()) return CloseAll();
  replicas_to_stop_ = replicas.size();
  for (const auto& replica : replicas) {
    replica->Stop(std::nullopt, [this](Status) {
      strand_.Post([this] {
        if (--replicas_to_stop_ == 0) CloseAll();
      });
    });
  }
}

void ReplicaManager::CloseAll() {
  blocking_.Post([this, replicas = All()]() mutable {
    BucketOffsets closed;
    Status first_error;
    for (const auto& replica : replicas) {
      const Status status = replica->Close();
      if (status.ok()) {
        closed[replica->bucket()] = replica->log().recovery_point();
      } else if (first_error.ok()) {
        first_error = status.WithContext(replica->bucket().ToString());
      }
    }
    replicas.clear();
    strand_.Post([this, closed = std::move(closed), first_error] {
      for (const auto& [bucket, point] : closed) recovery_points_[bucket] = point;
      FinishStop(first_error);
    });
  });
}

void ReplicaManager::FinishStop(Status status) {
  for (const Status& written : {WriteRecoveryPoints(), WriteHighWatermarks()}) {
    if (status.ok()) status = written;
  }
  // A log that nobody opened since the machine fell may still end torn.
  const bool unchecked = !directory_.was_clean() && !found_.empty();
  if (status.ok() && broken_.empty() && !unchecked) status = directory_.MarkClean();
  {
    absl::MutexLock lock(&mutex_);
    replicas_.clear();
  }
  auto done = std::move(stopped_);
  done(std::move(status));
}

}  // namespace strom::tablet
