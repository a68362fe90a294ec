#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_properties.h"

namespace strom {

// What a cluster adds to and asks of its tables: from the coordinator's configuration.
struct TablePolicy {
  int32_t default_bucket_count = 1;        // default.bucket.number
  int32_t default_replication_factor = 1;  // default.replication.factor
  int32_t bucket_count_max = 4096;         // max.bucket.num, of a table or partition
  std::optional<LakeFormat> lake_format;   // datalake.format
  bool lake_enabled = false;               // The cluster has a lake that tables can be tiered to.
  bool kv_standby_replicas = false;        // New primary-key tables ask for standby replicas.
};

// `table` with everything filled in that its creator may leave out, before it is stored: bucket
// keys of primary-key tables (the physical primary key), bucket count, replication factor, format
// version of the key encoding, delete behavior, ...: same as Fluss, see
// fluss-server-semantics.md, 2.3. Values that are given stay as they are, sensible or not.
// Errors: kInvalidConfig for a property that cannot be read.
Result<TableDescriptor> CompleteTableDescriptor(TableDescriptor table, const TablePolicy& policy);

// Checks a complete descriptor as CREATE_TABLE and ALTER_TABLE do: keys, distribution, properties
// and how they fit the columns. Rules and codes as Fluss, see fluss-server-semantics.md, 2.4.
// What needs the cluster's state (replicas against live servers, names taken) is not here.
// Errors: kInvalidTable, kInvalidConfig, kBucketMaxNum.
Status ValidateTableDescriptor(const TableDescriptor& table, const TablePolicy& policy);

}  // namespace strom
