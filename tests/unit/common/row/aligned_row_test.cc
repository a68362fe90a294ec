#include "common/row/aligned_row.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

using Types = std::vector<DataType>;

TEST_CASE("an aligned row has a header byte, null bits and slots", "[row]") {
  const Types types = {DataType::SmallInt(), DataType::String(), DataType::Double(),
                       DataType::Decimal(5, 2)};
  const Row row = {Value::Int(-2), Value::Null(), Value::Double(-2.25), Value::Dec(-12345)};
  const Bytes bytes = EncodeAlignedRow(row, types).value();
  CHECK(ToHex(bytes) ==
        "0002000000000000"
        "feff000000000000"
        "0000000000000000"
        "00000000000002c0"
        "c7cfffffffffffff");
  CHECK(DecodeAlignedRow(bytes, types).value() == row);
}

TEST_CASE("the null area of an aligned row grows by words of 64 bits", "[row]") {
  for (const size_t columns : {size_t{0}, size_t{1}, size_t{56}, size_t{57}, size_t{120}}) {
    const Types types(columns, DataType::TinyInt());
    const Row nulls(columns);
    const Bytes bytes = EncodeAlignedRow(nulls, types).value();
    const size_t null_area = columns <= 56 ? 8 : 16;
    CHECK(bytes.size() == null_area + 8 * columns);
    CHECK(DecodeAlignedRow(bytes, types).value() == nulls);
    if (columns > 0) {
      Row last(columns);
      last.back() = Value::Int(5);
      CHECK(DecodeAlignedRow(EncodeAlignedRow(last, types).value(), types).value() == last);
    }
  }
}

TEST_CASE("NOT NULL columns of an aligned row may be NULL: no bound is known", "[row]") {
  const Types types = {DataType::Int().NotNull(), DataType::BigInt().NotNull()};
  const Row row = {Value::Null(), Value::Int(4)};
  CHECK(DecodeAlignedRow(EncodeAlignedRow(row, types).value(), types).value() == row);
}

TEST_CASE("chunks of an aligned row count from the row's start", "[row]") {
  const Types types = {DataType::String(), DataType::Timestamp(9), DataType::Decimal(38, 3),
                       DataType::Bytes()};
  const Row row = {Value::String("longer-than-7"), Value::Time(-1, 999999), Value::Dec(-1),
                   Value::String("short")};
  Bytes out = "abc";  // The row starts at an odd position.
  REQUIRE(AppendAlignedRow(out, row, types).ok());
  CHECK(out.substr(3) == EncodeAlignedRow(row, types).value());
  CHECK(DecodeAlignedRow(BytesView(out).substr(3), types).value() == row);
}

TEST_CASE("nested types and wrong values are no part of aligned rows", "[row]") {
  Bytes out = "before";
  const Types types = {DataType::Int(), DataType::Array(DataType::Int())};
  CHECK(AppendAlignedRow(out, {Value::Int(1), Value::List({})}, types).code() ==
        ErrorCode::kCorruptRecord);
  CHECK(AppendAlignedRow(out, {Value::Bool(true)}, Types{DataType::Int()}).code() ==
        ErrorCode::kCorruptRecord);
  CHECK(AppendAlignedRow(out, {}, Types{DataType::Int()}).code() == ErrorCode::kCorruptRecord);
  CHECK(out == "before");
  CHECK(!DecodeAlignedRow(Bytes(24, '\0'), types).ok());
}

TEST_CASE("bytes that are no aligned row are refused", "[row]") {
  const Types types = {DataType::String()};
  Bytes bytes = EncodeAlignedRow({Value::String("12345678")}, types).value();
  REQUIRE(DecodeAlignedRow(bytes, types).ok());
  SECTION("slots cut off") { bytes.resize(15); }
  SECTION("chunk cut off") { bytes.resize(23); }
  SECTION("offset too large") { bytes[12] = 17; }
  SECTION("too many bytes in a slot") { bytes[15] = '\x88'; }
  CHECK(!DecodeAlignedRow(bytes, types).ok());
}

}  // namespace
}  // namespace strom
