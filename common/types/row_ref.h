#pragma once

#include <cstddef>

#include "common/types/value.h"

namespace strom {

// A row where it lies: in a Row, or among the values of many. Good for as long as they stay there.
class RowRef {
 public:
  RowRef() = default;
  RowRef(const Row& row)  // NOLINT(google-explicit-constructor): a row is one.
      : RowRef(row.data(), row.size()) {}
  RowRef(const Row* row) : RowRef(*row) {}  // NOLINT(google-explicit-constructor)
  RowRef(const Value* first, size_t size) : first_(first), size_(size) {}

  size_t size() const { return size_; }
  const Value& operator[](size_t column) const { return first_[column]; }

  Row Copy() const { return {first_, first_ + size_}; }

 private:
  const Value* first_ = nullptr;
  size_t size_ = 0;
};

}  // namespace strom
