#include "common/types/json_codec.h"

#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/testing/source_tree.h"

namespace strom {
namespace {

// The document without white space; no string inside has any.
std::string Compact(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n') out.push_back(c);
  }
  return out;
}

constexpr std::string_view kSchemaDocument = R"({
 "version":1,
 "columns":[
  {"name":"order_id","data_type":{"type":"BIGINT","nullable":false},"id":0},
  {
   "name":"item",
   "data_type":{
    "type":"ROW",
    "fields":[
     {"name":"sku","field_type":{"type":"STRING"},"description":"stock_unit","field_id":2},
     {"name":"qty","field_type":{"type":"INTEGER","nullable":false},"field_id":3}]},
   "comment":"ordered_item",
   "id":1},
  {"name":"price","data_type":{"type":"DECIMAL","precision":10,"scale":2},"id":4},
  {"name":"tags","data_type":{"type":"ARRAY","element_type":{"type":"STRING"}},"id":5},
  {"name":"attrs","data_type":{"type":"MAP","key_type":{"type":"STRING","nullable":false},
   "value_type":{"type":"DOUBLE"}},"id":6},
  {"name":"ts","data_type":{"type":"TIMESTAMP_WITH_LOCAL_TIME_ZONE","precision":3},"id":7},
  {"name":"c","data_type":{"type":"CHAR","length":8},"id":8},
  {"name":"tm","data_type":{"type":"TIME_WITHOUT_TIME_ZONE","precision":3},"id":9},
  {"name":"dt","data_type":{"type":"STRING","nullable":false},"id":10}],
 "primary_key":["order_id","dt"],
 "highest_field_id":10})";

Schema OrdersSchema() {
  const DataType item = DataType::Row(
      {{"sku", DataType::String(), "stock_unit"}, {"qty", DataType::Int().NotNull(), {}}});
  return Schema::Make({.columns = {{"order_id", DataType::BigInt()},
                                   {"item", item, "ordered_item"},
                                   {"price", DataType::Decimal(10, 2)},
                                   {"tags", DataType::Array(DataType::String())},
                                   {"attrs", DataType::Map(DataType::String(), DataType::Double())},
                                   {"ts", DataType::TimestampLtz(3)},
                                   {"c", DataType::Char(8)},
                                   {"tm", DataType::Time(3)},
                                   {"dt", DataType::String()}},
                       .primary_key = {"order_id", "dt"}})
      .value();
}

std::string TypeError(std::string_view json) {
  const Result<DataType> type = DataTypeFromJson(json);
  REQUIRE_FALSE(type.ok());
  CHECK(type.status().code() == ErrorCode::kInvalidTable);
  return std::string(type.status().message());
}

std::vector<std::string> Lines(const std::string& file) {
  std::ifstream in(testing::SourcePath("tests/unit/common/types/data/" + file));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE_FALSE(lines.empty());
  return lines;
}

}  // namespace

TEST_CASE("every type has the document Fluss writes", "[types]") {
  const std::vector<std::pair<DataType, std::string>> documents = {
      {DataType::Boolean(), R"({"type":"BOOLEAN"})"},
      {DataType::TinyInt().NotNull(), R"({"type":"TINYINT","nullable":false})"},
      {DataType::SmallInt(), R"({"type":"SMALLINT"})"},
      {DataType::Int(), R"({"type":"INTEGER"})"},
      {DataType::BigInt(), R"({"type":"BIGINT"})"},
      {DataType::Float(), R"({"type":"FLOAT"})"},
      {DataType::Double(), R"({"type":"DOUBLE"})"},
      {DataType::Char(8).NotNull(), R"({"type":"CHAR","nullable":false,"length":8})"},
      {DataType::String(), R"({"type":"STRING"})"},
      {DataType::Binary(4), R"({"type":"BINARY","length":4})"},
      {DataType::Bytes(), R"({"type":"BYTES"})"},
      {DataType::Decimal(12, 3), R"({"type":"DECIMAL","precision":12,"scale":3})"},
      {DataType::Date(), R"({"type":"DATE"})"},
      {DataType::Time(0), R"({"type":"TIME_WITHOUT_TIME_ZONE","precision":0})"},
      {DataType::Timestamp(6), R"({"type":"TIMESTAMP_WITHOUT_TIME_ZONE","precision":6})"},
      {DataType::TimestampLtz(9), R"({"type":"TIMESTAMP_WITH_LOCAL_TIME_ZONE","precision":9})"},
      {DataType::Array(DataType::Int().NotNull()),
       R"({"type":"ARRAY","element_type":{"type":"INTEGER","nullable":false}})"},
      {DataType::Map(DataType::Int(), DataType::Date()),
       R"({"type":"MAP","key_type":{"type":"INTEGER","nullable":false},"value_type":{"type":"DATE"}})"},
  };
  for (const auto& [type, document] : documents) {
    CHECK(ToJson(type) == document);
    CHECK(DataTypeFromJson(document).value() == type);
  }
}

TEST_CASE("the reference's ROW document reads and writes byte for byte", "[types]") {
  const std::string document = Compact(R"({"type":"ROW","nullable":false,"fields":[
  {"name":"amount","field_type":{"type":"DECIMAL","precision":12,"scale":2},"field_id":4},
  {"name":"seen","field_type":{"type":"ARRAY","element_type":{"type":"TIMESTAMP_WITHOUT_TIME_ZONE","precision":6}},"description":"visits","field_id":5}]})");
  const DataType type =
      DataType::Row({{"amount", DataType::Decimal(12, 2), {}, 4},
                     {"seen", DataType::Array(DataType::Timestamp(6)), "visits", 5}})
          .NotNull();
  CHECK(ToJson(type) == document);
  CHECK(DataTypeFromJson(document).value() == type);
}

TEST_CASE("a map key is NOT NULL whatever the document says", "[types]") {
  CHECK(DataTypeFromJson(
            R"({"type":"MAP","key_type":{"type":"INTEGER"},"value_type":{"type":"DATE"}})")
            .value() == DataType::Map(DataType::Int(), DataType::Date()));
}

TEST_CASE("a type document must be complete and in range", "[types]") {
  CHECK(TypeError("{}") == "'type' is missing");
  CHECK(TypeError(R"({"type":"INT"})") == "'INT' is no data type");
  CHECK(TypeError(R"({"type":7})") == "'type' is no text but of JSON type number");
  CHECK(TypeError(R"({"type":null})") == "'type' is no text but of JSON type null");
  CHECK(TypeError(R"({"type":"CHAR"})") == "CHAR: 'length' is missing");
  CHECK(TypeError(R"({"type":"CHAR","length":0})") ==
        "CHAR: 'length' is 0, not between 1 and 2147483647");
  CHECK(TypeError(R"({"type":"CHAR","length":1.5})") ==
        "CHAR: 'length' is no whole number but of JSON type number");
  CHECK(TypeError(R"({"type":"CHAR","length":4294967297})") ==
        "CHAR: 'length' is 4294967297, which has more than 32 bits");
  CHECK(TypeError(R"({"type":"CHAR","length":18446744073709551615})") ==
        "CHAR: 'length' is 18446744073709551615, which has more than 32 bits");
  CHECK(TypeError(R"({"type":"DECIMAL","precision":39,"scale":0})") ==
        "DECIMAL: 'precision' is 39, not between 1 and 38");
  CHECK(TypeError(R"({"type":"DECIMAL","precision":3,"scale":4})") ==
        "DECIMAL: 'scale' is 4, not between 0 and 3");
  CHECK_FALSE(DataTypeFromJson(R"({"type":"TIME_WITHOUT_TIME_ZONE","precision":10})").ok());
  CHECK(TypeError(R"({"type":"DATE","nullable":"no"})") ==
        "'nullable' is no boolean but of JSON type string");
  CHECK(TypeError(R"({"type":"ARRAY","element_type":{"type":"X"}})") ==
        "ARRAY: element_type: 'X' is no data type");
  CHECK(TypeError(R"({"type":"ARRAY","element_type":"DATE"})") ==
        "ARRAY: 'element_type' is no object but of JSON type string");
  CHECK(TypeError(R"({"type":"MAP","key_type":{"type":"DATE"}})") ==
        "MAP: 'value_type' is missing");
  CHECK(TypeError(R"({"type":"ROW","fields":[1]})") ==
        "ROW: 'fields' is no list of objects but of JSON type number");
  CHECK(TypeError(R"({"type":"ROW","fields":[{"name":"a"}]})") == "ROW: 'field_type' is missing");
}

TEST_CASE("the reference's schema document reads and writes byte for byte", "[types]") {
  const std::string document = Compact(kSchemaDocument);
  CHECK(ToJson(OrdersSchema()) == document);
  CHECK(SchemaFromJson(kSchemaDocument).value() == OrdersSchema());
  CHECK(ToJson(SchemaFromJson(kSchemaDocument).value()) == document);
}

TEST_CASE("aggregation functions and the auto-increment column are in the schema", "[types]") {
  const std::string document = Compact(R"({"version":1,"columns":[
    {"name":"k","data_type":{"type":"INTEGER","nullable":false},"id":0},
    {"name":"n","data_type":{"type":"BIGINT"},"id":1},
    {"name":"total","data_type":{"type":"BIGINT"},"comment":"running","agg_function":{"type":"sum"},"id":3},
    {"name":"tags","data_type":{"type":"STRING"},"agg_function":{"type":"listagg","parameters":{"delimiter":";"}},"id":4}],
    "primary_key":["k"],"auto_increment_column":["n"],"highest_field_id":7})");
  const Schema schema = SchemaFromJson(document).value();
  CHECK(schema.auto_increment_column() == "n");
  CHECK(schema.columns()[2].aggregate->kind == AggregateKind::kSum);
  CHECK(schema.columns()[3].aggregate->delimiter() == ";");
  CHECK(ToJson(schema) == document);
}

TEST_CASE("documents of 0.7, without ids, get them by position", "[types]") {
  const Schema schema = SchemaFromJson(R"({"version":1,"columns":[
      {"name":"a","data_type":{"type":"INTEGER"}},
      {"name":"b","data_type":{"type":"STRING"},"future":[1,{}]}],"more":null})")
                            .value();
  CHECK(schema.columns()[1].id == 1);
  CHECK(schema.highest_field_id() == 1);
  CHECK_FALSE(schema.has_primary_key());
}

TEST_CASE("a schema document must be right", "[types]") {
  const auto error = [](std::string_view json) {
    const Result<Schema> schema = SchemaFromJson(json);
    REQUIRE_FALSE(schema.ok());
    CHECK(schema.status().code() == ErrorCode::kInvalidTable);
    return std::string(schema.status().message());
  };
  const auto one = [&](const std::string& column) {
    return error(R"({"columns":[)" + column + "]}");
  };
  CHECK(error("{}") == "'columns' is missing");
  CHECK(error(R"({"version":2,"columns":[]})") == "'version' is 2, only 1 is known");
  CHECK(error(R"({"columns":{}})") == "'columns' is no list of objects but of JSON type object");
  CHECK(one("{}") == "'name' is missing");
  CHECK(one(R"({"name":"a"})") == "column a: 'data_type' is missing");
  CHECK(one(R"({"name":"a","data_type":{"type":"DATE"},"comment":null})") ==
        "column a: 'comment' is no text but of JSON type null");
  CHECK(one(R"({"name":"a","data_type":{"type":"DATE"},"agg_function":{"type":"avg"}})") ==
        "column a: 'avg' is no aggregation function");
  CHECK(error(R"({"columns":[{"name":"a","data_type":{"type":"DATE"}}],"primary_key":["b"]})") ==
        "primary-key column 'b' does not exist");
  CHECK(error(R"({"columns":[{"name":"a","data_type":{"type":"DATE"}}],"primary_key":[1]})") ==
        "'primary_key' is no list of texts but of JSON type number");
  CHECK(error(R"({"columns":[],"auto_increment_column":["a","b"]})") ==
        "there are 2 auto-increment columns, at most 1 is possible");
}

TEST_CASE("the reference's table document reads and writes byte for byte", "[types]") {
  const auto document = [](std::string_view properties) {
    return R"({"version":1,"schema":)" + Compact(kSchemaDocument) +
           R"(,"comment":"orders","partition_key":["dt"],"bucket_key":["order_id"],)" +
           R"("bucket_count":4,"properties":{)" + std::string(properties) +
           R"(},"custom_properties":{"owner":"team-a"}})";
  };
  const TableDescriptor table{.schema = OrdersSchema(),
                              .comment = "orders",
                              .partition_keys = {"dt"},
                              .distribution = TableDistribution{{"order_id"}, 4},
                              .properties = {{"table.auto-partition.enabled", "true"},
                                             {"table.auto-partition.time-unit", "DAY"}},
                              .custom_properties = {{"owner", "team-a"}}};
  // Java writes the properties in the order of its hash table; ours are sorted.
  CHECK(TableDescriptorFromJson(document(R"("table.auto-partition.time-unit":"DAY",)"
                                         R"("table.auto-partition.enabled":"true")"))
            .value() == table);
  CHECK(ToJson(table) == document(R"("table.auto-partition.enabled":"true",)"
                                  R"("table.auto-partition.time-unit":"DAY")"));
}

TEST_CASE("the smallest table document has no distribution", "[types]") {
  const std::string document =
      R"({"version":1,"schema":{"version":1,"columns":[{"name":"a","data_type":{"type":"INTEGER"},"id":0}],"highest_field_id":0},"partition_key":[],"properties":{},"custom_properties":{}})";
  const TableDescriptor table = TableDescriptorFromJson(document).value();
  CHECK(table.distribution == std::nullopt);
  CHECK(table.comment == std::nullopt);
  CHECK(ToJson(table) == document);
}

TEST_CASE("documents of the Java client and server read and write byte for byte", "[types]") {
  for (const std::string& line : Lines("java_tables.jsonl")) {
    INFO(line);
    const Result<TableDescriptor> table = TableDescriptorFromJson(line);
    REQUIRE(table.ok());
    const std::string written = ToJson(*table);
    CHECK(TableDescriptorFromJson(written).value() == *table);
    CHECK(written.size() == line.size());
    // Java's order of properties differs from ours where there are several.
    if (table->properties.size() < 2) CHECK(written == line);
  }
}

TEST_CASE("documents of the Python client, with its order of keys, are read", "[types]") {
  for (const std::string& line : Lines("pyfluss_tables.jsonl")) {
    INFO(line);
    const Result<TableDescriptor> table = TableDescriptorFromJson(line);
    REQUIRE(table.ok());
    REQUIRE(table->distribution.has_value());
    CHECK(TableDescriptorFromJson(ToJson(*table)).value() == *table);
    CHECK(ToJson(*table).size() == line.size());
  }
}

TEST_CASE("a table document must be complete", "[types]") {
  const std::string schema = R"("schema":{"columns":[{"name":"a","data_type":{"type":"DATE"}}]})";
  const auto error = [&](const std::string& rest) {
    const Result<TableDescriptor> table = TableDescriptorFromJson("{" + rest + "}");
    REQUIRE_FALSE(table.ok());
    CHECK(table.status().code() == ErrorCode::kInvalidTable);
    return std::string(table.status().message());
  };
  CHECK(error("") == "'schema' is missing");
  CHECK(error(schema) == "'partition_key' is missing");
  CHECK(error(schema + R"(,"partition_key":[])") == "'properties' is missing");
  CHECK(error(schema + R"(,"partition_key":[],"properties":{})") ==
        "'custom_properties' is missing");
  const std::string full = schema + R"(,"partition_key":[],"custom_properties":{})";
  CHECK(error(full + R"(,"properties":{},"bucket_count":3)") ==
        "'bucket_count' is 3, but 'bucket_key' is missing");
  CHECK(error(full + R"(,"properties":{"a":1})") ==
        "'properties' is no map of texts but of JSON type number");
  CHECK(error(full + R"(,"properties":[])") ==
        "'properties' is no map of texts but of JSON type array");

  std::string many;
  for (size_t i = 0; i <= kJsonPropertiesMax; ++i) {
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":"")";
  }
  CHECK(error(full + R"(,"properties":{)" + many + "}") ==
        "'properties' has 1001 entries, at most 1000 are allowed");
}

TEST_CASE("database documents read and write byte for byte", "[types]") {
  for (const char* document :
       {R"({"version":1,"comment":"c","custom_properties":{"k":"v"}})",
        R"({"version":1,"comment":"c","custom_properties":{"k1":"v1","k2":"v2"}})",
        R"({"version":1,"custom_properties":{}})"}) {
    CHECK(ToJson(DatabaseDescriptorFromJson(document).value()) == document);
  }
  const Status missing = DatabaseDescriptorFromJson(R"({"version":1})").status();
  CHECK(missing.code() == ErrorCode::kInvalidDatabase);
  CHECK(missing.message() == "'custom_properties' is missing");
}

TEST_CASE("text that JSON must escape survives", "[types]") {
  const DatabaseDescriptor database{"a\"b\\c\n\x01 \xE2\x82\xAC", {{"k", std::string("\0x", 2)}}};
  CHECK(DatabaseDescriptorFromJson(ToJson(database)).value() == database);
  // Bytes that are no UTF-8 cannot be written; they are replaced rather than refused.
  CHECK(ToJson(DatabaseDescriptor{"\xff", {}}) ==
        "{\"version\":1,\"comment\":\"\xEF\xBF\xBD\",\"custom_properties\":{}}");
}

}  // namespace strom
