// The parts of a log by themselves: indexes, writer state, checkpoints, file names.
#include <catch2/catch_test_macros.hpp>

#include "common/io/atomic_file.h"
#include "tablet/log/log_files.h"
#include "tablet/log/offset_checkpoint.h"
#include "tablet/log/segment_index.h"
#include "tablet/log/writer_state.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::tablet {
namespace {

record::LogBatchHeader Header(int64_t writer, int32_t sequence, int64_t base, int32_t count,
                              int64_t timestamp = 0) {
  record::LogBatchHeader header;
  header.writer_id = WriterId(writer);
  header.batch_sequence = BatchSequence(sequence);
  header.base_offset = LogOffset(base);
  header.record_count = count;
  header.commit_timestamp_ms = timestamp;
  return header;
}

constexpr int64_t kNever = INT64_MIN;  // Does a writer expire.

Bytes FileBytes(sim::SimDisk& disk, const std::string& path) {
  return io::ReadWholeFile(disk, path, 1 << 20).value();
}

}  // namespace

TEST_CASE("file names are 20 digits and a suffix", "[log]") {
  CHECK(LogFilePath("/d", LogOffset(1234), kLogSuffix) == "/d/00000000000000001234.log");
  CHECK(ParseLogFileName("00000000000000001234.timeindex", kTimeIndexSuffix) == LogOffset(1234));
  CHECK_FALSE(ParseLogFileName("00000000000000001234.timeindex", kOffsetIndexSuffix));
  CHECK_FALSE(ParseLogFileName("1234.log", kLogSuffix));
  CHECK_FALSE(ParseLogFileName("0000000000000000x234.log", kLogSuffix));
  CHECK_FALSE(ParseLogFileName("99999999999999999999.log", kLogSuffix));
}

TEST_CASE("index entries have Fluss's bytes", "[log]") {
  sim::SimDisk disk({});
  const auto offsets = OffsetIndex::Open(disk, "/o", LogOffset(100), 1 << 20).value();
  REQUIRE(offsets->Append(LogOffset(149), 4096).ok());
  CHECK(ToHex(FileBytes(disk, "/o")) == "0000003100001000");
  const auto times = TimeIndex::Open(disk, "/t", LogOffset(100), 1 << 20).value();
  REQUIRE(times->MaybeAppend(1698235273182, LogOffset(100)).ok());
  CHECK(ToHex(FileBytes(disk, "/t")) == "0000018b66b5cfde00000000");
}

TEST_CASE("an offset index finds the append to start from", "[log]") {
  sim::SimDisk disk({});
  const auto index =
      OffsetIndex::Open(disk, "/o", LogOffset(10), 4 * OffsetIndex::kEntrySize).value();
  CHECK(index->Lookup(LogOffset(15)).value() == 0);
  for (int i = 1; i <= 4; ++i) {
    CHECK_FALSE(index->full());
    REQUIRE(index->Append(LogOffset(10 + 10 * i), static_cast<uint32_t>(100 * i)).ok());
  }
  CHECK(index->full());
  CHECK(index->Lookup(LogOffset(19)).value() == 0);
  CHECK(index->Lookup(LogOffset(20)).value() == 100);
  CHECK(index->Lookup(LogOffset(39)).value() == 200);
  CHECK(index->Lookup(LogOffset(1000)).value() == 400);
  REQUIRE(index->TruncateTo(LogOffset(30)).ok());
  CHECK(index->Lookup(LogOffset(1000)).value() == 100);
}

TEST_CASE("a time index keeps rising timestamps only", "[log]") {
  sim::SimDisk disk({});
  const auto index = TimeIndex::Open(disk, "/t", LogOffset(0), 1 << 20).value();
  REQUIRE(index->MaybeAppend(100, LogOffset(1)).ok());
  REQUIRE(index->MaybeAppend(100, LogOffset(2)).ok());
  REQUIRE(index->MaybeAppend(90, LogOffset(3)).ok());
  REQUIRE(index->MaybeAppend(200, LogOffset(4)).ok());
  CHECK_FALSE(index->Lookup(99).value());
  CHECK(index->Lookup(150).value()->offset == LogOffset(1));
  CHECK(index->Lookup(500).value()->offset == LogOffset(4));
}

TEST_CASE("an index that cannot be is refused, to be rebuilt", "[log]") {
  sim::SimDisk disk({});
  REQUIRE(io::WriteFileAtomically(disk, "/odd", "12345").ok());
  CHECK(OffsetIndex::Open(disk, "/odd", LogOffset(0), 1 << 20).status().code() ==
        ErrorCode::kCorruptRecord);
  REQUIRE(io::WriteFileAtomically(disk, "/below", FromHex("ffffffff00001000").value()).ok());
  CHECK(OffsetIndex::Open(disk, "/below", LogOffset(0), 1 << 20).status().code() ==
        ErrorCode::kCorruptRecord);
}

TEST_CASE("a writer begins at 0, goes on by one and may repeat its last five batches", "[log]") {
  WriterState state;
  CHECK(state.Check(Header(1, 3, 0, 1), kNever).status().code() == ErrorCode::kOutOfOrderSequence);
  for (int i = 0; i < 8; ++i) {
    CHECK_FALSE(state.Check(Header(1, i, 0, 2), kNever).value());
    state.Note(Header(1, i, 2 * i, 2));
  }
  CHECK(state.Check(Header(1, 7, 0, 2), kNever).value()->base_offset() == LogOffset(14));
  CHECK(state.Check(Header(1, 3, 0, 2), kNever).value()->base_offset() == LogOffset(6));
  CHECK(state.Check(Header(1, 2, 0, 2), kNever).status().message() ==
        "writer 1: batch sequence 2, expected 8");
  CHECK_FALSE(state.Check(Header(2, 0, 0, 1), kNever).value());
  CHECK_FALSE(state.Check(Header(-1, -1, 0, 1), kNever).value());  // Not idempotent: never judged.
}

TEST_CASE("a sequence wraps from its largest number to 0", "[log]") {
  WriterState state;
  state.Note(Header(1, INT32_MAX, 5, 1));
  CHECK_FALSE(state.Check(Header(1, 0, 0, 1), kNever).value());
  CHECK_FALSE(state.Check(Header(1, 1, 0, 1), kNever).ok());
}

TEST_CASE("idle writers are forgotten", "[log]") {
  WriterState state;
  state.Note(Header(1, 0, 0, 1, 1000));
  state.Note(Header(2, 0, 1, 1, 2000));
  state.Expire(1500);
  CHECK(state.writer_count() == 1);
  CHECK_FALSE(state.Check(Header(1, 0, 0, 1), kNever).value());
}

TEST_CASE("an idle writer counts as unknown, whether it was forgotten already or not", "[log]") {
  WriterState state;
  state.Note(Header(1, 0, 0, 1, 1000));
  state.Note(Header(1, 1, 1, 1, 2000));
  CHECK(state.Check(Header(1, 1, 0, 1), 2000).value());  // A retry.
  CHECK_FALSE(state.Check(Header(1, 0, 0, 1), 2001).value());
  CHECK(state.Check(Header(1, 2, 0, 1), 2001).status().message().find("unknown writer") !=
        std::string_view::npos);
  // Where the leader took it as new, it is.
  state.Note(Header(1, 0, 2, 1, 9000));
  CHECK(state.Check(Header(1, 1, 0, 1), 2001).value() == std::nullopt);
}

TEST_CASE("a writer snapshot reads back, and Fluss's own reads too", "[log]") {
  WriterState state;
  for (int i = 0; i < 7; ++i) state.Note(Header(1001, i, 10 * i, 10, 500 + i));
  const WriterState back = WriterState::FromJson(state.ToJson()).value();
  CHECK(back.ToJson() == state.ToJson());
  CHECK(back.Check(Header(1001, 3, 0, 1), kNever).value()->last_offset == LogOffset(39));

  const WriterState fluss =
      WriterState::FromJson(
          R"({"version":1,"writer_id_entries":[{"writer_id":1001,"last_batch_sequence":23,)"
          R"("last_batch_base_offset":199,"offset_delta":99,"last_batch_timestamp":17}]})")
          .value();
  CHECK(fluss.Check(Header(1001, 23, 0, 1), kNever).value()->base_offset() == LogOffset(100));
  CHECK_FALSE(fluss.Check(Header(1001, 24, 0, 1), kNever).value());

  for (const char* bad : {"", "{}", "[]", R"({"version":2,"writer_id_entries":[]})",
                          R"({"version":1,"writer_id_entries":[{"writer_id":"x"}]})"}) {
    CHECK(WriterState::FromJson(bad).status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("a checkpoint file has Fluss's lines and reads back", "[log]") {
  sim::SimDisk disk({});
  CHECK(ReadOffsetCheckpoint(disk, "/c").value().empty());
  const BucketOffsets offsets = {
      {{.table = TableId(42), .partition = {}, .bucket = BucketId(0)}, LogOffset(1500)},
      {{.table = TableId(43), .partition = PartitionId(9), .bucket = BucketId(1)}, LogOffset(77)}};
  REQUIRE(WriteOffsetCheckpoint(disk, "/c", offsets).ok());
  CHECK(FileBytes(disk, "/c") == "0\n2\n42 0 1500\n43 9 1 77\n");
  CHECK(ReadOffsetCheckpoint(disk, "/c").value() == offsets);
}

TEST_CASE("a checkpoint file that cannot be is refused with its line", "[log]") {
  sim::SimDisk disk({});
  for (const char* bad : {"1\n0\n", "0\n2\n42 0 1\n", "0\n1\n42 0\n", "0\n1\n42 0 x\n",
                          "0\n1\n42 0 -5\n", "0\n-1\n"}) {
    REQUIRE(io::WriteFileAtomically(disk, "/c", bad).ok());
    CHECK(ReadOffsetCheckpoint(disk, "/c").status().code() == ErrorCode::kCorruptRecord);
  }
}

}  // namespace strom::tablet
