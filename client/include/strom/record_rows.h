#pragma once

#include <cstddef>
#include <vector>

#include "client/include/strom/log_record.h"

namespace strom::client {

// Neighbouring records of one batch of a bucket's log: for who takes many, and wants no row of its
// own for each.
struct RecordRows {
  BucketId bucket;
  LogOffset base_offset;  // Of the first; the others have the next ones.
  WallMillis timestamp_ms = 0;
  std::vector<ChangeType> change_types;  // One a record.
  // One for each column that was asked for and record: all of the first record, then the second.
  std::vector<Value> values;

  size_t size() const { return change_types.size(); }
  LogOffset next_offset() const {
    return LogOffset(base_offset.value() + static_cast<int64_t>(size()));
  }
};

}  // namespace strom::client
