#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include <absl/container/btree_map.h>

#include "common/types/value.h"

namespace strom::layer {

// SQL's order of values of one type that are not NULL and not nested: text by bytes, NaN last.
struct ValueLess {
  bool operator()(const Value& a, const Value& b) const;
};

// How often each value occurs, in order. Counts may be negative while a batch is taken in; a value
// that is there 0 times is not there. All values are of one type.
//
// Integers, dates, and decimals in 64 bits, take 22 bytes or so each, others a node of a tree.
class ValueBag {
 public:
  void Add(const Value& value, int64_t count);
  bool empty() const { return distinct() == 0; }
  size_t distinct() const { return numbers_.size() + (others_ ? others_->size() : 0); }
  Value Smallest() const;  // Of a bag that is not empty.
  Value Largest() const;
  size_t bytes() const;  // Estimate, of what it has beside itself.

 private:
  using Others = std::map<Value, int64_t, ValueLess>;

  // The value's place in the order of numbers; nullopt if it has none.
  std::optional<int64_t> NumberOf(const Value& value);
  Value ValueOf(int64_t number) const;

  absl::btree_map<int64_t, int64_t> numbers_;
  std::unique_ptr<Others> others_;  // Decimals that are larger, and all other types.
  bool decimals_ = false;           // What the numbers are.
};

}  // namespace strom::layer
