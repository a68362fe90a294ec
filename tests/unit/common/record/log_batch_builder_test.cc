#include "common/record/log_batch_builder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/testing/random_rows.h"
#include "tests/unit/common/record/samples.h"

namespace strom::record {

TEST_CASE("random batches survive in every format, compression and kind of log", "[record]") {
  const LogFormat format = GENERATE(LogFormat::kArrow, LogFormat::kIndexed, LogFormat::kCompacted);
  const arrow::Codec codec =
      GENERATE(arrow::Codec::kNone, arrow::Codec::kLz4Frame, arrow::Codec::kZstd);
  const bool append_only = GENERATE(true, false);
  if (format != LogFormat::kArrow && codec != arrow::Codec::kNone) return;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed << " format " << static_cast<int>(format));
    testing::RandomRows random(seed);
    const std::vector<DataType> types = random.RandomTypes();
    const RecordSchema schema(format, types);
    std::vector<Row> rows;
    std::vector<ChangeType> changes;
    for (uint64_t i = random.Uniform(40); i > 0; --i) {
      rows.push_back(random.RandomRow(types));
      if (!append_only) changes.push_back(static_cast<ChangeType>(1 + random.Uniform(4)));
    }
    const auto magic = static_cast<int8_t>(random.Uniform(3));
    const LogBatchBuilder::Options options = {.schema_id = SchemaId(7),
                                              .append_only = append_only,
                                              .magic = magic,
                                              .compression = {.codec = codec}};
    const Bytes bytes = MakeBatch(schema, options, changes, rows, WriterId(5), BatchSequence(6));
    const LogBatchView batch = LogBatchView::ParseFront(bytes).value();
    REQUIRE(batch.CheckCrc().ok());
    REQUIRE(batch.size() == bytes.size());
    REQUIRE(batch.header().schema_id == SchemaId(7));
    REQUIRE(batch.header().magic == magic);
    REQUIRE(batch.append_only() == append_only);
    const auto records = ReadLogRecords(batch, schema);
    INFO(records.status().ToString());
    REQUIRE(records.ok());
    REQUIRE(records->size() == rows.size());
    std::vector<Row> read;
    for (size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(records->at(i).change_type == (append_only ? ChangeType::kAppendOnly : changes[i]));
      read.push_back(records->at(i).row);
    }
    // ARROW fills a short BINARY up with zeros, so there the test is that the rows read make the
    // same batch; what Arrow does to each value is strom_arrow's to test.
    if (format != LogFormat::kArrow) REQUIRE(read == rows);
    REQUIRE(MakeBatch(schema, options, changes, read, WriterId(5), BatchSequence(6)) == bytes);
  }
}

TEST_CASE("the size of a builder is that of the batch it would make", "[record]") {
  const LogFormat format = GENERATE(LogFormat::kArrow, LogFormat::kIndexed, LogFormat::kCompacted);
  const bool append_only = GENERATE(true, false);
  LogBatchBuilder builder(SampleSchema(format),
                          {.schema_id = SchemaId(1), .append_only = append_only, .magic = 1});
  CHECK(builder.size() == 52);
  for (const Row& row : SampleRows()) {
    REQUIRE(builder.Append(append_only ? ChangeType::kAppendOnly : ChangeType::kInsert, row).ok());
    CHECK(builder.Build().value().size() == builder.size());
  }
  CHECK(builder.record_count() == 3);
}

TEST_CASE("a row that does not fit leaves no trace in the batch", "[record]") {
  const LogFormat format = GENERATE(LogFormat::kArrow, LogFormat::kIndexed, LogFormat::kCompacted);
  LogBatchBuilder builder(SampleSchema(format), {.schema_id = SchemaId(1), .append_only = false});
  REQUIRE(builder.Append(ChangeType::kInsert, SampleRows()[0]).ok());
  const Bytes before = builder.Build().value();
  const Row wrong_type = {Value::Int(1), Value::Bool(true)};
  const Row out_of_range = {Value::Int(int64_t{1} << 40), Value::Null()};
  const Row too_few = {Value::Int(1)};
  for (const Row& row : {wrong_type, out_of_range, too_few}) {
    CHECK(builder.Append(ChangeType::kDelete, row).code() == ErrorCode::kCorruptRecord);
    CHECK(builder.record_count() == 1);
    CHECK(builder.Build().value() == before);
  }
  REQUIRE(builder.Append(ChangeType::kDelete, SampleRows()[1]).ok());
  CHECK(ReadBatch(builder.Build().value(), SampleSchema(format))->at(1).change_type ==
        ChangeType::kDelete);
}

TEST_CASE("a builder that was reset makes the same batches as a new one", "[record]") {
  const LogFormat format = GENERATE(LogFormat::kArrow, LogFormat::kIndexed, LogFormat::kCompacted);
  const LogBatchBuilder::Options options = {.schema_id = SchemaId(1),
                                            .magic = 1,
                                            .statistics_columns = format == LogFormat::kArrow
                                                                      ? std::vector<int16_t>{0, 1}
                                                                      : std::vector<int16_t>()};
  const RecordSchema schema = SampleSchema(format);
  LogBatchBuilder builder(schema, options);
  REQUIRE(builder.Append(ChangeType::kAppendOnly, {Value::Int(-9), Value::String("zzz")}).ok());
  const Bytes other = builder.Build().value();
  builder.Reset();
  CHECK(builder.record_count() == 0);
  CHECK(builder.Build().value() == MakeBatch(schema, options, {}, {}));
  for (const Row& row : SampleRows()) REQUIRE(builder.Append(ChangeType::kAppendOnly, row).ok());
  CHECK(builder.Build().value() == MakeBatch(schema, options, {}, SampleRows()));
  CHECK(builder.Build().value() != other);
}

TEST_CASE("one builder makes the same batch for several writers", "[record]") {
  const RecordSchema schema = SampleSchema(LogFormat::kCompacted);
  LogBatchBuilder builder(schema, {.schema_id = SchemaId(1)});
  for (const Row& row : SampleRows()) REQUIRE(builder.Append(ChangeType::kAppendOnly, row).ok());
  Bytes anonymous = builder.Build().value();
  const Bytes named = builder.Build(WriterId(8), BatchSequence(2)).value();
  REQUIRE(SetWriter(anonymous, WriterId(8), BatchSequence(2)).ok());
  CHECK(anonymous == named);
}

}  // namespace strom::record
