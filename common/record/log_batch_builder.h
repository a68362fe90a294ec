#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/arrow/batch_builder.h"
#include "common/record/batch_statistics.h"
#include "common/record/change_type.h"
#include "common/record/log_batch.h"
#include "common/record/record_schema.h"

namespace strom::record {

// Collects rows and makes a log batch of them, byte for byte as Java Fluss does (compressed bytes
// may differ). Clients write log tables with it, tablet servers the changelogs of primary-key
// tables.
//
// The rows stay until Reset(), so Build() may be called again with another writer. The batch has
// base offset and commit timestamp 0, which the leader sets. Belongs to one owner at a time.
class LogBatchBuilder {
 public:
  struct Options {
    SchemaId schema_id;
    bool append_only = true;         // false: a changelog.
    int8_t magic = 0;                // All readers know 0; statistics need 1 or 2.
    arrow::Compression compression;  // Of kArrow only; as the table's properties say.
    // Columns to collect statistics of, see SupportsStatistics. kArrow only.
    std::vector<int16_t> statistics_columns;
  };

  LogBatchBuilder(RecordSchema schema, Options options);

  // Appends a row, one value a column. `type` is kAppendOnly if and only if the batch is
  // append-only. On error nothing was appended. Errors: kCorruptRecord if a value does not fit its
  // column; kRecordTooLarge if the batch would pass 2 GiB.
  Status Append(ChangeType type, const Row& row);
  // The same, as arrow::RecordBatchBuilder takes cells. kArrow only, without statistics.
  Status AppendCells(ChangeType type, std::span<const Cell> row);

  int32_t record_count() const { return record_count_; }

  // Size of the batch that Build() would make: exact for the row formats, for ARROW what it would
  // be without compression and statistics. The caller watches the limit of a batch.
  size_t size() const;

  // The batch of what was appended; without records, a header that advances the writer's sequence.
  // Errors: kRecordTooLarge.
  Result<Bytes> Build(WriterId writer_id = kNoWriter,
                      BatchSequence batch_sequence = kNoSequence) const;

  // Forgets the rows, keeps the memory.
  void Reset();

 private:
  bool has_change_types() const { return schema_.is_arrow() && !options_.append_only; }
  Status AppendRecord(ChangeType type, const Row& row);
  Status CheckNext(ChangeType type) const;

  const RecordSchema schema_;
  const Options options_;
  int32_t record_count_ = 0;
  // kArrow: the change-type vector of a changelog. Row formats: the records as they are stored.
  Bytes section_;
  std::optional<arrow::RecordBatchBuilder> arrow_;  // kArrow only.
  std::optional<StatisticsCollector> statistics_;
};

}  // namespace strom::record
