#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/types/value.h"
#include "pipeline/core/change_table.h"

namespace strom::layer {

// Rows that come and go, as blocks hand them on. The rows lie where they were
// made, in the batch of a source or in what another block gave: a block that
// only chooses rows and columns copies none. Good for as long as those are.
class Changes {
 public:
  using Change = pipeline::ChangeRef;

  Changes() = default;
  // Rows that were made for this: column i is theirs.
  explicit Changes(pipeline::Delta made);
  Changes(Changes&&) = default;
  Changes& operator=(Changes&&) = default;

  // None yet: some of the rows of others, of whose columns column i is
  // columns[i].
  static Changes Of(std::vector<size_t> columns);

  // Rows that somebody else keeps.
  void Add(const RowRef& row, bool insert) { changes_.push_back({row, insert}); }
  void Add(const pipeline::ChangeTable& rows) {
    changes_.insert(changes_.end(), rows.begin(), rows.end());
  }
  void Reserve(size_t rows) { changes_.reserve(rows); }

  bool empty() const { return changes_.empty(); }
  size_t size() const { return changes_.size(); }
  std::vector<Change>::const_iterator begin() const { return changes_.begin(); }
  std::vector<Change>::const_iterator end() const { return changes_.end(); }
  const Change& operator[](size_t i) const { return changes_[i]; }

  // Where the rows have these columns.
  std::vector<size_t> Places(const std::vector<size_t>& columns) const;

  // The same as rows of their own.
  pipeline::Delta Take() &&;

 private:
  pipeline::Delta made_;
  std::vector<Change> changes_;
  std::optional<std::vector<size_t>> columns_;  // Not if column i is the rows' column i.
};

}  // namespace strom::layer
