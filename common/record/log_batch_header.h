#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/ids.h"

namespace strom::record {

// The fixed header of a log batch, in its three layouts. Everything is little-endian.
//
//   field                    magic 0   magic 1   magic 2
//   base offset        i64         0         0         0   the leader overwrites it
//   length             i32         8         8         8   bytes after this field
//   magic              i8         12        12        12
//   commit timestamp   i64        13        13        13   the leader overwrites it
//   leader epoch       i32         -         -        21   -1 = none
//   CRC                u32        21        21        25   CRC-32C from the schema id to the end
//   schema id          i16        25        25        29
//   attributes         i8         27        27        31   bit 0 = append-only
//   last offset delta  i32        28        28        32   record count - 1, 0 for no records
//   writer id          i64        32        32        36   -1 = not idempotent
//   batch sequence     i32        40        40        44   -1 = none
//   record count       i32        44        44        48
//   statistics length  i32         -        48        52
//   header size                   48        52        56
//
// Then the statistics (if their length is > 0) and the record section. Same layout as Fluss 1.0:
// LogRecordBatchFormat.java. Fluss 0.9 gave magic 1 another meaning but never wrote it.

inline constexpr int8_t kLogBatchMagicMax = 2;
inline constexpr size_t kLogBatchLengthEnd = 12;  // Base offset and length: not counted in length.
inline constexpr size_t kLogBatchHeaderSizeMin = 48;
inline constexpr size_t kLogBatchHeaderSizeMax = 56;

// Where the fields are that differ between the magics; the others are constants.
struct LogBatchLayout {
  static constexpr size_t kBaseOffset = 0;
  static constexpr size_t kLength = 8;
  static constexpr size_t kMagic = 12;
  static constexpr size_t kCommitTimestamp = 13;
  static constexpr size_t kAbsent = SIZE_MAX;

  size_t leader_epoch;
  size_t crc;
  size_t schema_id;  // The CRC covers the bytes from here to the end of the batch.
  size_t attributes;
  size_t last_offset_delta;
  size_t writer_id;
  size_t batch_sequence;
  size_t record_count;
  size_t statistics_size;
  size_t header_size;
};

// The layout of `magic`, which is 0..kLogBatchMagicMax.
const LogBatchLayout& LayoutOf(int8_t magic);

// The header's content. `size` counts the whole batch: the length field plus 12.
struct LogBatchHeader {
  static constexpr int8_t kAppendOnlyBit = 1;

  LogOffset base_offset;
  int64_t size = 0;
  int8_t magic = 0;
  int64_t commit_timestamp_ms = 0;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;  // Stored by magic 2 only.
  uint32_t crc = 0;
  SchemaId schema_id;
  int8_t attributes = 0;
  WriterId writer_id = kNoWriter;
  BatchSequence batch_sequence = kNoSequence;
  int32_t record_count = 0;
  int32_t statistics_size = 0;  // Stored by magic 1 and 2.

  bool append_only() const { return (attributes & kAppendOnlyBit) != 0; }
  // A batch without records still occupies one offset.
  int32_t last_offset_delta() const { return std::max(record_count, 1) - 1; }
  LogOffset last_offset() const { return LogOffset(base_offset.value() + last_offset_delta()); }
  LogOffset next_offset() const { return last_offset().Next(); }
  size_t header_size() const { return LayoutOf(magic).header_size; }
  size_t record_section_position() const {
    return header_size() + static_cast<size_t>(statistics_size);
  }

  friend bool operator==(const LogBatchHeader&, const LogBatchHeader&) = default;
};

// Size of the whole batch whose first bytes are `front` (at least kLogBatchLengthEnd): what a file
// scan needs to find the next batch.
// Errors: kCorruptRecord for a length below that of a header with magic 0.
Result<int64_t> PeekLogBatchSize(BytesView front);

// Parses the header at the start of `front`, which need not hold the rest of the batch.
// On success: the magic is known; counts and statistics length are not negative; the header and the
// statistics lie inside `size`; the stored last offset delta fits the record count; offsets up to
// next_offset() are valid. The schema id is not checked: whoever looks up the schema will.
// Errors: kCorruptRecord.
Result<LogBatchHeader> ParseLogBatchHeader(BytesView front);

// Writes `header` to `to`, which has room for header.header_size() bytes. Nothing is computed, the
// CRC included: see SealLogBatch in log_batch.h.
void StoreLogBatchHeader(const LogBatchHeader& header, char* to);

}  // namespace strom::record
