#pragma once

#include <optional>
#include <utility>
#include <vector>

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

  const KeyedTable& table() const { return table_; }
  // The server would refuse a whole batch, with rows of others. Errors: kDeletionDisabled.
  Status CheckDeletes() const;

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
  const KeyedTable table_;
  const TargetColumns columns_;
};

// Several changes, encoded into one piece of memory. One thread at a time.
class KvChanges {
 public:
  // `target` outlives it.
  explicit KvChanges(const KvTarget& target) : target_(target) {}

  void Reserve(size_t count) { places_.reserve(count); }

  // As those of KvTarget; what was added before stays. Returns the bucket of the row's key.
  Result<BucketId> Upsert(const Row& row) { return Add(true, row); }
  Result<BucketId> Delete(const Row& row) { return Add(false, row); }

  // In the order in which they were added. Views into this, until something is added.
  std::vector<WriteRecord> records() const;

 private:
  struct Place {
    BucketId bucket;
    size_t key;  // Where the key begins.
    size_t row;  // And the row; of a delete there is none.
    bool upsert;
  };

  Result<BucketId> Add(bool upsert, const Row& row);

  const KvTarget& target_;
  Bytes bytes_;
  std::vector<Place> places_;
  Row scratch_;
};

}  // namespace strom::client
