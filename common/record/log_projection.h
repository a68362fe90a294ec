#pragma once

#include <span>

#include "common/arrow/projection.h"
#include "common/record/log_batch.h"
#include "common/record/record_schema.h"

namespace strom::record {

// Prunes ARROW log batches of one schema to some of its columns, without decoding a value: a tablet
// server answering a fetch, a client reading remote segments.
//
// The projected batch is the stored one with another message: length patched, statistics gone,
// every other header field as it was, change types kept. The CRC is left as it was, too, and does
// not match the new bytes; readers know. Same as Fluss: FileLogProjection.java.
//
// Immutable; made once per schema and list of columns.
class LogProjection {
 public:
  // `columns`: positions of top-level columns, strictly ascending.
  // Errors: kInvalidColumnProjection if they are not, there are none, or the format is not kArrow.
  static Result<LogProjection> Create(const RecordSchema& schema, std::span<const int32_t> columns);

  // What the projected batches are read with: the selected columns.
  const RecordSchema& schema() const { return projected_; }

  // Appends the projected batch to `out`. A batch without records passes unchanged. The message
  // declares the compression it was stored with (Fluss puts the table's in its place, which is the
  // same unless the table was altered or the writer ignored it, and then makes it unreadable).
  // On error `out` is as before. Errors: kCorruptRecord.
  Status AppendProjected(const LogBatchView& batch, Bytes& out) const;

 private:
  LogProjection(arrow::Projection projection, RecordSchema projected)
      : projection_(std::move(projection)), projected_(std::move(projected)) {}

  arrow::Projection projection_;
  RecordSchema projected_;
};

}  // namespace strom::record
