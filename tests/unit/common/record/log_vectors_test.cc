// Every log batch of tests/data/record_vectors.txt decoded and, from what was decoded, built again.

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/common/record/record_vectors.h"
#include "tests/unit/common/record/samples.h"

namespace strom::record {

namespace {

using enum ChangeType;

const std::vector<ChangeType> kAppended = {kAppendOnly, kAppendOnly, kAppendOnly};

void CheckRecords(const Result<std::vector<LogRecord>>& records,
                  const std::vector<ChangeType>& types, const std::vector<Row>& rows) {
  REQUIRE(records.ok());
  REQUIRE(records->size() == rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    CHECK(records->at(i) == LogRecord{.offset = LogOffset(static_cast<int64_t>(i)),
                                      .timestamp_ms = 0,
                                      .change_type = types[i],
                                      .row = rows[i]});
  }
}

std::vector<Row> SecondColumn() {
  std::vector<Row> rows;
  for (const Row& row : SampleRows()) rows.push_back({row[1]});
  return rows;
}

const SchemaId kSchema{1};

}  // namespace

TEST_CASE("L1, L2: an append-only ARROW batch, without and with a writer", "[record]") {
  const RecordSchema schema = SampleSchema(LogFormat::kArrow);
  for (const char* name : {"L1", "L2"}) {
    CheckRecords(ReadBatch(Vector(name), schema), kAppended, SampleRows());
  }
  CHECK(MakeBatch(schema, {.schema_id = kSchema}, {}, SampleRows()) == Vector("L1"));
  CHECK(MakeBatch(schema, {.schema_id = kSchema}, {}, SampleRows(), WriterId(1001),
                  BatchSequence(0)) == Vector("L2"));
}

TEST_CASE("L3, L4, L6: ARROW changelogs, one without records, one of magic 2", "[record]") {
  const RecordSchema schema = SampleSchema(LogFormat::kArrow);
  const std::vector<ChangeType> types = {kInsert, kUpdateBefore, kUpdateAfter};
  CheckRecords(ReadBatch(Vector("L3"), schema), types, SampleRows());
  CheckRecords(ReadBatch(Vector("L4"), schema), {}, {});
  CheckRecords(ReadBatch(Vector("L6"), schema), types, SampleRows());
  const LogBatchBuilder::Options changelog = {.schema_id = kSchema, .append_only = false};
  CHECK(MakeBatch(schema, changelog, types, SampleRows(), WriterId(1001), BatchSequence(3)) ==
        Vector("L3"));
  CHECK(MakeBatch(schema, changelog, {}, {}, WriterId(1001), BatchSequence(4)) == Vector("L4"));
  CHECK(MakeBatch(schema, {.schema_id = kSchema, .append_only = false, .magic = 2}, types,
                  SampleRows(), WriterId(1001), BatchSequence(3)) == Vector("L6"));
}

TEST_CASE("L5: an ARROW batch with statistics", "[record]") {
  const RecordSchema schema = SampleSchema(LogFormat::kArrow);
  CheckRecords(ReadBatch(Vector("L5"), schema), kAppended, SampleRows());
  CHECK(MakeBatch(schema, {.schema_id = kSchema, .magic = 1, .statistics_columns = {0, 1}}, {},
                  SampleRows()) == Vector("L5"));
}

TEST_CASE("L7, L8, L9: compressed ARROW batches", "[record]") {
  const RecordSchema schema = SampleSchema(LogFormat::kArrow);
  const arrow::Compression lz4 = {.codec = arrow::Codec::kLz4Frame};
  const arrow::Compression zstd = {.codec = arrow::Codec::kZstd, .zstd_level = 3};
  CheckRecords(ReadBatch(Vector("L7"), schema), kAppended, SampleRows());
  CheckRecords(ReadBatch(Vector("L8"), schema), kAppended, SampleRows());
  CHECK(MakeBatch(schema, {.schema_id = kSchema, .compression = lz4}, {}, SampleRows()) ==
        Vector("L7"));
  CHECK(MakeBatch(schema, {.schema_id = kSchema, .compression = zstd}, {}, SampleRows()) ==
        Vector("L8"));

  const RecordSchema one_int(LogFormat::kArrow, {DataType::Int()});
  const std::vector<Row> sevens(200, Row{Value::Int(7)});
  CheckRecords(ReadBatch(Vector("L9"), one_int), std::vector(200, kAppendOnly), sevens);
  const Bytes built = MakeBatch(one_int, {.schema_id = kSchema, .compression = lz4}, {}, sevens);
  CHECK(built == Vector("L9"));
}

TEST_CASE("L10, L11: batches of the row formats", "[record]") {
  const RecordSchema indexed = SampleSchema(LogFormat::kIndexed);
  CheckRecords(ReadBatch(Vector("L10"), indexed), kAppended, SampleRows());
  CHECK(MakeBatch(indexed, {.schema_id = kSchema}, {}, SampleRows()) == Vector("L10"));

  const RecordSchema compacted = SampleSchema(LogFormat::kCompacted);
  const std::vector<ChangeType> types = {kInsert, kUpdateBefore, kDelete};
  CheckRecords(ReadBatch(Vector("L11"), compacted), types, SampleRows());
  CHECK(MakeBatch(compacted, {.schema_id = kSchema, .append_only = false}, types, SampleRows(),
                  WriterId(1001), BatchSequence(3)) == Vector("L11"));
}

TEST_CASE("L12, L13, L14: projected batches are read with the selected columns", "[record]") {
  const RecordSchema name_only(LogFormat::kArrow, {DataType::String()});
  CheckRecords(ReadBatch(Vector("L12"), name_only), kAppended, SecondColumn());
  CheckRecords(ReadBatch(Vector("L13"), name_only), {kInsert, kUpdateBefore, kUpdateAfter},
               SecondColumn());
  CheckRecords(ReadBatch(Vector("L14"), name_only), kAppended, SecondColumn());
}

TEST_CASE("L15: an ARROW batch with nested types", "[record]") {
  CheckRecords(ReadBatch(Vector("L15"), NestedSchema()), kAppended, NestedRows());
  CHECK(MakeBatch(NestedSchema(), {.schema_id = kSchema}, {}, NestedRows()) == Vector("L15"));
}

}  // namespace strom::record
