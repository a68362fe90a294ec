#pragma once

#include <memory>
#include <string>

#include <absl/synchronization/mutex.h>

#include "common/io/file_system.h"
#include "tablet/log/epoch_history.h"

namespace strom::tablet {

// The epoch history of one log and the file that keeps it, `leader-epoch-checkpoint` in the
// bucket's directory.
//
// Changed by its log on the bucket's strand; any thread may read. Always true, unless the last Set
// failed: the file, which is replaced as a whole and synced, holds what get() returns.
class LeaderEpochs {
 public:
  static constexpr const char* kFileName = "leader-epoch-checkpoint";

  // `files` outlives it. Nothing is known before Load.
  LeaderEpochs(io::FileSystem& files, const std::string& log_directory)
      : files_(files), path_(log_directory + "/" + kFileName) {}

  // Reads the file. None: a log without records, or older than this file; no epoch is known.
  // Errors: kStorage; kCorruptRecord naming file and line. It is never repaired by guessing: a
  // wrong history lets replicas differ unnoticed.
  Status Load();

  std::shared_ptr<const EpochHistory> get() const {
    absl::MutexLock lock(&mutex_);
    return history_;
  }

  // Writes and syncs `history`, if it is another than before. Errors: kStorage, kDiskWriteLocked,
  // with get() as before; the file may be the old or the new one until a later Set succeeds.
  Status Set(EpochHistory history);

 private:
  io::FileSystem& files_;
  const std::string path_;
  bool file_unsure_ = false;  // The last write failed.
  mutable absl::Mutex mutex_;  // For the pointer only.
  std::shared_ptr<const EpochHistory> history_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const EpochHistory>();
};

}  // namespace strom::tablet
