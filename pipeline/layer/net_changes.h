#pragma once

#include <span>
#include <vector>

#include "pipeline/core/change.h"
#include "pipeline/layer/changes.h"
#include "pipeline/layer/row_view.h"

namespace strom::layer {

// Columns of the rows that changes bring in on balance, and of those they take away, each as often
// as they do. A row that comes and goes is in neither. The rows are those of the changes.
struct NetChanges {
  std::vector<RowRef> inserted;
  std::vector<RowRef> removed;
  std::vector<size_t> columns;  // Of the rows.

  bool empty() const { return inserted.empty() && removed.empty(); }
  RowView View(const RowRef& row) const { return {row, columns}; }
};

// Of rows as the columns of `changes` given.
NetChanges NetOf(const Changes& changes, const std::vector<size_t>& columns);

// `delta` without the rows that come and go; removals first.
pipeline::Delta Net(pipeline::Delta delta);

// The same for rows that are equal in `columns`: of those that come and go none is left.
pipeline::Delta NetBy(pipeline::Delta delta, std::span<const size_t> columns);

}  // namespace strom::layer
