#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "client/include/strom/connection.h"
#include "common/base/result.h"
#include "common/runtime/clock.h"
#include "common/runtime/random.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/wait.h"
#include "common/types/job.h"
#include "pipeline/core/stop_signal.h"
#include "pipeline/core/turns.h"

namespace strom::pipeline {

// How far a job is, as its worker reports it.
struct JobProgress {
  std::string phase;          // "starting", "snapshot", "running"
  int64_t rows_in = 0;        // Changes read since it started.
  int64_t rows_out = 0;       // Changes written.
  int64_t batches = 0;        // In which it took and wrote them.
  int64_t cpu_ms = 0;         // How long its own thread has worked for it.
  MonoDuration cpu_before;    // And before it, for others.
  int64_t snapshot_rows = 0;  // Read of the snapshot, and how many there are about; 0: not known.
  int64_t snapshot_rows_total = 0;
  // When the newest change it has written was taken by the leader upstream (CDC: committed in the
  // source), and how old it was then; 0: none was yet.
  WallMillis newest_ms = 0;
  int64_t lag_ms = 0;
  std::map<std::string, std::string> failed;  // Of a group's jobs: which do not run, and why.
  std::string detail;  // Of its kind: the confirmed LSN, keys that several rows share, …
};

// What was written just now, of which the newest change is from `newest_ms`.
inline void NoteNewest(JobProgress& progress, WallMillis newest_ms, WallMillis now) {
  if (newest_ms == 0) return;
  progress.newest_ms = std::max(progress.newest_ms, newest_ms);
  progress.lag_ms = std::max<int64_t>(0, now - newest_ms);
}

// A batch was taken and written. On the job's thread.
inline void NoteBatch(JobProgress& progress, int64_t rows_in, int64_t rows_out) {
  progress.rows_in += rows_in;
  progress.rows_out += rows_out;
  ++progress.batches;
  progress.cpu_ms = (runtime::ThreadCpuTime() - progress.cpu_before).nanos() / 1'000'000;
}

// Where a job tells how far it is. Thread-safe.
class ProgressReport {
 public:
  JobProgress Get() const {
    const runtime::WaitLock lock(mutex_);
    return progress_;
  }
  // Changes it under the lock: `change` takes a JobProgress&.
  template <class Change>
  void Update(Change change) {
    const runtime::WaitLock lock(mutex_);
    change(progress_);
  }

 private:
  mutable runtime::WaitMutex mutex_;
  JobProgress progress_ ABSL_GUARDED_BY(mutex_);
};

// The world of a running job. Outlives it.
struct JobContext {
  client::Connection& connection;
  const runtime::Clock& clock;
  runtime::Random& random;
  Turns& turns;
  JobFence fence;  // Goes with everything the job writes.
  StopSignal& stop;
  ProgressReport& report;
};

// Continuous work, on a thread of its own, which it may block.
class Job {
 public:
  virtual ~Job() = default;

  // Works until the stop is asked for (then OK, or kOperationNotAttempted) or something goes wrong.
  // The caller may make another of the same definition and run that: everything a job needs to go
  // on is in its target.
  virtual Status Run() = 0;
};

}  // namespace strom::pipeline
