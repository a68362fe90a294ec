#include "client/keyed_table.h"

#include <catch2/catch_test_macros.hpp>

#include "client/target_columns.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

TableInfo Info(TableDescriptor descriptor) {
  return {kUsers, TableId(3), SchemaId(2), std::move(descriptor), 1, 1, std::nullopt};
}

// Columns a, b, c BIGINT; the primary key is (c, a), in buckets by `bucket_keys`.
TableDescriptor Crossed(std::vector<std::string> bucket_keys) {
  return {.schema = Schema::Make({.columns = {{.name = "a", .type = DataType::BigInt()},
                                              {.name = "b", .type = DataType::BigInt()},
                                              {.name = "c", .type = DataType::BigInt()}},
                                  .primary_key = {"c", "a"}})
                        .value(),
          .distribution = TableDistribution{std::move(bucket_keys), 16},
          .properties = {{"table.kv.format-version", "2"}}};
}

}  // namespace

TEST_CASE("a key by itself and in its row are the same", "[client]") {
  for (const std::vector<std::string>& bucket_keys :
       std::vector<std::vector<std::string>>{{}, {"c", "a"}, {"c"}, {"a"}, {"a", "c"}}) {
    const KeyedTable table = KeyedTable::Make(Info(Crossed(bucket_keys))).value();
    for (int64_t i = 0; i < 40; ++i) {
      const EncodedKey in_row =
          table.KeyOfRow({Value::Int(i), Value::Null(), Value::Int(i * 1000)}).value();
      const EncodedKey alone = table.KeyOf({Value::Int(i * 1000), Value::Int(i)}).value();
      CHECK(in_row.bytes == alone.bytes);
      CHECK(in_row.bucket == alone.bucket);
    }
  }
}

TEST_CASE("a prefix begins the keys it stands for and is in their bucket", "[client]") {
  for (const std::string lake : {"", "paimon", "iceberg"}) {
    INFO("lake " << lake);
    TableDescriptor descriptor = Crossed({"c"});
    if (!lake.empty()) descriptor.properties["table.datalake.format"] = lake;
    const KeyedTable table = KeyedTable::Make(Info(descriptor)).value();
    for (int64_t i = 0; i < 40; ++i) {
      const EncodedKey prefix = table.PrefixOf({Value::Int(i % 5)}).value();
      const EncodedKey key = table.KeyOf({Value::Int(i % 5), Value::Int(i)}).value();
      CHECK(key.bytes.starts_with(prefix.bytes));
      CHECK(key.bytes.size() > prefix.bytes.size());
      CHECK(key.bucket == prefix.bucket);
    }
    CHECK(table.PrefixOf({Value::Null()}).status().code() == ErrorCode::kCorruptRecord);
    CHECK(table.PrefixOf({}).status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("there are no prefixes where keys do not keep them", "[client]") {
  TableDescriptor lake = Crossed({"c"});
  lake.properties["table.datalake.format"] = "paimon";
  lake.properties["table.kv.format-version"] = "1";
  for (const TableDescriptor& descriptor :
       {Crossed({}), Crossed({"a"}), Crossed({"a", "c"}), lake}) {
    const KeyedTable table = KeyedTable::Make(Info(descriptor)).value();
    CHECK(table.PrefixOf({Value::Int(1)}).status().code() == ErrorCode::kInvalidTable);
  }
}

TEST_CASE("what is no key is refused", "[client]") {
  const KeyedTable table = KeyedTable::Make(Info(Crossed({}))).value();
  for (const Row& key : {Row{}, Row{Value::Int(1)}, Row{Value::Int(1), Value::Null()},
                         Row{Value::Int(1), Value::String("x")}}) {
    const Status status = table.KeyOf(key).status();
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    CHECK(status.message().find("table db.users") != std::string::npos);
  }
  CHECK(table.KeyOfRow({Value::Int(1)}).status().code() == ErrorCode::kCorruptRecord);
  CHECK(KeyedTable::Make(Info(Crossed({"b"}))).status().code() == ErrorCode::kInvalidTable);
  CHECK(KeyedTable::Make(Info(Orders(1))).status().code() == ErrorCode::kNonPrimaryKeyTable);
  TableDescriptor bad = Crossed({});
  bad.properties["table.kv.format"] = "PARQUET";
  CHECK(KeyedTable::Make(Info(bad)).status().code() == ErrorCode::kInvalidConfig);
}

TEST_CASE("rows of some columns are widened", "[client]") {
  const TableInfo info = Info(Crossed({}));
  Row scratch;
  const TargetColumns all = TargetColumns::Make(info, {}).value();
  const Row row{Value::Int(1), Value::Int(2), Value::Int(3)};
  CHECK(all.Widen(row, scratch).value() == &row);
  CHECK(all.positions().empty());
  CHECK(all.Widen({Value::Int(1)}, scratch).status().code() == ErrorCode::kCorruptRecord);

  const TargetColumns some = TargetColumns::Make(info, {"c", "a"}).value();
  CHECK(some.positions() == std::vector<int32_t>{2, 0});
  CHECK(*some.Widen({Value::Int(3), Value::Int(1)}, scratch).value() ==
        Row{Value::Int(1), Value::Null(), Value::Int(3)});
  CHECK(some.Widen(row, scratch).status().code() == ErrorCode::kCorruptRecord);
}

}  // namespace strom::client
