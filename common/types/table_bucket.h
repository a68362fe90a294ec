#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "common/types/ids.h"
#include "common/types/to_string_formatter.h"

namespace strom {

// The unit of log, leadership and order: a bucket of a table, or of one of its partitions.
struct TableBucket {
  TableId table;
  std::optional<PartitionId> partition;  // Only of partitioned tables.
  BucketId bucket;

  // "table 7 bucket 0", or "table 7 partition 3 bucket 0".
  std::string ToString() const {
    return partition ? fmt::format("table {} partition {} bucket {}", table, *partition, bucket)
                     : fmt::format("table {} bucket {}", table, bucket);
  }

  friend auto operator<=>(const TableBucket&, const TableBucket&) = default;
  template <class H>
  friend H AbslHashValue(H h, const TableBucket& b) {
    return H::combine(std::move(h), b.table, b.partition, b.bucket);
  }
  friend std::ostream& operator<<(std::ostream& out, const TableBucket& b) {
    return out << b.ToString();
  }
};

}  // namespace strom

template <>
struct std::hash<strom::TableBucket> {
  size_t operator()(const strom::TableBucket& b) const {
    size_t h = std::hash<strom::TableId>()(b.table);
    h = h * 1000003 + std::hash<int64_t>()(b.partition ? b.partition->value() : -1);
    return h * 1000003 + std::hash<strom::BucketId>()(b.bucket);
  }
};

template <>
struct fmt::formatter<strom::TableBucket> : strom::ToStringFormatter {};
