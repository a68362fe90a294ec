#pragma once

#include <deque>
#include <optional>

#include <absl/container/flat_hash_map.h>
#include <absl/functional/function_ref.h>

#include "common/base/bytes.h"
#include "common/types/ids.h"

namespace strom::tablet {

// The upserts and deletes of one bucket that are in its changelog but not yet committed, and so not
// in its store: what the next upsert of a key has to be merged with.
//
// Owned by the bucket's KvTablet, on its strand. No I/O.
//
// Always true: changes are in the order of their offsets; Find gives the newest change of a key.
class PreWriteBuffer {
 public:
  struct Change {
    Bytes key;
    std::optional<Bytes> value;  // As stored; none: deleted.
    LogOffset offset;            // Of the change's last record in the log.
    int row_count_delta = 0;     // What it does to the number of rows: -1, 0, 1.
  };

  // `change.offset` is not below that of the change added last.
  void Add(Change change);

  // The newest change of `key`, until the buffer changes; nullptr if there is none.
  const Change* Find(BytesView key) const;

  // Undoes the changes at or above `offset`: of a batch that failed, of a log that was cut.
  void TruncateTo(LogOffset offset);

  // Takes the changes below `offset` out, oldest first. `take` must not use the buffer.
  void TakeBelow(LogOffset offset, absl::FunctionRef<void(Change)> take);

  bool empty() const { return entries_.empty(); }
  size_t change_count() const { return entries_.size(); }
  // Keys, values and what it takes to keep them.
  size_t size_bytes() const { return size_bytes_; }

 private:
  using Number = uint64_t;  // Of an entry, from 0, in the order they were added.

  struct Entry {
    Change change;
    std::optional<Number> previous;  // Of the same key; may have been dropped meanwhile.
  };

  static size_t SizeOf(const Entry& entry);
  Entry& At(Number number) { return entries_[number - first_]; }
  const Entry& At(Number number) const { return entries_[number - first_]; }

  std::deque<Entry> entries_;
  Number first_ = 0;  // Of entries_.front().
  // The keys point into the entries they name.
  absl::flat_hash_map<BytesView, Number> newest_;
  size_t size_bytes_ = 0;
};

}  // namespace strom::tablet
