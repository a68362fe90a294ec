#include "common/record/value_batch.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "common/base/endian.h"
#include "tests/unit/common/record/record_vectors.h"

namespace strom::record {

namespace {

using namespace std::string_view_literals;

std::string ErrorOf(BytesView bytes) {
  const auto records = ParseValueBatch(bytes);
  if (records.ok()) return "no error";
  CHECK(records.status().code() == ErrorCode::kCorruptMessage);
  return std::string(records.status().message());
}

template <class T>
std::string ErrorWith(size_t position, T value) {
  Bytes bytes = Vector("V5");
  StoreLittle(bytes.data() + position, value);
  return ErrorOf(bytes);
}

}  // namespace

TEST_CASE("a recorded value batch is read and written again", "[record]") {
  const auto records = ParseValueBatch(Vector("V5")).value();
  REQUIRE(records.size() == 2);
  CHECK(records[0] == ValueRecord{.schema_id = SchemaId(1), .row = "\x00\x01\x01\x61"sv});
  CHECK(records[1] == ValueRecord{.schema_id = SchemaId(1), .row = "\x02\xac\x02"sv});

  ValueBatchBuilder builder;
  builder.Append(Vector("V4"));  // The stored value of the first row.
  builder.Append("\x01\x00\x02\xac\x02"sv);
  CHECK(builder.record_count() == 2);
  CHECK(builder.size() == Vector("V5").size());
  CHECK(std::move(builder).Build() == Vector("V5"));
}

TEST_CASE("a value batch without values is a header", "[record]") {
  const Bytes empty = ValueBatchBuilder().Build();
  CHECK(ToHex(empty) == "050000000000000000");
  CHECK(ParseValueBatch(empty).value().empty());
}

TEST_CASE("a value batch is refused at every length but its own", "[record]") {
  const Bytes& bytes = Vector("V5");
  for (size_t size = 0; size < bytes.size(); ++size) {
    Bytes cut = bytes.substr(0, size);
    REQUIRE(ParseValueBatch(cut).status().code() == ErrorCode::kCorruptMessage);
    if (size < 9) continue;
    StoreLittle(cut.data(), static_cast<int32_t>(size) - 4);
    REQUIRE(ParseValueBatch(cut).status().code() == ErrorCode::kCorruptMessage);
  }
  CHECK(ErrorOf(bytes + "x") == "value batch: length 24 does not fit 29 bytes");
}

TEST_CASE("value batch fields that cannot be are refused with their numbers", "[record]") {
  CHECK(ErrorWith<int8_t>(4, 1) == "value batch: magic is 1, must be 0");
  CHECK(ErrorWith<int32_t>(5, -1) == "value batch: 19 bytes cannot hold -1 records");
  CHECK(ErrorWith<int32_t>(5, 1 << 30) == "value batch: 19 bytes cannot hold 1073741824 records");
  CHECK(ErrorWith<int32_t>(5, 1) == "value batch: 9 bytes left after 1 records");
  CHECK(ErrorWith<int32_t>(9, 1) ==
        "value batch: length 1 of record 0 is too short for a schema id");
  CHECK(ErrorWith<int32_t>(9, INT32_MAX) ==
        "value batch: needs 2147483645 bytes at position 15, has 13");
}

}  // namespace strom::record
