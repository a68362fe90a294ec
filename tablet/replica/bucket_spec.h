#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/record/record_schema.h"
#include "common/runtime/time.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"
#include "common/types/table_properties.h"
#include "tablet/kv/kv_table.h"

namespace strom::tablet {

// What a bucket's replica needs to know of its table. Immutable; replaced when the table changes.
struct BucketSpec {
  PhysicalTablePath path;
  TableBucket bucket;
  TableProperties properties;
  std::map<SchemaId, record::RecordSchema> schemas;  // Every schema its batches may name.
  std::shared_ptr<const KvTable> kv_table;           // If it has a primary key.
  // Clients before version 1 of PutKv and the lookups encode its keys in another way.
  bool old_clients_keys_differ = false;

  // Of a bucket of `table`; `older` are the schemas the table had before its newest. The path has
  // a partition exactly if the bucket has. Errors: kInvalidConfig for properties that do not read;
  // those of KvTable::Make.
  static Result<BucketSpec> Of(const TableInfo& table, PhysicalTablePath path, TableBucket bucket,
                               const std::vector<std::pair<SchemaId, Schema>>& older = {});

  const record::RecordSchema& newest_schema() const { return schemas.rbegin()->second; }
  bool has_primary_key() const { return kv_table != nullptr; }
};

// Who leads a bucket, as the coordinator says.
struct Leadership {
  ServerId leader;
  LeaderEpoch leader_epoch;
  BucketEpoch bucket_epoch;
  CoordinatorEpoch coordinator_epoch;
  std::vector<ServerId> replicas;
  std::vector<ServerId> isr;
  // How long, from now on, a leader before may still show rows by a lease.
  MonoDuration withhold = {};
  // The leaders under this epoch and later ones, but for this leader, are known to lead no more;
  // none: nothing is known of any.
  std::optional<LeaderEpoch> ended_since = {};
};

}  // namespace strom::tablet
