#pragma once

#include <cstdint>
#include <map>

#include "common/types/value.h"

namespace strom::layer {

// SQL's order of values of one type that are not NULL and not nested: text by bytes, NaN last.
struct ValueLess {
  bool operator()(const Value& a, const Value& b) const;
};

// How often each value occurs, in order. Counts may be negative while a batch is taken in; a value
// that is there 0 times is not there.
class ValueBag {
 public:
  void Add(const Value& value, int64_t count);
  bool empty() const { return counts_.empty(); }
  size_t distinct() const { return counts_.size(); }
  const Value& Smallest() const { return counts_.begin()->first; }
  const Value& Largest() const { return counts_.rbegin()->first; }

 private:
  std::map<Value, int64_t, ValueLess> counts_;
};

}  // namespace strom::layer
