#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include "common/base/bytes.h"
#include "common/types/value.h"
#include "pipeline/layer/block.h"
#include "pipeline/layer/row_view.h"

namespace strom::layer {

// The rows of the partitions of a window, each in the window's order, to say which ones are first.
// Rows that the window takes for equal stand in the order of their encoded bytes, so that those
// that stay keep their places.
//
// One thread at a time. A change costs the logarithm of its partition, and once a batch and
// partition the number of first rows. About 55 bytes a row beside its own bytes and those of its
// order.
class RankedRows {
 public:
  // `last_unseen`: a broken rule; a change of the last of the first rows counts as one behind it.
  explicit RankedRows(Ranking ranking, bool last_unseen = false);

  void Insert(const RowView& row);
  bool Remove(const RowView& row);  // One of it; false if there is none.

  struct Partition {
    uint64_t id;             // Never given to another partition.
    std::vector<Row> first;  // Its first rows in order; none: it has no rows any more.
  };
  // The partitions whose first rows may be others than when this was last called. A change behind
  // the first rows is none.
  std::vector<Partition> TakeChanged();

  size_t bytes() const;  // Estimate.

 private:
  // Rows by their place in the order: the bytes of the order's values, then the row's.
  struct Place {
    uint32_t copies;
    uint32_t row_at;  // Where the row begins in the bytes.
  };
  struct Rows {
    uint64_t id;
    size_t count = 0;  // With copies.
    absl::btree_map<Bytes, Place> in_order;
  };
  struct Touched {
    Rows* rows;
    bool changed;
    Bytes last;  // Of the first rows, as they were; only if not yet changed.
  };

  // Leaves the row's place in place_ and gives where in it the row begins.
  uint32_t Encode(const RowView& row);
  // Notes that the row at place_ comes or goes.
  Rows& Touch(const RowView& row);

  const Ranking ranking_;
  const bool last_unseen_;
  absl::flat_hash_map<Bytes, std::unique_ptr<Rows>> partitions_;
  uint64_t next_id_ = 0;
  size_t rows_ = 0;  // Different ones.
  size_t row_bytes_ = 0;

  absl::flat_hash_map<Bytes, Touched> touched_;  // Since the last TakeChanged().
  Bytes place_;                                  // Kept for its room.
  Bytes partition_;
};

}  // namespace strom::layer
