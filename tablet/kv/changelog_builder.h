#pragma once

#include <span>

#include "common/record/log_batch_builder.h"
#include "tablet/kv/kv_table.h"

namespace strom::tablet {

// Makes the log batch of what one KV batch changes, in the table's log format and newest schema:
//
//              image FULL   image WAL
//   new key    +I           +I
//   changed    -U, +U       +U
//   deleted    -D           -D
//
// A batch without changes is a header that takes one offset, so that the writer's sequence goes on.
// Same rules as Fluss: KvTablet.java. Owned by the bucket's KvTablet, on its strand; used again for
// every batch.
class ChangelogBuilder {
 public:
  using Cells = std::span<const Cell>;

  explicit ChangelogBuilder(const KvTable& table);

  // Starts a batch whose first record will have offset `base`.
  void Begin(LogOffset base);

  // Rows are in the columns of the newest schema. On error the batch is of no use.
  // Errors: kCorruptRecord naming the column; kRecordTooLarge.
  Status Insert(const Row& row) { return Append(record::ChangeType::kInsert, row); }
  Status Update(const Row& old, const Row& row);
  // The row of a key whose old one, if any, nobody looked at. Image WAL only.
  Status Overwrite(const Row& row);
  Status Delete(const Row& old) { return Append(record::ChangeType::kDelete, old); }

  // The same of rows as cells (KvTable::cells).
  Status Insert(Cells row) { return Append(record::ChangeType::kInsert, row); }
  Status Update(Cells old, Cells row);
  Status Overwrite(Cells row);
  Status Delete(Cells old) { return Append(record::ChangeType::kDelete, old); }

  int32_t record_count() const { return batch_.record_count(); }
  // Of the last record, which there is.
  LogOffset last_offset() const;
  // Before compression.
  size_t size_bytes() const { return batch_.size(); }

  // Errors: kRecordTooLarge.
  Result<Bytes> Build(WriterId writer_id, BatchSequence sequence) const {
    return batch_.Build(writer_id, sequence);
  }

 private:
  Status Append(record::ChangeType type, const Row& row) { return batch_.Append(type, row); }
  Status Append(record::ChangeType type, Cells row) { return batch_.AppendCells(type, row); }

  const ChangelogImage image_;
  LogOffset base_;
  record::LogBatchBuilder batch_;
};

}  // namespace strom::tablet
