#pragma once

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_validation.h"

namespace strom::coordinator {

// A table somebody wants, checked as far as that goes without the cluster's state.
struct NewTable {
  TablePath path;
  TableDescriptor descriptor;  // Complete.
  int32_t replication_factor = 1;
};

// Reads the descriptor of CREATE_TABLE, fills in what the creator left out and checks all of it.
// Refuses what this version cannot serve yet: partitioned tables, and of primary-key tables those
// that aggregate or number their rows. `path` has been checked.
// Errors: kInvalidTable, kInvalidConfig, kBucketMaxNum.
Result<NewTable> ReadNewTable(TablePath path, BytesView json, const TablePolicy& policy);

}  // namespace strom::coordinator
