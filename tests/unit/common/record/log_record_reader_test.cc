#include "common/record/log_record_reader.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/endian.h"
#include "tests/testing/random_rows.h"
#include "tests/unit/common/record/record_vectors.h"
#include "tests/unit/common/record/samples.h"

namespace strom::record {

namespace {

struct Recorded {
  const char* name;
  RecordSchema schema;
};

std::vector<Recorded> AllRecorded() {
  const RecordSchema arrow = SampleSchema(LogFormat::kArrow);
  return {{"L1", arrow},
          {"L3", arrow},
          {"L5", arrow},
          {"L6", arrow},
          {"L7", arrow},
          {"L8", arrow},
          {"L9", RecordSchema(LogFormat::kArrow, {DataType::Int()})},
          {"L10", SampleSchema(LogFormat::kIndexed)},
          {"L11", SampleSchema(LogFormat::kCompacted)},
          {"L15", NestedSchema()}};
}

// Runs the rest of the test case once for each recorded batch.
Recorded OneRecorded() {
  const std::vector<Recorded> all = AllRecorded();
  return all[GENERATE(range<size_t>(0, 10))];
}

// `batch` with its length field set to what is there.
Bytes WithLength(Bytes batch) {
  StoreLittle(batch.data() + 8, static_cast<int32_t>(batch.size()) - 12);
  return batch;
}

std::string ErrorOf(const Bytes& batch, LogFormat format) {
  const auto records = ReadBatch(batch, SampleSchema(format));
  if (records.ok()) return "no error";
  CHECK(records.status().code() == ErrorCode::kCorruptRecord);
  return std::string(records.status().message());
}

template <class T>
Bytes Patched(Bytes bytes, size_t position, T value) {
  StoreLittle(bytes.data() + position, value);
  return bytes;
}

}  // namespace

TEST_CASE("records carry the leader's offsets and timestamp", "[record]") {
  const auto [name, schema] = OneRecorded();
  INFO(name);
  Bytes bytes = Vector(name);
  AssignOffsets(bytes, LogOffset(1000), 99);
  const auto records = ReadBatch(bytes, schema).value();
  REQUIRE(records.size() >= 2);
  for (size_t i = 0; i < records.size(); ++i) {
    REQUIRE(records[i].offset == LogOffset(1000 + static_cast<int64_t>(i)));
    REQUIRE(records[i].timestamp_ms == 99);
  }
}

TEST_CASE("records below the wanted offset are passed over", "[record]") {
  const auto [name, schema] = OneRecorded();
  INFO(name);
  Bytes bytes = Vector(name);
  SetBaseOffset(bytes, LogOffset(1000));
  const auto all = ReadBatch(bytes, schema).value();
  for (const int64_t from : {INT64_MIN, int64_t{0}, int64_t{1000}, int64_t{1001}, int64_t{1002},
                             int64_t{1500}, INT64_MAX}) {
    const auto some = ReadBatch(bytes, schema, LogOffset(from)).value();
    const auto skipped = static_cast<size_t>(std::clamp<int64_t>(
        std::max(from, int64_t{0}) - 1000, 0, static_cast<int64_t>(all.size())));
    CHECK(some == std::vector(all.begin() + static_cast<ptrdiff_t>(skipped), all.end()));
  }
}

TEST_CASE("records taken many at a time are those taken one by one", "[record]") {
  const auto [name, schema] = OneRecorded();
  INFO(name);
  Bytes bytes = Vector(name);
  AssignOffsets(bytes, LogOffset(1000), 99);
  const auto batch = LogBatchView::ParseFront(bytes).value();
  const size_t width = schema.column_types().size();
  // The columns backwards, and one that is not there.
  std::vector<std::optional<size_t>> columns = {std::nullopt};
  for (size_t i = width; i-- > 0;) columns.push_back(i);
  for (const int64_t from : {0, 1001}) {
    for (const int64_t end : {int64_t{1002}, INT64_MAX}) {
      for (const size_t count_max : {1, 2, 1000}) {
        const auto wanted = ReadBatch(bytes, schema, LogOffset(from)).value();
        auto reader = LogRecordReader::Open(batch, schema, LogOffset(from)).value();
        size_t at = 0;
        while (true) {
          const LogRows rows = reader.NextRows(columns, LogOffset(end), count_max).value();
          if (rows.change_types.empty()) break;
          REQUIRE(rows.change_types.size() <= count_max);
          REQUIRE(rows.base_offset == wanted[at].offset);
          REQUIRE(rows.timestamp_ms == 99);
          for (size_t i = 0; i < rows.change_types.size(); ++i, ++at) {
            CHECK(rows.change_types[i] == wanted[at].change_type);
            CHECK(rows.values[i * columns.size()].is_null());
            for (size_t c = 1; c < columns.size(); ++c) {
              CHECK(rows.values[i * columns.size() + c] == wanted[at].row[width - c]);
            }
          }
        }
        const auto below = std::ranges::count_if(
            wanted, [end](const LogRecord& record) { return record.offset < LogOffset(end); });
        CHECK(at == static_cast<size_t>(below));
      }
    }
  }
}

TEST_CASE("a reader gives one record at a time and then nothing", "[record]") {
  const Bytes& bytes = Vector("L11");
  const LogBatchView batch = LogBatchView::ParseFront(bytes).value();
  auto reader = LogRecordReader::Open(batch, SampleSchema(LogFormat::kCompacted)).value();
  CHECK(reader.Next().value()->row == SampleRows()[0]);
  CHECK(reader.Next().value()->row == SampleRows()[1]);
  CHECK(reader.Next().value()->change_type == ChangeType::kDelete);
  CHECK_FALSE(reader.Next()->has_value());
  CHECK_FALSE(reader.Next()->has_value());
}

TEST_CASE("records of the row formats must fill the batch exactly", "[record]") {
  const Bytes& bytes = Vector("L10");  // Records at 48 (15 bytes), 63 (14), 77 (17).
  const LogFormat format = LogFormat::kIndexed;
  CHECK(ErrorOf(WithLength(bytes + "xy"), format) ==
        "log batch at offset 0: 2 bytes left after 3 records");
  CHECK(ErrorOf(WithLength(bytes.substr(0, 77)), format) ==
        "record at offset 2: record: needs 4 bytes at position 29, has 0");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 63, 0), format) ==
        "record at offset 1: length 0 is too short for a change type");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 63, -1), format) ==
        "record at offset 1: length -1 is too short for a change type");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 63, INT32_MAX), format) ==
        "record at offset 1: record: needs 2147483647 bytes at position 19, has 27");
  CHECK(ErrorOf(Patched<int8_t>(bytes, 67, 5), format) ==
        "record at offset 1: change type 5 is not in 0..4");
  CHECK(ErrorOf(Patched<int8_t>(bytes, 67, 4), format) ==
        "record at offset 1: change type -D in an append-only batch");
}

TEST_CASE("an ARROW message must hold as many records as the header says", "[record]") {
  Bytes bytes = Patched<int32_t>(Vector("L1"), 44, 2);
  bytes = Patched<int32_t>(bytes, 28, 1);
  CHECK(ErrorOf(bytes, LogFormat::kArrow) ==
        "log batch at offset 0: the header counts 2 records, the message 3");
}

TEST_CASE("a batch read with another schema is an error, not another row", "[record]") {
  const RecordSchema other(LogFormat::kArrow, {DataType::Int()});
  CHECK(ReadBatch(Vector("L1"), other).status().code() == ErrorCode::kCorruptRecord);
  const RecordSchema wider(LogFormat::kIndexed,
                           {DataType::Int(), DataType::String(), DataType::BigInt().NotNull()});
  CHECK(ReadBatch(Vector("L10"), wider).status().code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("a batch cut at any byte, with a length that fits, is an error", "[record]") {
  const auto [name, schema] = OneRecorded();
  const Bytes& bytes = Vector(name);
  for (size_t size = 48; size < bytes.size(); ++size) {
    INFO(name << " cut to " << size);
    const Bytes cut = WithLength(bytes.substr(0, size));
    const auto records = ReadBatch(cut, schema);
    REQUIRE_FALSE(records.ok());
    REQUIRE(records.status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("random damage to a batch gives records or an error, never more", "[record]") {
  const auto [name, schema] = OneRecorded();
  const Bytes& bytes = Vector(name);
  testing::RandomRows random(20'240'817);
  int errors = 0;
  for (int round = 0; round < 3000; ++round) {
    INFO(name << " round " << round);
    Bytes damaged = bytes;
    for (uint64_t change = 0; change <= random.Uniform(3); ++change) {
      damaged[random.Uniform(damaged.size())] = static_cast<char>(random.Uniform(256));
    }
    const auto records = ReadBatch(damaged, schema);
    if (records.ok()) {
      const LogBatchView batch = LogBatchView::ParseFront(damaged).value();
      REQUIRE(records->size() == static_cast<size_t>(batch.record_count()));
      for (const LogRecord& record : *records)
        REQUIRE(record.row.size() == schema.column_types().size());
    } else {
      ++errors;
      const ErrorCode code = records.status().code();
      REQUIRE((code == ErrorCode::kCorruptRecord || code == ErrorCode::kRecordTooLarge));
    }
  }
  CHECK(errors > 300);
}

}  // namespace strom::record
