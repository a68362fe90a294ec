#include "tablet/replica/batch_validation.h"

#include <catch2/catch_test_macros.hpp>

#include "common/arrow/ipc_message.h"
#include "common/record/log_batch_builder.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

Status Check(BytesView batches, LogFormat format) {
  return ValidateProduced(batches, SpecOf(Bucket(0), format).schemas);
}

// `batch` with a header that says something else, CRC right again.
Bytes WithHeader(Bytes batch, void (*change)(record::LogBatchHeader&)) {
  record::LogBatchHeader header = record::ParseLogBatchHeader(batch).value();
  change(header);
  record::SealLogBatch(header, batch);
  return batch;
}

Bytes Counting(Bytes batch, int32_t delta) {
  return delta > 0 ? WithHeader(std::move(batch), [](auto& h) { ++h.record_count; })
                   : WithHeader(std::move(batch), [](auto& h) { --h.record_count; });
}

}  // namespace

TEST_CASE("batches as clients build them are let through, in every format", "[replica]") {
  for (const LogFormat format : {LogFormat::kArrow, LogFormat::kIndexed}) {
    CHECK(Check(Batch({1}, format), format).ok());
    CHECK(Check(Batch({1, 2, 3}, format) + Batch({4}, format), format).ok());
  }
}

TEST_CASE("a header that counts other than the records is refused", "[replica]") {
  for (const LogFormat format : {LogFormat::kArrow, LogFormat::kIndexed}) {
    for (const int delta : {-1, 1}) {
      const Status status = Check(Counting(Batch({1, 2, 3}, format), delta), format);
      CHECK(status.code() == ErrorCode::kCorruptRecord);
      INFO(status.ToString());
      CHECK(status.message().find("produced batch 0") != std::string::npos);
    }
    // And as the second of two.
    const Bytes two = Batch({1}, format) + Counting(Batch({1, 2, 3}, format), 1);
    CHECK(Check(two, format).message().find("produced batch 1") != std::string::npos);
  }
}

TEST_CASE("a batch without records is refused", "[replica]") {
  record::LogBatchBuilder empty(SpecOf(Bucket(0)).newest_schema(), {.schema_id = SchemaId(1)});
  CHECK(Check(empty.Build(WriterId(1), BatchSequence(0)).value(), LogFormat::kIndexed).code() ==
        ErrorCode::kCorruptRecord);
}

TEST_CASE("a schema the table does not have is named with the newest one", "[replica]") {
  const Bytes batch = WithHeader(Batch({1}), [](auto& h) { h.schema_id = SchemaId(2); });
  const Status status = Check(batch, LogFormat::kIndexed);
  CHECK(status.code() == ErrorCode::kSchemaNotExist);
  CHECK(status.message() == "produced batch 0 has schema 2, the newest is 1");
}

TEST_CASE("a changelog is refused for a log table", "[replica]") {
  for (const LogFormat format : {LogFormat::kArrow, LogFormat::kIndexed}) {
    record::LogBatchBuilder builder(SpecOf(Bucket(0), format).newest_schema(),
                                    {.schema_id = SchemaId(1), .append_only = false});
    const Row row{Value::Int(1), Value::Int(2)};
    REQUIRE(builder.Append(record::ChangeType::kInsert, row).ok());
    const Bytes batch = builder.Build().value();
    CHECK(Check(batch, format).code() == ErrorCode::kCorruptRecord);
    // Saying that it is append-only does not help.
    const Bytes lie = WithHeader(batch, [](auto& h) { h.attributes = 1; });
    CHECK(Check(lie, format).code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("an Arrow message of another schema is refused", "[replica]") {
  const record::RecordSchema one_column(LogFormat::kArrow, {DataType::Int()});
  record::LogBatchBuilder builder(one_column, {.schema_id = SchemaId(1)});
  REQUIRE(builder.Append(record::ChangeType::kAppendOnly, {Value::Int(1)}).ok());
  CHECK(Check(builder.Build().value(), LogFormat::kArrow).code() == ErrorCode::kCorruptRecord);
  // And rows where Arrow belongs, and the other way round.
  CHECK(Check(Batch({1, 2}, LogFormat::kIndexed), LogFormat::kArrow).code() ==
        ErrorCode::kCorruptRecord);
  CHECK(Check(Batch({1, 2}, LogFormat::kArrow), LogFormat::kIndexed).code() ==
        ErrorCode::kCorruptRecord);
}

TEST_CASE("a column with fewer values than the message has rows is refused", "[replica]") {
  const Bytes honest = Batch({1, 2}, LogFormat::kArrow);
  const auto batch = record::LogBatchView::ParseFront(honest).value();
  const auto message =
      arrow::RecordBatchMessage::Parse(record::SplitArrowSection(batch).value().message).value();
  std::vector<arrow::FieldNode> nodes;
  std::vector<arrow::BufferSpan> buffers;
  for (size_t i = 0; i < message.node_count(); ++i) nodes.push_back(message.node(i));
  for (size_t i = 0; i < message.buffer_count(); ++i) buffers.push_back(message.buffer(i));
  const auto with_rows = [&](int32_t rows) {
    record::LogBatchHeader header = batch.header();
    header.record_count = rows;
    Bytes made(header.header_size() +
                   arrow::MessageHeadSize(message.codec(), nodes.size(), buffers.size()),
               0);
    arrow::WriteMessageHead(message.codec(), rows, nodes, buffers,
                            static_cast<int64_t>(message.body().size()),
                            made.data() + header.header_size());
    made += message.body();
    record::SealLogBatch(header, made);
    return made;
  };
  CHECK(Check(with_rows(2), LogFormat::kArrow).ok());
  const Status status = Check(with_rows(3), LogFormat::kArrow);
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(status.message().find("column 0 has 2 values for 3 records") != std::string::npos);
}

TEST_CASE("no damage to a batch gets past the checks of validation and log", "[replica]") {
  // Validation reads what it needs and never beyond, whatever the bytes are; the CRC finds the
  // rest.
  for (const LogFormat format : {LogFormat::kArrow, LogFormat::kIndexed}) {
    const Bytes batch = Batch({1, 2, 3}, format);
    for (size_t i = 25; i < batch.size(); ++i) {
      Bytes damaged = batch;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
      (void)Check(damaged, format);
      CHECK_FALSE(record::SplitProducedBatches(damaged).ok());
    }
    for (size_t size = 0; size < batch.size(); ++size) {
      (void)Check(BytesView(batch).substr(0, size), format);
    }
  }
}

}  // namespace strom::tablet
