#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tablet/log/log_tablet.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::tablet {

// A log on a simulated disk, and batches to put into it. One column, INT, in the INDEXED format: a
// batch of n records is 48 + 10 n bytes.
class LogFixture {
 public:
  explicit LogFixture(LogOptions options = {}) : options_(options) {
    STROM_CHECK(disk_.CreateDirectories(kDirectory).ok());
    Reopen(false);
  }

  // One batch with these values.
  static Bytes Batch(const std::vector<int>& values, WriterId writer = kNoWriter,
                     BatchSequence sequence = kNoSequence);

  // Appends one batch of `count` records that count on from the last; the records' values are their
  // offsets.
  Result<AppendInfo> Append(int count, WriterId writer = kNoWriter,
                            BatchSequence sequence = kNoSequence);

  // Takes all that `leader` has behind this log's end, in answers of up to `size_max` bytes or one
  // batch, as a follower that does not diverge. Returns the first error.
  Status Follow(const LogTablet& leader, size_t size_max = 1 << 20);

  // All values from `from` on, read in pieces of `size_max` bytes.
  std::vector<int> ReadAll(LogOffset from = LogOffset(0), size_t size_max = 1 << 20);
  // 0, 1, …, n - 1 from `from` on.
  static std::vector<int> Counting(int from, int to);

  void Reopen(bool clean, LogOffset recovery_point = LogOffset(0));
  // The process dies; what it wrote is still there.
  void Crash(LogOffset recovery_point = LogOffset(0)) {
    log_.reset();
    disk_.CrashProcess();
    Reopen(false, recovery_point);
  }
  void PowerFail(uint64_t seed, LogOffset recovery_point = LogOffset(0)) {
    log_.reset();
    disk_.PowerFail(seed);
    Reopen(false, recovery_point);
  }

  LogTablet& log() { return *log_; }
  sim::SimDisk& disk() { return disk_; }
  sim::SimClock& clock() { return clock_; }
  std::vector<std::string> FileNames();
  const LogOptions& options() const { return options_; }

  static constexpr const char* kDirectory = "/data/db/t-7/log-0";

 private:
  const LogOptions options_;
  sim::SimScheduler scheduler_{1};
  sim::SimClock clock_{scheduler_};
  sim::SimDisk disk_{{}};
  std::unique_ptr<LogTablet> log_;
};

}  // namespace strom::tablet
