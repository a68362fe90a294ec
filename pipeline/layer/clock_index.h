#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_set.h>

#include "common/types/value.h"
#include "pipeline/layer/block.h"
#include "pipeline/layer/row_view.h"

namespace strom::layer {

// The ids of rows in the order of the columns that a filter compares with the clock, so that a step
// of the clock costs only the rows that it concerns: those between a bound's old and its new value.
//
// One thread at a time. Times of one minute are together, so a change hardly ever moves anything;
// about 10 bytes a row and column.
class ClockIndex {
 public:
  // Of the conditions that move. nullopt: one of them is over values without a number (text).
  static std::optional<ClockIndex> Make(const Filter& filter,
                                        const std::vector<duck::Field>& columns,
                                        bool skip_new_bound);

  void Add(const RowView& row, uint32_t id);
  void Remove(const RowView& row, uint32_t id);

  // The rows whose conditions may have changed when the bounds did; nullopt: all.
  std::optional<absl::flat_hash_set<uint32_t>> Between(const Row& old_bounds,
                                                       const Row& new_bounds) const;

  size_t bytes() const;

 private:
  struct Order {
    size_t column;
    std::vector<size_t> bounds;
    int64_t step;  // Numbers whose quotient by it is one are together.
    absl::btree_map<int64_t, std::vector<uint32_t>> rows = {};  // By that quotient.
    std::vector<uint32_t> places = {};                          // Of each id among them.
  };
  explicit ClockIndex(bool skip_new_bound) : skip_new_bound_(skip_new_bound) {}

  bool skip_new_bound_;  // A broken rule.
  std::vector<Order> orders_;
};

}  // namespace strom::layer
