#pragma once

#include <utility>

#include "client/log_table.h"
#include "client/write_target.h"

namespace strom::client {

// Writes to a log table: ARROW, INDEXED or COMPACTED batches, by ProduceLog.
class LogTarget final : public WriteTarget {
 public:
  explicit LogTarget(LogTable table) : table_(std::move(table)) {}

  // `row` outlives what is returned. Errors: those of LogTable::BucketOf.
  Result<WriteRecord> RecordOf(const Row& row) const;

  const TableInfo& info() const override { return table_.info(); }
  std::unique_ptr<BatchBuilder> NewBuilder() const override;
  Status SetIdentity(Bytes& batch, const BatchIdentity& identity) const override;
  void Send(Cluster& cluster, const ServerNode& server, const Terms& terms,
            const std::vector<BucketBatch>& batches, MonoTime deadline,
            absl::AnyInvocable<void(Result<Answers>)> done) const override;
  LogOffset OffsetOfRow(LogOffset base_offset, int32_t index) const override {
    return LogOffset(base_offset.value() + index);
  }

 private:
  const LogTable table_;
};

}  // namespace strom::client
