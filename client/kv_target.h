#pragma once

#include <optional>
#include <utility>

#include "client/keyed_table.h"
#include "client/target_columns.h"
#include "client/write_target.h"

namespace strom::client {

// An upsert, or without a row a delete, as servers want it.
struct KvChange {
  EncodedKey key;
  std::optional<Bytes> row;

  // Views into this.
  WriteRecord record() const;
};

// Writes to a primary-key table: KV batches, by PutKv.
class KvTarget final : public WriteTarget {
 public:
  KvTarget(KeyedTable table, TargetColumns columns)
      : table_(std::move(table)), columns_(std::move(columns)) {}

  const TargetColumns& columns() const { return columns_; }

  // As UpsertWriter's methods. Errors: kCorruptRecord, kDeletionDisabled.
  Result<KvChange> Upsert(const Row& row) const;
  Result<KvChange> Delete(const Row& row) const;
  Result<KvChange> DeleteKey(const Row& key) const;

  const TableInfo& info() const override { return table_.info(); }
  std::unique_ptr<BatchBuilder> NewBuilder() const override;
  Status SetIdentity(Bytes& batch, const BatchIdentity& identity) const override;
  void Send(Cluster& cluster, const ServerNode& server, const Terms& terms,
            const std::vector<BucketBatch>& batches, MonoTime deadline,
            absl::AnyInvocable<void(Result<Answers>)> done) const override;
  LogOffset OffsetOfRow(LogOffset log_end_offset, int32_t) const override { return log_end_offset; }

 private:
  Status CheckDeletes() const;

  const KeyedTable table_;
  const TargetColumns columns_;
};

}  // namespace strom::client
