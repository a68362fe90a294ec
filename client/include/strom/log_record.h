#pragma once

#include <cstdint>
#include <string_view>

#include "common/runtime/time.h"
#include "common/types/ids.h"
#include "common/types/value.h"

namespace strom::client {

// What a record does to its row. Same numbers as on the wire.
enum class ChangeType : int8_t {
  kAppendOnly = 0,    // +A, a row of a log table
  kInsert = 1,        // +I, a new key
  kUpdateBefore = 2,  // -U, the old image
  kUpdateAfter = 3,   // +U, the new image
  kDelete = 4,        // -D, the deleted row
};

// "+A", "+I", "-U", "+U", "-D".
std::string_view ToSymbol(ChangeType type);

// One record of a table's log.
struct LogRecord {
  BucketId bucket;
  LogOffset offset;
  WallMillis timestamp_ms = 0;  // When the leader took its batch.
  ChangeType change_type = ChangeType::kAppendOnly;
  Row row;  // One value for each column that was asked for, in that order.
};

}  // namespace strom::client
