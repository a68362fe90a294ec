#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "common/base/result.h"
#include "common/runtime/clock.h"
#include "tests/prove/judge/service_windows.h"
#include "tests/sim/checkers/history.h"

namespace strom::prove {

// What a client may want of a bucket: appends of the log table, upserts (and deletes) and lookups
// of the primary-key table. Lookups are the last.
enum class Wish { kAppend, kUpsert, kLookup };
inline constexpr int kWishes = 3;

// Notes what clients do and see: the history of a round, for the checkers, and the windows without
// service. Any thread. What is remembered is bounded: beyond, nothing may be begun.
class Recorder {
 public:
  struct Counts {
    int64_t open = 0;            // Writes and lookups without an answer.
    int64_t refused = 0;         // Writes that the client did not take: its buffer was full.
    int64_t lookups_failed = 0;  // These are in no history.
    int64_t dropped = 0;         // Operations not begun because the history was full.
    std::map<std::string, int64_t> errors;  // By text.
  };

  Recorder(const runtime::Clock& clock, int buckets, size_t operations_max);

  // A round begins.
  void Begin();
  // Ends it.
  sim::History TakeHistory();

  // Operations begin: their number, or none if no more may be.
  std::optional<size_t> AppendBegins(int64_t writer, int64_t number);
  std::optional<size_t> UpsertBegins(TableId table, int64_t key, std::optional<int64_t> value);
  bool LookupBegins();
  // And end. `offset`: where the row is; none if it is unknown. For lookups, `value` is of the row.
  void AppendEnds(size_t op, const Status& status, const TableBucket& bucket,
                  std::optional<LogOffset> offset);
  void UpsertEnds(size_t op, const Status& status, const TableBucket& bucket,
                  std::optional<LogOffset> log_end_offset);
  void LookupEnds(const TableBucket& bucket, int64_t key, MonoTime invoked, const Status& status,
                  std::optional<int64_t> value);
  // The client did not take it.
  void WriteRefused(const Status& status);

  void Saw(sim::FetchSeen fetch);
  void Saw(sim::LeadershipWrite write);

  void OpenWatch();
  // By wish, then by bucket.
  std::vector<MonoDuration> CloseWatch();
  // A bucket and wish that nothing begun at `since` or later was done for yet, as text; or "".
  std::string NotServedSince(MonoTime since) const;

  Counts counts() const;
  size_t operations() const;  // In the history.
  int buckets() const { return buckets_; }

 private:
  void Failed(const Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Full() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Served(Wish wish, BucketId bucket, const sim::Interval& time)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  size_t OperationsLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const runtime::Clock& clock_;
  const int buckets_;
  const size_t operations_max_;
  mutable absl::Mutex mutex_;
  sim::History history_ ABSL_GUARDED_BY(mutex_);
  ServiceWindows windows_ ABSL_GUARDED_BY(mutex_);
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::prove
