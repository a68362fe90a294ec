#pragma once

#include <optional>

#include "common/io/file_system.h"
#include "common/record/log_batch.h"

namespace strom::tablet {

// Walks the batches of a segment file by their headers, reading bodies only when asked.
class BatchCursor {
 public:
  // Reads [position, end) of `file`, which must outlive the cursor.
  BatchCursor(const io::File& file, uint64_t position, uint64_t end)
      : file_(file), position_(position), end_(end) {}

  struct Batch {
    uint64_t position;
    record::LogBatchHeader header;
  };

  // The batch at the cursor, which then moves behind it; nullopt at the end and at a batch that is
  // cut short. Errors: kStorage; kCorruptRecord for a header that cannot be. The cursor stays.
  Result<std::optional<Batch>> Next();

  // Reads and checks the whole batch. Errors: kStorage; kCorruptRecord if its CRC does not match.
  Status CheckCrc(const Batch& batch);

  uint64_t position() const { return position_; }

 private:
  const io::File& file_;
  uint64_t position_;
  const uint64_t end_;
  Bytes buffer_;
};

}  // namespace strom::tablet
