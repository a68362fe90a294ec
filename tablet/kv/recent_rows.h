#pragma once

#include <cstdint>
#include <optional>

#include <absl/container/flat_hash_map.h>

#include "common/kv/kv_store.h"
#include "common/runtime/wait.h"

namespace strom::tablet {

// The rows of a bucket that were committed last, in front of its store: a row that is written again
// and again costs the store one write, and its old value no read.
//
//   fresh     not in the store yet
//   settled   in the store, too: kept for reads, until the next settling
//
// Always true: the fresh rows over the store are what is committed. Nothing is lost with them that
// would not be lost with the store: it has no log of its own.
//
// The bucket's strand puts and makes room; any thread reads and settles.
class RecentRows {
 public:
  // `store` outlives it. Both kinds together have about `size_max_bytes`.
  RecentRows(kv::KvStore& store, size_t size_max_bytes)
      : store_(store), fresh_max_bytes_(size_max_bytes / 2) {}

  // Settles the fresh rows if they have half of the bytes, or more. To be called before rows are
  // put, so that an error leaves everything as it was. Errors: kKvStorage.
  Status MakeRoom();
  // The committed value of a key; none: it was deleted.
  void Put(Bytes key, std::optional<Bytes> value);

  enum class Found : uint8_t { kNot, kRow, kDeleted };
  // What is known here of a key; of a row, `value` becomes its value. kNot: the store has the
  // truth.
  Found Find(BytesView key, Bytes& value) const;

  // Moves all fresh rows into the store, as one write: afterwards it has all that was put before.
  // Errors: kKvStorage, with everything left as it was.
  Status Settle();

 private:
  using Rows = absl::flat_hash_map<Bytes, std::optional<Bytes>>;

  Status SettleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  kv::KvStore& store_;
  const size_t fresh_max_bytes_;
  mutable runtime::WaitMutex mutex_;
  Rows fresh_ ABSL_GUARDED_BY(mutex_);
  Rows settled_ ABSL_GUARDED_BY(mutex_);
  size_t fresh_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace strom::tablet
