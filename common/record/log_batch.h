#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/record/log_batch_header.h"

namespace strom::record {

// One log batch in somebody else's bytes: the unit of produce requests, fetch answers, segment
// files and changelogs. A small value; the bytes must outlive it.
//
//   header (48 / 52 / 56 bytes) | statistics (magic >= 1) | record section
//
// What the record section holds depends on the table's log format; log_record_reader.h decodes it.
//
// Always true: bytes() is exactly one batch and its header passed ParseLogBatchHeader. The CRC was
// not looked at: the answer to a projected fetch carries one that does not match.
class LogBatchView {
 public:
  // The batch at the start of `bytes`; more may follow it.
  // Errors: kCorruptRecord for a bad header or a batch that ends behind `bytes`.
  static Result<LogBatchView> ParseFront(BytesView bytes);

  const LogBatchHeader& header() const { return header_; }
  BytesView bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }

  LogOffset base_offset() const { return header_.base_offset; }
  LogOffset last_offset() const { return header_.last_offset(); }
  LogOffset next_offset() const { return header_.next_offset(); }
  int32_t record_count() const { return header_.record_count; }
  bool append_only() const { return header_.append_only(); }

  // Empty if the batch carries none.
  BytesView statistics() const {
    return bytes_.substr(header_.header_size(), static_cast<size_t>(header_.statistics_size));
  }
  BytesView record_section() const { return bytes_.substr(header_.record_section_position()); }

  // Errors: kCorruptRecord naming both checksums.
  Status CheckCrc() const;

 private:
  LogBatchView(LogBatchHeader header, BytesView bytes) : header_(header), bytes_(bytes) {}

  LogBatchHeader header_;
  BytesView bytes_;
};

// The two parts of an ARROW record section. Both empty in a batch without records.
struct ArrowSection {
  BytesView change_types;  // One byte a record, each a valid ChangeType; empty if append-only.
  BytesView message;       // The Arrow IPC message, at any alignment.
};

// Errors: kCorruptRecord for a section too short for the vector or a byte that is no change type.
Result<ArrowSection> SplitArrowSection(const LogBatchView& batch);

// Walks the batches of a fetch answer or a piece of a segment file, which may end inside a batch:
// what follows the last complete batch is left alone.
class LogBatchIterator {
 public:
  explicit LogBatchIterator(BytesView payload) : payload_(payload) {}

  // The next complete batch; nullopt at the end or at a partial batch.
  // Errors: kCorruptRecord for a complete batch with a bad header; the iterator stays before it.
  Result<std::optional<LogBatchView>> Next();

  // Bytes handed out so far: where the next batch, or the partial one, begins.
  size_t position() const { return position_; }

 private:
  BytesView payload_;
  size_t position_ = 0;
};

// All complete batches of a payload that may end inside a batch.
Result<std::vector<LogBatchView>> SplitBatches(BytesView payload);

// The batches of a produce request: one or more, complete to the last byte, each with the right
// CRC. (The official server ignores trailing bytes; its clients send none.) Errors: kCorruptRecord.
Result<std::vector<LogBatchView>> SplitProducedBatches(BytesView payload);

// The leader's changes to a batch at the start of `batch`. They lie before the CRC's range, which
// stays valid. Views parsed earlier keep the old header.
void SetBaseOffset(std::span<char> batch, LogOffset base_offset);
void SetCommitTimestamp(std::span<char> batch, int64_t commit_timestamp_ms);

// Gives consecutive offsets from `first` and one timestamp to the batches of `payload`, which
// passed SplitProducedBatches. Returns the offset after the last record.
LogOffset AssignOffsets(std::span<char> payload, LogOffset first, int64_t commit_timestamp_ms);

// Writes `header` over the first header_size() bytes of `batch`, with the CRC of what follows and
// the size of the batch in place of the header's own.
void SealLogBatch(LogBatchHeader header, Bytes& batch);

// Gives a finished batch another writer id and sequence, and the CRC that follows from them: for a
// client that sends a batch anew under another identity.
// Errors: kCorruptRecord if `batch` is not exactly one batch.
Status SetWriter(Bytes& batch, WriterId writer_id, BatchSequence batch_sequence);

}  // namespace strom::record
