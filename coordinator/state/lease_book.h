#pragma once

#include <cstddef>
#include <map>

#include "common/runtime/time.h"
#include "common/types/ids.h"
#include "common/types/table_bucket.h"

namespace strom::coordinator {

// Until when former leaders may still show rows of primary-key tables.
//
// A tablet server shows rows only while it has a lease, which the leading coordinator renews for
// all that it leads. So a leader that was moved away, and may not have heard of it (paused, cut
// off), shows nothing any more when its lease is over: by then its successor may answer.
//
// A server that has lost a bucket gets no lease until it has answered to that news: what it has
// then is all that has to be waited for. A lease covers only what the same coordinator told, so
// that a new one needs to know nothing of what servers were told before it.
//
// Pure bookkeeping: no I/O, no locks, no clock of its own. The term of the coordinator owns it.
class LeaseBook {
 public:
  struct Options {
    MonoDuration lease = Seconds(1);    // As its holder counts, from before it asked.
    MonoDuration margin = Millis(100);  // By which clocks may differ meanwhile, and more.
  };

  explicit LeaseBook(Options options) : options_(options) {}

  // The coordinator leads: whatever former ones granted, they granted before `now`.
  void Begin(MonoTime now) { begun_ = now; }

  // A server asks for a lease from now on; false: it gets none, so far.
  bool Grant(ServerId server, MonoTime now);

  // `server`, which led `bucket` under this leader epoch, does so no more, since the leadership
  // with this bucket epoch.
  void OnDeposed(ServerId server, const TableBucket& bucket, LeaderEpoch led, BucketEpoch since,
                 MonoTime now);

  // `server` has answered to the leadership with this bucket epoch: it does not lead under older
  // ones. True if somebody may wait for that: then FreeAt or EndedSince of `bucket` is earlier.
  bool OnHeard(ServerId server, const TableBucket& bucket, BucketEpoch told, MonoTime now);

  // The table is gone.
  void Forget(TableId table);

  // From when on nobody but `leader` shows rows of the bucket by a lease.
  MonoTime FreeAt(const TableBucket& bucket, ServerId leader) const;

  // The leaders that were deposed under this epoch and later ones, but for `leader`, have all heard
  // of it.
  LeaderEpoch EndedSince(const TableBucket& bucket, ServerId leader) const;

 private:
  // A server that has not heard that it leads a bucket no more.
  struct Former {
    LeaderEpoch led;
    BucketEpoch since;
    MonoTime lease_end;
    MonoTime waited_until;  // For its lease, or for what was promised to it.
  };

  MonoTime LeaseEnd(ServerId server) const;
  void Remove(ServerId server);

  const Options options_;
  MonoTime begun_;
  std::map<ServerId, MonoTime> granted_;  // When, last.
  std::map<TableBucket, std::map<ServerId, Former>> formers_;
  std::map<ServerId, size_t> unheard_;  // In how many buckets it is a former one; none is 0.
};

}  // namespace strom::coordinator
