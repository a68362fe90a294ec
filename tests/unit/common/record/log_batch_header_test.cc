#include "common/record/log_batch_header.h"

#include <algorithm>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/base/endian.h"
#include "tests/unit/common/record/record_vectors.h"

namespace strom::record {

namespace {

LogBatchHeader Sample(int8_t magic) {
  LogBatchHeader header;
  header.base_offset = LogOffset(70);
  header.size = 1000;
  header.magic = magic;
  header.commit_timestamp_ms = 1'700'000'000'123;
  if (magic == 2) header.leader_epoch = LeaderEpoch(9);
  header.crc = 0xdeadbeef;
  header.schema_id = SchemaId(3);
  header.attributes = LogBatchHeader::kAppendOnlyBit;
  header.writer_id = WriterId(1001);
  header.batch_sequence = BatchSequence(12);
  header.record_count = 5;
  if (magic > 0) header.statistics_size = 40;
  return header;
}

Bytes Stored(const LogBatchHeader& header) {
  Bytes bytes(header.header_size(), '\xee');
  StoreLogBatchHeader(header, bytes.data());
  return bytes;
}

// Parses `header` after `value` was written at `position`; returns the error's text.
template <class T>
std::string ErrorWith(const LogBatchHeader& header, size_t position, T value) {
  Bytes bytes = Stored(header);
  StoreLittle(bytes.data() + position, value);
  const Result<LogBatchHeader> parsed = ParseLogBatchHeader(bytes);
  if (parsed.ok()) return "no error";
  CHECK(parsed.status().code() == ErrorCode::kCorruptRecord);
  return std::string(parsed.status().message());
}

}  // namespace

TEST_CASE("a header survives being stored and parsed, in every magic", "[record]") {
  const auto magic = static_cast<int8_t>(GENERATE(0, 1, 2));
  const LogBatchHeader header = Sample(magic);
  const Bytes bytes = Stored(header);
  CHECK(ParseLogBatchHeader(bytes).value() == header);
  CHECK(ParseLogBatchHeader(bytes + "what follows").value() == header);
  CHECK(header.last_offset() == LogOffset(74));
  CHECK(header.next_offset() == LogOffset(75));
  CHECK(header.record_section_position() == header.header_size() + (magic > 0 ? 40 : 0));
}

TEST_CASE("the layouts have no gaps: each field begins where the one before it ends", "[record]") {
  const LogBatchLayout zero = LayoutOf(0);
  CHECK(LogBatchLayout::kCommitTimestamp + 8 == zero.crc);
  CHECK(zero.record_count + 4 == zero.header_size);
  const LogBatchLayout one = LayoutOf(1);
  CHECK(one.record_count + 4 == one.statistics_size);
  CHECK(one.statistics_size + 4 == one.header_size);
  const LogBatchLayout two = LayoutOf(2);
  CHECK(LogBatchLayout::kCommitTimestamp + 8 == two.leader_epoch);
  CHECK(two.leader_epoch + 4 == two.crc);
  CHECK(two.statistics_size + 4 == two.header_size);
  for (const LogBatchLayout& layout : {zero, one, two}) {
    CHECK(layout.crc + 4 == layout.schema_id);
    CHECK(layout.schema_id + 2 == layout.attributes);
    CHECK(layout.attributes + 1 == layout.last_offset_delta);
    CHECK(layout.last_offset_delta + 4 == layout.writer_id);
    CHECK(layout.writer_id + 8 == layout.batch_sequence);
    CHECK(layout.batch_sequence + 4 == layout.record_count);
  }
}

TEST_CASE("the headers of recorded batches say what their writers were given", "[record]") {
  const LogBatchHeader plain = ParseLogBatchHeader(Vector("L1")).value();
  CHECK(plain.size == 312);
  CHECK(plain.magic == 0);
  CHECK(plain.crc == 0x10f11830);
  CHECK(plain.schema_id == SchemaId(1));
  CHECK(plain.append_only());
  CHECK(plain.writer_id == kNoWriter);
  CHECK(plain.batch_sequence == kNoSequence);
  CHECK(plain.record_count == 3);

  const LogBatchHeader changelog = ParseLogBatchHeader(Vector("L3")).value();
  CHECK_FALSE(changelog.append_only());
  CHECK(changelog.writer_id == WriterId(1001));
  CHECK(changelog.batch_sequence == BatchSequence(3));

  const LogBatchHeader with_statistics = ParseLogBatchHeader(Vector("L5")).value();
  CHECK(with_statistics.magic == 1);
  CHECK(with_statistics.statistics_size == 71);
  CHECK(with_statistics.record_section_position() == 123);

  const LogBatchHeader with_epoch = ParseLogBatchHeader(Vector("L6")).value();
  CHECK(with_epoch.magic == 2);
  CHECK(with_epoch.leader_epoch == kNoLeaderEpoch);
  CHECK(with_epoch.statistics_size == 0);
}

TEST_CASE("a batch without records occupies one offset", "[record]") {
  LogBatchHeader header = ParseLogBatchHeader(Vector("L4")).value();
  CHECK(header.record_count == 0);
  header.base_offset = LogOffset(10);
  CHECK(header.last_offset() == LogOffset(10));
  CHECK(header.next_offset() == LogOffset(11));
}

TEST_CASE("header fields that cannot be are refused with their numbers", "[record]") {
  const auto magic = static_cast<int8_t>(GENERATE(0, 1, 2));
  const LogBatchHeader header = Sample(magic);
  const LogBatchLayout& layout = LayoutOf(magic);
  CHECK(ErrorWith<int8_t>(header, 12, 3) == "log batch: magic 3 is not in 0..2");
  CHECK(ErrorWith<int8_t>(header, 12, -1) == "log batch: magic -1 is not in 0..2");
  CHECK(ErrorWith<int32_t>(header, 8, 35) == "log batch: length 35 is less than 36");
  CHECK(ErrorWith<int32_t>(header, 8, -1) == "log batch: length -1 is less than 36");
  CHECK(ErrorWith<int64_t>(header, 0, -1) ==
        "log batch: base offset -1 is not in 0..9223372034707292159");
  CHECK(ErrorWith<int64_t>(header, 0, INT64_MAX) ==
        "log batch: base offset 9223372036854775807 is not in 0..9223372034707292159");
  CHECK(ErrorWith<int32_t>(header, layout.record_count, -1) ==
        "log batch at offset 70: record count -1 is negative");
  CHECK(ErrorWith<int32_t>(header, layout.last_offset_delta, 5) ==
        "log batch at offset 70: last offset delta 5 does not fit 5 records");
  CHECK(ErrorWith<int32_t>(header, layout.last_offset_delta, -1) ==
        "log batch at offset 70: last offset delta -1 does not fit 5 records");
}

TEST_CASE("statistics must lie inside the batch", "[record]") {
  const auto magic = static_cast<int8_t>(GENERATE(1, 2));
  LogBatchHeader header = Sample(magic);
  const size_t position = LayoutOf(magic).statistics_size;
  const auto room = static_cast<int32_t>(1000 - header.header_size());
  CHECK(ErrorWith<int32_t>(header, position, -1) ==
        fmt::format("log batch at offset 70: statistics length -1 is not in 0..{}", room));
  CHECK(ErrorWith<int32_t>(header, position, room) == "no error");
  CHECK(
      ErrorWith<int32_t>(header, position, room + 1) ==
      fmt::format("log batch at offset 70: statistics length {} is not in 0..{}", room + 1, room));
  header.size = static_cast<int64_t>(header.header_size()) - 1;
  CHECK(ParseLogBatchHeader(Stored(header)).status().code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("a header cut short is refused at every length", "[record]") {
  const auto magic = static_cast<int8_t>(GENERATE(0, 1, 2));
  const Bytes bytes = Stored(Sample(magic));
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of its own, so that a read behind it is one a sanitizer sees.
    const Bytes cut = bytes.substr(0, size);
    REQUIRE(ParseLogBatchHeader(cut).status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("a file scan learns a batch's size from its first 12 bytes", "[record]") {
  CHECK(PeekLogBatchSize(BytesView(Vector("L1")).substr(0, 12)).value() == 312);
  CHECK(PeekLogBatchSize(Bytes(12, '\0')).status().code() == ErrorCode::kCorruptRecord);
  CHECK(PeekLogBatchSize(Bytes(8, '\0') + "\xff\xff\xff\x7f").value() == int64_t{INT32_MAX} + 12);
}

}  // namespace strom::record
