#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include <absl/container/flat_hash_map.h>

#include "common/kv/kv_store.h"
#include "common/runtime/wait.h"
#include "tablet/kv/recent_rows_budget.h"

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
// The bucket's strand puts, and makes room before and after; any thread reads, settles and drops.
class RecentRows {
 public:
  // `store` outlives it.
  RecentRows(kv::KvStore& store, std::shared_ptr<RecentRowsBudget> budget);
  ~RecentRows();

  // Room for rows of `bytes`, with what it takes to keep them: within the budget, and an eighth of
  // that for one bucket; its fresh rows are settled when they have half of it. So that an error
  // leaves everything as it was, before rows are put. Errors: kKvStorage.
  Status MakeRoom(size_t bytes);
  // The committed value of a key; none: it was deleted.
  void Put(Bytes key, std::optional<Bytes> value);
  // More rows were put than are to be kept: the store gets them. What it refuses, stays.
  void Trim();

  enum class Found : uint8_t { kNot, kRow, kDeleted };
  // What is known here of a key; of a row, `value` becomes its value. kNot: the store has the
  // truth.
  Found Find(BytesView key, Bytes& value) const;

  // Moves all fresh rows into the store, as one write: afterwards it has all that was put before.
  // Errors: kKvStorage, with everything left as it was.
  Status Settle();
  // The same, and keeps none: for who writes into the store itself. Errors: as Settle.
  Status Clear();
  // Keeps the fresh rows only. OK.
  Status DropSettled();

  // About what it takes.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Rows = absl::flat_hash_map<Bytes, std::optional<Bytes>>;

  Status SettleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropSettledLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Note(ptrdiff_t bytes);  // To be called with every change of what it takes.

  kv::KvStore& store_;
  const std::shared_ptr<RecentRowsBudget> budget_;
  const size_t kind_max_bytes_;  // Of either kind.
  mutable runtime::WaitMutex mutex_;
  Rows fresh_ ABSL_GUARDED_BY(mutex_);
  Rows settled_ ABSL_GUARDED_BY(mutex_);
  size_t fresh_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t settled_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::atomic<size_t> bytes_{0};  // Of both.
};

}  // namespace strom::tablet
