#include "tablet/replica/bucket_scan.h"

#include <utility>

namespace strom::tablet {

BucketScan::BucketScan(std::shared_ptr<KvTablet> tablet, std::unique_ptr<KvScan> scan)
    : log_offset_(scan->log_offset()), hold_{std::move(tablet), std::move(scan)} {}

Result<BucketScan::Piece> BucketScan::Next(size_t size_max) {
  Hold hold;  // Dropped last, outside the lock.
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) {
      return Error(ErrorCode::kNotLeaderOrFollower,
                   "the scan at offset {} ended with the leadership of its bucket", log_offset_);
    }
    if (busy_ || !hold_.scan) {
      return Error(ErrorCode::kInvalidScanRequest, "the scan at offset {} {}", log_offset_,
                   busy_ ? "has a call under way" : "is at its end");
    }
    busy_ = true;
    hold = std::exchange(hold_, {});
  }
  Result<Bytes> values = hold.scan->Next(size_max);
  const bool last = !values.ok() || hold.scan->done();
  {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
    if (!last && !ended_) hold_ = std::exchange(hold, {});
  }
  STROM_RETURN_IF_ERROR(values.status());
  return Piece{.values = *std::move(values), .last = last};
}

void BucketScan::End() {
  Hold hold;  // Dropped outside the lock.
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    hold = std::exchange(hold_, {});
  }
}

}  // namespace strom::tablet
