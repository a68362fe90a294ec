#pragma once

#include <cstddef>
#include <span>

#include "common/types/row_ref.h"

namespace strom::layer {

// A row as one sees it through a choice of its columns: of a row that lies
// somewhere else, without a copy. Good for as long as the row and the choice
// are.
class RowView {
 public:
  RowView(const Row& row)  // NOLINT(google-explicit-constructor): all of it.
      : RowView(RowRef(row)) {}
  RowView(const RowRef& row)  // NOLINT(google-explicit-constructor): likewise.
      : row_(row), size_(row.size()) {}
  RowView(const RowRef& row, std::span<const size_t> columns)
      : row_(row), columns_(columns.data()), size_(columns.size()) {}

  size_t size() const { return size_; }
  const Value& operator[](size_t i) const { return row_[columns_ != nullptr ? columns_[i] : i]; }

  Row Copy() const {
    Row out;
    out.reserve(size_);
    for (size_t i = 0; i < size_; ++i) out.push_back((*this)[i]);
    return out;
  }

  friend bool operator==(const RowView& a, const RowView& b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }

 private:
  RowRef row_;
  const size_t* columns_ = nullptr;  // nullptr: all.
  size_t size_;
};

}  // namespace strom::layer
