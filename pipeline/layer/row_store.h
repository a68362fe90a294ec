#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "common/types/value.h"
#include "pipeline/layer/row_view.h"

namespace strom::layer {

// For each 64-bit hash, the ids of the rows that have it: chains through arrays, 8 bytes a row and
// 16 a hash. Ids are small numbers that the owner gives out.
class HashChains {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  void Add(uint64_t hash, uint32_t id);
  void Remove(uint64_t hash, uint32_t id);  // It was added under that hash.
  uint32_t First(uint64_t hash) const;
  uint32_t Next(uint32_t id) const { return links_[id].next; }
  const absl::flat_hash_map<uint64_t, uint32_t>& heads() const { return heads_; }
  size_t bytes() const { return heads_.capacity() * 17 + links_.capacity() * sizeof(Link); }

 private:
  struct Link {
    uint32_t next = kNone;
    uint32_t previous = kNone;
  };
  absl::flat_hash_map<uint64_t, uint32_t> heads_;
  std::vector<Link> links_;
};

// A bag of rows, encoded, with indexes over lists of columns. An index gives every row that has the
// key asked for, and now and then one with another key of the same hash: callers take more rows
// than they need without harm.
//
// One thread at a time. Always true: a row is in each index once, however often it is in the bag.
class RowStore {
 public:
  explicit RowStore(std::vector<std::vector<size_t>> indexes);

  uint32_t Insert(const RowView& row);  // Its id: that of the rows equal to it,
                                        // if there are any.
  // One of it; nullopt if there is none. The last one's id is free afterwards, with CountOf() 0.
  std::optional<uint32_t> Remove(const RowView& row);

  uint64_t HashOf(size_t index, const RowView& row) const;
  bool HasNullKey(size_t index, const RowView& row) const;

  // Ids are below this.
  uint32_t ids() const { return static_cast<uint32_t>(slots_.size()); }

  // Calls visit(id) for the rows under `hash`, or for all.
  template <class F>
  void ForEach(size_t index, uint64_t hash, const F& visit) const {
    const HashChains& chains = indexes_[index].chains;
    for (uint32_t id = chains.First(hash); id != HashChains::kNone; id = chains.Next(id)) visit(id);
  }
  template <class F>
  void ForEach(const F& visit) const {
    for (uint32_t id = 0; id < slots_.size(); ++id) {
      if (slots_[id].count > 0) visit(id);
    }
  }
  // The hashes there are in an index.
  const absl::flat_hash_map<uint64_t, uint32_t>& Keys(size_t index) const {
    return indexes_[index].chains.heads();
  }

  Row Get(uint32_t id) const;
  uint32_t CountOf(uint32_t id) const { return slots_[id].count; }
  size_t rows() const { return rows_; }  // Different ones.
  size_t bytes() const;                  // Estimate.

 private:
  struct Slot {
    Bytes row;
    uint32_t count = 0;  // 0: free.
  };
  struct Index {
    std::vector<size_t> columns;
    HashChains chains;
  };

  // Leaves the row's bytes in encoded_; gives their hash.
  uint64_t Encode(const RowView& row);
  uint32_t Find(uint64_t hash) const;  // Of encoded_.

  std::vector<Index> indexes_;
  HashChains content_;  // By the whole row.
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t rows_ = 0;
  size_t row_bytes_ = 0;
  Bytes encoded_;  // Kept for its room.
};

}  // namespace strom::layer
