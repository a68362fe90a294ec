#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <absl/synchronization/mutex.h>

#include "common/runtime/time.h"
#include "common/types/table_bucket.h"
#include "tablet/replica/bucket_scan.h"

namespace strom::tablet {

// Which full scans of primary-key buckets clients have under way on this server: numbers of calls,
// limits, and what became of sessions nobody uses any more. No I/O, no clock of its own. Any
// thread.
//
// A session has at most one call under way, during which it cannot expire: Open or Begin starts
// it, Park or Close ends it.
class ScanSessions {
 public:
  // Same defaults as Fluss: ConfigOptions.java (kv.scanner.*).
  struct Options {
    size_t bucket_max = 8;
    size_t server_max = 200;
    MonoDuration ttl = Seconds(600);
    size_t expired_max = 1000;  // Ids of expired sessions that are remembered.
  };

  explicit ScanSessions(Options options) : options_(options) {}

  // A new session, with its first call under way. `id` is new.
  // Errors: kTooManyScanners naming the limit.
  Status Open(std::string id, const TableBucket& bucket);

  // Which bucket a session is about; none if there is no such session.
  std::optional<TableBucket> BucketOf(const std::string& id) const;

  // Starts call number `call` of a session. Errors: kUnknownScannerId; kScannerExpired;
  // kInvalidScanRequest for another number than the next one, or while a call is under way. The
  // last one also ends the session.
  Result<std::shared_ptr<BucketScan>> Begin(const std::string& id, std::optional<int32_t> call);

  // Ends a call with more to come. A session that was closed meanwhile stays closed.
  void Park(const std::string& id, std::shared_ptr<BucketScan> scan, MonoTime now);

  // Ends a session. One that is not there is fine.
  void Close(const std::string& id);

  // Ends the sessions that were last used `ttl` ago. When to look again; none: nobody waits.
  std::optional<MonoTime> Expire(MonoTime now);

  size_t size() const;

 private:
  struct Session {
    TableBucket bucket;
    std::shared_ptr<BucketScan> scan;  // None while a call is under way.
    int32_t next_call = 1;
    MonoTime used_at;
  };
  using Sessions = std::map<std::string, Session>;

  const Options options_;
  mutable absl::Mutex mutex_;
  Sessions sessions_ ABSL_GUARDED_BY(mutex_);
  std::map<TableBucket, size_t> counts_ ABSL_GUARDED_BY(mutex_);  // None is 0.
  std::deque<std::string> expired_ ABSL_GUARDED_BY(mutex_);       // Oldest first.

  // What kept the session's store open; to be dropped without the lock.
  std::shared_ptr<BucketScan> Remove(Sessions::iterator session)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
};

}  // namespace strom::tablet
