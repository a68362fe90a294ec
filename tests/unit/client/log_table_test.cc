#include "client/log_table.h"

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_batch.h"
#include "common/record/log_record_reader.h"
#include "common/row/bucketing.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

TableInfo Info(TableDescriptor descriptor) {
  return {kOrders, TableId(3), SchemaId(2), std::move(descriptor), 1, 1, std::nullopt};
}

}  // namespace

TEST_CASE("a row's bucket is that of its bucket key", "[client]") {
  const LogTable table = LogTable::Make(Info(Orders(16, {"name", "id"}))).value();
  const KeyEncoder encoder = KeyEncoder::Make(KeyEncoding::kCompacted, OrdersSchema().row_type(),
                                              std::vector<size_t>{1, 0})
                                 .value();
  for (int64_t i = 0; i < 50; ++i) {
    const Row row = Order(i);
    CHECK(table.BucketOf(row).value() ==
          BucketOf(std::nullopt, encoder.EncodeKey(row).value(), 16).value());
  }
  CHECK(table.BucketOf({Value::Int(1), Value::Null()}).status().code() ==
        ErrorCode::kCorruptRecord);
  CHECK(table.BucketOf({Value::Int(1)}).status().code() == ErrorCode::kCorruptRecord);
  const LogTable spread = LogTable::Make(Info(Orders(16))).value();
  CHECK(spread.BucketOf(Order(1)).value() == std::nullopt);
  CHECK(spread.BucketOf({}).status().code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("batches are in the table's format, schema and compression", "[client]") {
  for (const std::string format : {"ARROW", "INDEXED", "COMPACTED"}) {
    for (const std::string compression : {"NONE", "LZ4_FRAME", "ZSTD"}) {
      INFO(format << " " << compression);
      TableDescriptor descriptor = Orders(1);
      descriptor.properties["table.log.format"] = format;
      descriptor.properties["table.log.arrow.compression.type"] = compression;
      const LogTable table = LogTable::Make(Info(descriptor)).value();
      record::LogBatchBuilder builder = table.NewBuilder();
      for (int64_t i = 0; i < 20; ++i) {
        REQUIRE(builder.Append(record::ChangeType::kAppendOnly, Order(i)).ok());
      }
      const Bytes bytes = builder.Build().value();
      const auto batch = record::LogBatchView::ParseFront(bytes).value();
      CHECK(batch.header().schema_id == SchemaId(2));
      CHECK(batch.append_only());
      const LogFormat log_format = ParseOption<LogFormat>(format).value();
      const auto records =
          record::ReadLogRecords(
              batch, record::RecordSchema(log_format, {DataType::BigInt(), DataType::String()}))
              .value();
      REQUIRE(records.size() == 20);
      CHECK(records[7].row == Order(7));
    }
  }
}

TEST_CASE("tables that cannot be appended to are refused", "[client]") {
  TableDescriptor bad_format = Orders(1);
  bad_format.properties["table.log.format"] = "PARQUET";
  CHECK(LogTable::Make(Info(bad_format)).status().code() == ErrorCode::kInvalidConfig);
  TableDescriptor bad_key = Orders(1, {"price"});
  CHECK(LogTable::Make(Info(bad_key)).status().code() == ErrorCode::kInvalidTable);
  TableDescriptor partitioned = Orders(1);
  partitioned.partition_keys = {"name"};
  const Status status = LogTable::Make(Info(partitioned)).status();
  CHECK(status.code() == ErrorCode::kInvalidTable);
  CHECK(status.message().find("db.orders is partitioned") != std::string::npos);
  // What a newer server wrote does no harm.
  TableDescriptor newer = Orders(1);
  newer.properties["table.of.the.future"] = "x";
  CHECK(LogTable::Make(Info(newer)).ok());
}

TEST_CASE("the size of a row counts its texts, nested ones too", "[client]") {
  CHECK(EstimatedSize({}) == 0);
  CHECK(EstimatedSize({Value::Null(), Value::Int(1)}) == 16);
  CHECK(EstimatedSize({Value::String(std::string(100, 'x'))}) == 108);
  CHECK(EstimatedSize({Value::Dec(5)}) == 16);
  const Value list = Value::List({Value::String("ab"), Value::String("cd")});
  CHECK(EstimatedSize({list}) == 8 + 10 + 10);
  CHECK(EstimatedSize({Value::Map({{Value::Int(1), list}})}) == 8 + 8 + 28);
  CHECK(EstimatedSize({Value::Struct({Value::Int(1), list})}) == 8 + 8 + 28);
}

}  // namespace strom::client
