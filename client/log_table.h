#pragma once

#include <optional>

#include "common/record/log_batch_builder.h"
#include "common/record/record_schema.h"
#include "common/row/key_encoder.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_properties.h"

namespace strom::client {

// What it takes to write rows of a log table. Immutable, so threads may share it.
class LogTable {
 public:
  // Errors: kInvalidTable if the table is partitioned or has a primary key; kInvalidConfig for
  // properties that do not read.
  static Result<LogTable> Make(TableInfo info);

  const TableInfo& info() const { return info_; }
  const TablePath& path() const { return info_.path; }
  int32_t bucket_count() const { return *info_.descriptor.bucket_count(); }

  // The bucket that the row's bucket key names; none if the table has no bucket key.
  // Errors: kCorruptRecord if the row is too short or has no value that can be a key.
  Result<std::optional<BucketId>> BucketOf(const Row& row) const;

  // An empty builder for batches of this table.
  record::LogBatchBuilder NewBuilder() const;

 private:
  LogTable(TableInfo info, TableProperties properties, record::RecordSchema schema,
           std::optional<KeyEncoder> bucket_key)
      : info_(std::move(info)),
        properties_(std::move(properties)),
        schema_(std::move(schema)),
        bucket_key_(std::move(bucket_key)) {}

  TableInfo info_;
  TableProperties properties_;
  record::RecordSchema schema_;
  std::optional<KeyEncoder> bucket_key_;
};

// Bytes that `row` will take in a batch, about: lengths of texts, eight bytes for anything else.
size_t EstimatedSize(const Row& row);

}  // namespace strom::client
