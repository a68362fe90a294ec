#pragma once

#include <memory>

#include <absl/synchronization/mutex.h>

#include "tablet/kv/kv_scan.h"
#include "tablet/kv/kv_tablet.h"

namespace strom::tablet {

// A walk over the rows of a bucket that ends, at the latest, when its replica stops to lead: it
// must not keep the store open any longer. Made by Replica::OpenScan. Any thread.
class BucketScan {
 public:
  BucketScan(std::shared_ptr<KvTablet> tablet, std::unique_ptr<KvScan> scan);

  // See KvScan.
  LogOffset log_offset() const { return log_offset_; }

  struct Piece {
    Bytes values;  // A value batch.
    bool last = false;
  };
  // The next rows, as KvScan::Next. Blocks. Errors: kNotLeaderOrFollower once it was ended;
  // kInvalidScanRequest while another call is under way or after the last piece; kKvStorage, which
  // ends it.
  Result<Piece> Next(size_t size_max);

  // Lets go of the store: at once, or when the call under way returns.
  void End();

 private:
  // What keeps the store open.
  struct Hold {
    std::shared_ptr<KvTablet> tablet;  // Outlives the scan.
    std::unique_ptr<KvScan> scan;
  };

  const LogOffset log_offset_;
  absl::Mutex mutex_;
  Hold hold_ ABSL_GUARDED_BY(mutex_);  // Empty: under way, or at the end.
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace strom::tablet
