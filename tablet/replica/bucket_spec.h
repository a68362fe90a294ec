#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/record/record_schema.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"
#include "common/types/table_properties.h"

namespace strom::tablet {

// What a bucket's replica needs to know of its table. Immutable; replaced when the table changes.
struct BucketSpec {
  PhysicalTablePath path;
  TableBucket bucket;
  TableProperties properties;
  std::map<SchemaId, record::RecordSchema> schemas;  // Every schema its batches may name.

  // Of a bucket of `table`; `older` are the schemas the table had before its newest. The path has
  // a partition exactly if the bucket has. Errors: kInvalidConfig for properties that do not read.
  static Result<BucketSpec> Of(const TableInfo& table, PhysicalTablePath path, TableBucket bucket,
                               const std::vector<std::pair<SchemaId, Schema>>& older = {});

  const record::RecordSchema& newest_schema() const { return schemas.rbegin()->second; }
};

// Who leads a bucket, as the coordinator says.
struct Leadership {
  ServerId leader;
  LeaderEpoch leader_epoch;
  BucketEpoch bucket_epoch;
  CoordinatorEpoch coordinator_epoch;
  std::vector<ServerId> replicas;
  std::vector<ServerId> isr;
};

}  // namespace strom::tablet
