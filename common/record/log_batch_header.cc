#include "common/record/log_batch_header.h"

#include <limits>

#include "common/base/endian.h"

namespace strom::record {

namespace {

using L = LogBatchLayout;

constexpr LogBatchLayout kLayouts[] = {
    {.leader_epoch = L::kAbsent,
     .crc = 21,
     .schema_id = 25,
     .attributes = 27,
     .last_offset_delta = 28,
     .writer_id = 32,
     .batch_sequence = 40,
     .record_count = 44,
     .statistics_size = L::kAbsent,
     .header_size = 48},
    {.leader_epoch = L::kAbsent,
     .crc = 21,
     .schema_id = 25,
     .attributes = 27,
     .last_offset_delta = 28,
     .writer_id = 32,
     .batch_sequence = 40,
     .record_count = 44,
     .statistics_size = 48,
     .header_size = 52},
    {.leader_epoch = 21,
     .crc = 25,
     .schema_id = 29,
     .attributes = 31,
     .last_offset_delta = 32,
     .writer_id = 36,
     .batch_sequence = 44,
     .record_count = 48,
     .statistics_size = 52,
     .header_size = 56},
};

// Leaves room for the largest delta and the next offset, so that offset sums cannot overflow.
constexpr int64_t kBaseOffsetMax =
    std::numeric_limits<int64_t>::max() - std::numeric_limits<int32_t>::max() - int64_t{1};

Status CheckCounts(const LogBatchHeader& header, int32_t last_offset_delta) {
  const int64_t offset = header.base_offset.value();
  if (offset < 0 || offset > kBaseOffsetMax) {
    return Error(ErrorCode::kCorruptRecord, "log batch: base offset {} is not in 0..{}", offset,
                 kBaseOffsetMax);
  }
  if (header.record_count < 0) {
    return Error(ErrorCode::kCorruptRecord, "log batch at offset {}: record count {} is negative",
                 offset, header.record_count);
  }
  if (last_offset_delta != header.last_offset_delta()) {
    return Error(ErrorCode::kCorruptRecord,
                 "log batch at offset {}: last offset delta {} does not fit {} records", offset,
                 last_offset_delta, header.record_count);
  }
  const int64_t room = header.size - static_cast<int64_t>(header.header_size());
  if (header.statistics_size < 0 || header.statistics_size > room) {
    return Error(ErrorCode::kCorruptRecord,
                 "log batch at offset {}: statistics length {} is not in 0..{}", offset,
                 header.statistics_size, room);
  }
  return Status::Ok();
}

}  // namespace

const LogBatchLayout& LayoutOf(int8_t magic) {
  STROM_CHECK(magic >= 0 && magic <= kLogBatchMagicMax) << "magic " << +magic;
  return kLayouts[magic];
}

Result<int64_t> PeekLogBatchSize(BytesView front) {
  STROM_CHECK(front.size() >= kLogBatchLengthEnd) << front.size();
  const auto length = LoadLittle<int32_t>(front.data() + L::kLength);
  constexpr auto kLengthMin = static_cast<int32_t>(kLogBatchHeaderSizeMin - kLogBatchLengthEnd);
  if (length < kLengthMin) {
    return Error(ErrorCode::kCorruptRecord, "log batch: length {} is less than {}", length,
                 kLengthMin);
  }
  return int64_t{length} + static_cast<int64_t>(kLogBatchLengthEnd);
}

Result<LogBatchHeader> ParseLogBatchHeader(BytesView front) {
  if (front.size() < kLogBatchHeaderSizeMin) {
    return Error(ErrorCode::kCorruptRecord, "log batch: needs {} bytes for a header, has {}",
                 kLogBatchHeaderSizeMin, front.size());
  }
  LogBatchHeader header;
  STROM_ASSIGN_OR_RETURN(header.size, PeekLogBatchSize(front));
  const char* const at = front.data();
  header.magic = LoadLittle<int8_t>(at + L::kMagic);
  if (header.magic < 0 || header.magic > kLogBatchMagicMax) {
    return Error(ErrorCode::kCorruptRecord, "log batch: magic {} is not in 0..{}", header.magic,
                 kLogBatchMagicMax);
  }
  const LogBatchLayout& layout = LayoutOf(header.magic);
  if (front.size() < layout.header_size || header.size < static_cast<int64_t>(layout.header_size)) {
    return Error(ErrorCode::kCorruptRecord,
                 "log batch: magic {} needs {} bytes for its header, has {} of a batch of {}",
                 header.magic, layout.header_size, front.size(), header.size);
  }
  header.base_offset = LogOffset(LoadLittle<int64_t>(at + L::kBaseOffset));
  header.commit_timestamp_ms = LoadLittle<int64_t>(at + L::kCommitTimestamp);
  if (layout.leader_epoch != L::kAbsent) {
    header.leader_epoch = LeaderEpoch(LoadLittle<int32_t>(at + layout.leader_epoch));
  }
  header.crc = LoadLittle<uint32_t>(at + layout.crc);
  header.schema_id = SchemaId(LoadLittle<int16_t>(at + layout.schema_id));
  header.attributes = LoadLittle<int8_t>(at + layout.attributes);
  header.writer_id = WriterId(LoadLittle<int64_t>(at + layout.writer_id));
  header.batch_sequence = BatchSequence(LoadLittle<int32_t>(at + layout.batch_sequence));
  header.record_count = LoadLittle<int32_t>(at + layout.record_count);
  if (layout.statistics_size != L::kAbsent) {
    header.statistics_size = LoadLittle<int32_t>(at + layout.statistics_size);
  }
  STROM_RETURN_IF_ERROR(CheckCounts(header, LoadLittle<int32_t>(at + layout.last_offset_delta)));
  return header;
}

void StoreLogBatchHeader(const LogBatchHeader& header, char* to) {
  const LogBatchLayout& layout = LayoutOf(header.magic);
  const int64_t length = header.size - static_cast<int64_t>(kLogBatchLengthEnd);
  STROM_CHECK(length >= 0 && length <= std::numeric_limits<int32_t>::max()) << header.size;
  StoreLittle(to + L::kBaseOffset, header.base_offset.value());
  StoreLittle(to + L::kLength, static_cast<int32_t>(length));
  StoreLittle(to + L::kMagic, header.magic);
  StoreLittle(to + L::kCommitTimestamp, header.commit_timestamp_ms);
  if (layout.leader_epoch != L::kAbsent) {
    StoreLittle(to + layout.leader_epoch, header.leader_epoch.value());
  }
  StoreLittle(to + layout.crc, header.crc);
  StoreLittle(to + layout.schema_id, header.schema_id.value());
  StoreLittle(to + layout.attributes, header.attributes);
  StoreLittle(to + layout.last_offset_delta, header.last_offset_delta());
  StoreLittle(to + layout.writer_id, header.writer_id.value());
  StoreLittle(to + layout.batch_sequence, header.batch_sequence.value());
  StoreLittle(to + layout.record_count, header.record_count);
  if (layout.statistics_size == L::kAbsent) {
    STROM_CHECK(header.statistics_size == 0) << "magic 0 has no statistics";
  } else {
    StoreLittle(to + layout.statistics_size, header.statistics_size);
  }
}

}  // namespace strom::record
