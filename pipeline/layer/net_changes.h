#pragma once

#include <span>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "common/base/bytes.h"
#include "pipeline/core/change.h"

namespace strom::layer {

// Columns of the rows that `delta` brings in on balance, and of those it takes away, each as often
// as it does. A row that comes and goes is in neither.
struct NetChanges {
  std::vector<Row> inserted;
  std::vector<Row> removed;

  bool empty() const { return inserted.empty() && removed.empty(); }
};

NetChanges NetOf(const pipeline::Delta& delta, std::span<const size_t> columns);

// `delta` without the rows that come and go; removals first.
pipeline::Delta Net(pipeline::Delta delta);

}  // namespace strom::layer
