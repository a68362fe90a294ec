#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "common/types/json_codec.h"

namespace strom {
namespace {

constexpr std::string_view kTable =
    R"({"version":1,"schema":{"version":1,"columns":[{"name":"id","data_type":{"type":"BIGINT","nullable":false},"id":0},{"name":"r","data_type":{"type":"ROW","fields":[{"name":"x","field_type":{"type":"ARRAY","element_type":{"type":"DECIMAL","precision":10,"scale":2}},"description":"d","field_id":2}]},"comment":"c","agg_function":{"type":"last_value"},"id":1},{"name":"m","data_type":{"type":"MAP","key_type":{"type":"CHAR","nullable":false,"length":3},"value_type":{"type":"DOUBLE"}},"id":3}],"primary_key":["id"],"highest_field_id":3},"comment":"t","partition_key":[],"bucket_key":["id"],"bucket_count":4,"properties":{"table.log.ttl":"7 d"},"custom_properties":{"k":"\u00e4"}})";

// Whatever `json` is: an error with a message, or a table that survives writing and reading.
bool ReadsOrFails(std::string_view json) {
  const Result<TableDescriptor> table = TableDescriptorFromJson(json);
  if (!table.ok()) return !table.status().message().empty();
  const Result<TableDescriptor> again = TableDescriptorFromJson(ToJson(*table));
  return again.ok() && *again == *table;
}

std::string Nested(int depth) {
  std::string json;
  for (int i = 0; i < depth; ++i) json += R"({"type":"ARRAY","element_type":)";
  json += R"({"type":"DATE"})";
  return json + std::string(static_cast<size_t>(depth), '}');
}

}  // namespace

TEST_CASE("documents that are no JSON object are errors", "[types]") {
  for (const char* json :
       {"", " ", "null", "[]", "1", "\"\"", "{", "}", "{\"a\"}", "{\"type\":}",
        "{\"type\":\"DATE\"} x", "{'type':'DATE'}", "\xff", "{\"type\":\"\xff\"}"}) {
    INFO(json);
    CHECK(DataTypeFromJson(json).status().code() == ErrorCode::kInvalidTable);
    CHECK(DatabaseDescriptorFromJson(json).status().code() == ErrorCode::kInvalidDatabase);
  }
}

TEST_CASE("a document cut off anywhere is an error", "[types]") {
  REQUIRE(TableDescriptorFromJson(kTable).ok());
  for (size_t size = 0; size < kTable.size(); ++size) {
    CHECK_FALSE(TableDescriptorFromJson(kTable.substr(0, size)).ok());
  }
}

TEST_CASE("a document with a changed byte is read or refused", "[types]") {
  constexpr std::string_view kBytes("\"{}[]:,\\0-9ae. \0\xff", 17);
  for (size_t i = 0; i < kTable.size(); ++i) {
    for (const char byte : kBytes) {
      std::string changed(kTable);
      changed[i] = byte;
      if (!ReadsOrFails(changed)) FAIL("byte " << i << ": " << changed);
    }
  }
  SUCCEED();
}

TEST_CASE("documents shuffled at random are read or refused", "[types]") {
  std::mt19937 random(20241111);
  int read = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string json(kTable);
    for (int edit = 0; edit < 1 + round % 4; ++edit) {
      const size_t from = random() % json.size(), to = random() % json.size();
      const size_t size = 1 + random() % 20;
      switch (random() % 3) {
        case 0:
          json.erase(from, size);
          break;
        case 1:
          json.insert(to, json.substr(from, size));
          break;
        default:
          json.replace(to, size, json.substr(from, size));
      }
      if (json.empty()) json = "{";
    }
    if (TableDescriptorFromJson(json).ok()) ++read;
    if (!ReadsOrFails(json)) FAIL(json);
  }
  CHECK(read < 3000);
}

TEST_CASE("nesting and length of a document are limited", "[types]") {
  CHECK(DataTypeFromJson(Nested(kJsonDepthMax - 1)).ok());
  CHECK(DataTypeFromJson(Nested(kJsonDepthMax)).status().message() ==
        "JSON document is nested more than 100 levels deep");
  CHECK_FALSE(DataTypeFromJson(std::string(1000000, '[')).ok());
  // Brackets inside strings do not nest.
  CHECK(DataTypeFromJson(R"({"type":"DATE","x":"\")" + std::string(200, '[') + R"("})").ok());

  std::string padded = R"({"type":"DATE"})";
  padded.resize(kJsonLengthMax, ' ');
  CHECK(DataTypeFromJson(padded).ok());
  padded.push_back(' ');
  CHECK(DataTypeFromJson(padded).status().message() ==
        "JSON document of 4194305 bytes, at most 4194304 are allowed");
}

TEST_CASE("error messages stay short for hostile documents", "[types]") {
  const std::string huge(1000000, 'x');
  CHECK(DataTypeFromJson(R"({"type":")" + huge + R"("})").status().message().size() < 500);
  CHECK(DataTypeFromJson(R"({"type":)" + huge + R"(})").status().message().size() < 500);
  CHECK(SchemaFromJson(R"({"columns":[{"name":")" + huge + R"("}]})").status().message().size() <
        500);
}

TEST_CASE("of a key given twice the last one counts", "[types]") {
  CHECK(DataTypeFromJson(R"({"type":"DATE","type":"BYTES"})").value() == DataType::Bytes());
}

}  // namespace strom
