#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/arrow/column_view.h"
#include "common/arrow/layout.h"
#include "common/types/value.h"

namespace strom::arrow {

struct ReadLimits {
  // What the compressed buffers of a message may need once decompressed. A message that needs more
  // is refused before anything is allocated.
  size_t max_decompressed_bytes = size_t{256} << 20;
  // Elements of one ARRAY or MAP field, over all rows. An element may be a bit in the message, or a
  // run of equal bits in a compressed one, but is some 48 bytes as a Value.
  int64_t max_list_elements = int64_t{1} << 24;
};

// An Arrow RecordBatch message, read by row or by column. Open() decompresses and checks all of it:
// afterwards every accessor works for every row. To read a few columns, prune first (Projection).
//
// Immutable, so any number of threads may read it; movable. The message's bytes must outlive it:
// buffers that are not compressed are not copied.
class RecordBatchReader {
 public:
  // Errors: those of RecordBatchMessage::Parse(); kCorruptMessage if the message has not exactly
  // the nodes and buffers of `layout`, a buffer is too small for its field or does not decompress,
  // offsets are not ascending or leave their data, a child has the wrong length, null counts and
  // bitmaps differ, or a TIMESTAMP(0) is out of range; kRecordTooLarge beyond `limits`.
  static Result<RecordBatchReader> Open(BytesView message, SchemaLayout layout,
                                        const ReadLimits& limits = {});

  int64_t row_count() const { return row_count_; }
  size_t column_count() const { return layout_.column_count(); }

  // 0 <= row < row_count(). One value a column. See ColumnView::At() for what is not checked.
  Row ReadRow(int64_t row) const;

  // i < column_count(). Valid as long as the reader is.
  const ColumnView& column(size_t i) const;

 private:
  explicit RecordBatchReader(SchemaLayout layout) : layout_(std::move(layout)) {}

  SchemaLayout layout_;
  int64_t row_count_ = 0;
  std::unique_ptr<char[]> decompressed_;
  std::vector<ColumnView> fields_;  // As layout_.fields().
};

}  // namespace strom::arrow
