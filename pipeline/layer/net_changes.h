#pragma once

#include <span>
#include <vector>

#include "pipeline/core/change.h"

namespace strom::layer {

// Columns of the rows that `delta` brings in on balance, and of those it takes away, each as often
// as it does. A row that comes and goes is in neither.
struct NetChanges {
  std::vector<Row> inserted;
  std::vector<Row> removed;

  bool empty() const { return inserted.empty() && removed.empty(); }
};

// The rows have room for one more value.
NetChanges NetOf(const pipeline::Delta& delta, std::span<const size_t> columns);

// `delta` without the rows that come and go; removals first.
pipeline::Delta Net(pipeline::Delta delta);

// The same for rows that are equal in `columns`: of those that come and go none is left.
pipeline::Delta NetBy(pipeline::Delta delta, std::span<const size_t> columns);

}  // namespace strom::layer
