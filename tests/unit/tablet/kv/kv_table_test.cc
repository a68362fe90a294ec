#include "tablet/kv/kv_table.h"

#include <catch2/catch_test_macros.hpp>

#include "common/row/row_codec.h"
#include "common/row/stored_value.h"
#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {
namespace {

Status MakeStatus(const TableDescriptor& table) {
  return KvTable::Make(table, SchemaId(1)).status();
}

// The test table with one column more, and its older schema.
TableDescriptor Wider() {
  TableDescriptor table = TestTable();
  table.schema =
      table.schema
          .WithColumn({.name = "extra", .type = DataType::Int(), .comment = {}, .aggregate = {}})
          .value();
  return table;
}

}  // namespace

TEST_CASE("tables that are not supported are refused by name", "[kv]") {
  TableDescriptor log_table = TestTable();
  log_table.schema =
      Schema::Make(
          {.columns = TestTable().schema.columns(), .primary_key = {}, .auto_increment_column = {}})
          .value();
  CHECK(MakeStatus(log_table).code() == ErrorCode::kNonPrimaryKeyTable);

  const Status aggregation = MakeStatus(TestTable({{"table.merge-engine", "aggregation"}}));
  CHECK(aggregation.code() == ErrorCode::kInvalidTable);
  CHECK(aggregation.message().find("AGGREGATION") != std::string_view::npos);

  TableDescriptor counting = TestTable();
  counting.schema = Schema::Make({.columns = TestTable().schema.columns(),
                                  .primary_key = {"id"},
                                  .auto_increment_column = "version"})
                        .value();
  const Status increments = MakeStatus(counting);
  CHECK(increments.code() == ErrorCode::kInvalidTable);
  CHECK(increments.message().find("'version'") != std::string_view::npos);

  CHECK(MakeStatus(TestTable({{"table.merge-engine", "versioned"}})).code() ==
        ErrorCode::kInvalidConfig);
  CHECK(MakeStatus(TestTable({{"table.kv.format", "parquet"}})).code() ==
        ErrorCode::kInvalidConfig);
  CHECK(KvTable::Make(TestTable(), SchemaId(1), {{SchemaId(1), TestTable().schema}})
            .status()
            .code() == ErrorCode::kInvalidTable);
}

TEST_CASE("a row becomes a stored value and comes back", "[kv]") {
  for (const KvFormat format : {KvFormat::kCompacted, KvFormat::kIndexed}) {
    const auto table =
        KvTable::Make(TestTable(Formats(LogFormat::kArrow, format)), SchemaId(3)).value();
    const Row row = TestRow(5, "five", {}, "note");
    const Bytes stored = table->EncodeStored(row).value();
    CHECK(ParseStoredValue(stored).value().schema_id == SchemaId(3));
    CHECK(table->DecodeStored(stored).value() == row);
  }
}

TEST_CASE("rows of an older schema are read in the columns of the newest", "[kv]") {
  // The older schema has lost nothing but the new column, and had its columns in another order.
  std::vector<Column> columns = TestTable().schema.columns();
  std::swap(columns[kName], columns[kNote]);
  const Schema old_schema =
      Schema::Make({.columns = columns, .primary_key = {"id"}, .auto_increment_column = {}})
          .value();
  const auto table = KvTable::Make(Wider(), SchemaId(4), {{SchemaId(2), old_schema}}).value();
  const Row old_row{Value::Int(1), Value::String("note"), Value::Int(7), Value::String("name")};
  const KvSchema& older = *table->FindSchema(SchemaId(2)).value();
  const Bytes bytes = EncodeRow(RowFormat::kCompacted, old_row, older.types).value();
  Row expected = TestRow(1, "name", 7, "note");
  expected.push_back(Value::Null());
  CHECK(table->DecodeRow(older, bytes).value() == expected);
  CHECK(table->DecodeStored(Bytes("\2\0", 2) + bytes).value() == expected);
  CHECK(table->EncodeKey(expected).value() == Bytes("\1"));
}

TEST_CASE("an unknown schema is an error that names the newest", "[kv]") {
  const auto table =
      KvTable::Make(Wider(), SchemaId(4), {{SchemaId(2), TestTable().schema}}).value();
  for (const int16_t id : {-1, 0, 1, 3, 5}) {
    const auto found = table->FindSchema(SchemaId(id));
    REQUIRE_FALSE(found.ok());
    CHECK(found.status().code() == ErrorCode::kSchemaNotExist);
    CHECK(found.status().message().find("newest is 4") != std::string_view::npos);
  }
  CHECK(table->DecodeStored(Bytes("\1\0\0", 3)).status().code() == ErrorCode::kSchemaNotExist);
  CHECK(table->DecodeStored("").status().code() == ErrorCode::kCorruptMessage);
}

TEST_CASE("NULL where the type says NOT NULL is an error that names the column", "[kv]") {
  for (const KvFormat format : {KvFormat::kCompacted, KvFormat::kIndexed}) {
    TableDescriptor descriptor = TestTable(Formats(LogFormat::kArrow, format));
    std::vector<Column> columns = descriptor.schema.columns();
    columns[kName].type = DataType::String().NotNull();
    descriptor.schema =
        Schema::Make({.columns = columns, .primary_key = {"id"}, .auto_increment_column = {}})
            .value();
    const auto table = KvTable::Make(descriptor, SchemaId(1)).value();
    std::vector<DataType> nullable;
    for (const DataType& type : table->newest().types) nullable.push_back(type.WithNullable(true));
    const auto decode = [&](const Row& row) {
      const Bytes bytes = EncodeRow(ToRowFormat(format), row, nullable).value();
      return table->DecodeRow(table->newest(), bytes);
    };
    CHECK(decode(TestRow(1, "x")).ok());
    const auto without_name = decode(TestRow(1, {}));
    CHECK(without_name.status().code() == ErrorCode::kCorruptRecord);
    CHECK(without_name.status().message().find("'name'") != std::string_view::npos);
    Row without_id = TestRow(1, "x");
    without_id[0] = Value::Null();
    CHECK(decode(without_id).status().message().find("'id'") != std::string_view::npos);
  }
}

TEST_CASE("partition columns are not in the key", "[kv]") {
  TableDescriptor descriptor = TestTable();
  descriptor.schema = Schema::Make({.columns = TestTable().schema.columns(),
                                    .primary_key = {"name", "id"},
                                    .auto_increment_column = {}})
                          .value();
  descriptor.partition_keys = {"name"};
  const auto table = KvTable::Make(descriptor, SchemaId(1)).value();
  CHECK(table->EncodeKey(TestRow(3, "2024")).value() == Bytes("\3"));
}

TEST_CASE("messages name keys by their values if they can", "[kv]") {
  TableDescriptor descriptor = TestTable();
  descriptor.schema = Schema::Make({.columns = TestTable().schema.columns(),
                                    .primary_key = {"id", "name"},
                                    .auto_increment_column = {}})
                          .value();
  const auto table = KvTable::Make(descriptor, SchemaId(1)).value();
  CHECK(table->KeyText(table->EncodeKey(TestRow(3, "x")).value()) == "key (3, 'x')");
  CHECK(table->KeyText("\xff") == "key ff");
  CHECK(table->KeyText("") == "key ");
  const std::string long_text = table->KeyText(Bytes(1000, 'x'));
  CHECK(long_text.size() < 200);
  CHECK(long_text.find("1000 bytes") != std::string::npos);
}

}  // namespace strom::tablet
