#pragma once

#include <map>
#include <string>
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

  // Of a table at its newest schema. Errors: kInvalidConfig for properties that do not read.
  static Result<BucketSpec> Of(const TableInfo& table, TableBucket bucket);

  // "<db>/<table>-<table id>[/<partition>-p<partition id>]/log-<bucket>": the place of the log
  // below the data directory. Same tree as Fluss's.
  std::string LogDirectory() const;
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
