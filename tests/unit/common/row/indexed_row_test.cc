#include "common/row/indexed_row.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

using Types = std::vector<DataType>;

Status DecodeStatus(std::string_view hex, const Types& types) {
  return DecodeIndexedRow(FromHex(hex).value(), types).status();
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST_CASE("values that are NULL take no length slot of an indexed row", "[row]") {
  const Types types = {DataType::String(), DataType::String(), DataType::String()};
  const Row row = {Value::Null(), Value::String("ab"), Value::Null()};
  const Bytes bytes = EncodeIndexedRow(row, types).value();
  CHECK(ToHex(bytes) == "050200000000000000000000006162");
  CHECK(DecodeIndexedRow(bytes, types).value() == row);
}

TEST_CASE("an indexed row pads CHAR and BINARY with zeros and refuses longer ones", "[row]") {
  const Types types = {DataType::Char(3), DataType::Binary(2)};
  const Row row = {Value::String("a"), Value::String("")};
  const Bytes bytes = EncodeIndexedRow(row, types).value();
  CHECK(ToHex(bytes) == "006100000000");
  CHECK(DecodeIndexedRow(bytes, types).value() == row);

  const Status too_long =
      EncodeIndexedRow({Value::String("abcd"), Value::String("")}, types).status();
  CHECK(too_long.code() == ErrorCode::kCorruptRecord);
  CHECK(Contains(too_long.message(), "column 0"));
  CHECK(!EncodeIndexedRow({Value::String("a"), Value::String("abc")}, types).ok());
}

TEST_CASE("an indexed row loses zeros at the end of BINARY, as in Java", "[row]") {
  const Types types = {DataType::Binary(4)};
  const Bytes bytes = EncodeIndexedRow({Value::String(Bytes("\1\0\2\0", 4))}, types).value();
  CHECK(DecodeIndexedRow(bytes, types).value()[0] == Value::String(Bytes("\1\0\2", 3)));
}

TEST_CASE("wrong values leave nothing behind in an indexed row", "[row]") {
  Bytes out = "before";
  const Types types = {DataType::Int(), DataType::Timestamp(6).NotNull()};
  CHECK(AppendIndexedRow(out, {Value::Int(1), Value::Null()}, types).code() ==
        ErrorCode::kCorruptRecord);
  CHECK(AppendIndexedRow(out, {Value::Int(1), Value::Int(1)}, types).code() ==
        ErrorCode::kCorruptRecord);
  CHECK(AppendIndexedRow(out, {Value::Int(1)}, types).code() == ErrorCode::kCorruptRecord);
  CHECK(out == "before");
  for (const DataType& type :
       {DataType::Boolean(), DataType::Float(), DataType::Double(), DataType::Char(3),
        DataType::String(), DataType::Binary(3), DataType::Bytes(), DataType::Decimal(5, 2),
        DataType::Decimal(30, 2), DataType::Timestamp(3), DataType::TimestampLtz(9),
        DataType::Array(DataType::Int()), DataType::Map(DataType::Int(), DataType::Int()),
        DataType::Row({})}) {
    INFO(type.ToString());
    CHECK(AppendIndexedRow(out, {Value::Int(1)}, Types{type}).code() == ErrorCode::kCorruptRecord);
    CHECK(out == "before");
  }
}

TEST_CASE("bytes that are no indexed row are refused", "[row]") {
  const Types types = {DataType::Int(), DataType::String()};
  REQUIRE(DecodeStatus("00010000000100000061", types).ok());
  SECTION("a header cut off") {
    CHECK(DecodeStatus("00010000", types).code() == ErrorCode::kCorruptMessage);
  }
  SECTION("a length beyond the end") {
    const Status status = DecodeStatus("00020000000100000061", types);
    CHECK(status.code() == ErrorCode::kCorruptMessage);
    CHECK(Contains(status.message(), "column 1"));
    CHECK(!DecodeStatus("00ffffff7f0100000061", types).ok());
  }
  SECTION("a negative length") {
    CHECK(DecodeStatus("00ffffffff0100000061", types).code() == ErrorCode::kCorruptRecord);
  }
  SECTION("bytes after the last column") {
    CHECK(DecodeStatus("0001000000010000006162", types).code() == ErrorCode::kCorruptRecord);
  }
  SECTION("a fixed value cut off") {
    CHECK(!DecodeStatus("000000", {DataType::Timestamp(6)}).ok());
    CHECK(!DecodeStatus("00616263", {DataType::Char(4)}).ok());
  }
  SECTION("a boolean that is neither 0 nor 1, nanoseconds out of range, an empty decimal") {
    CHECK(!DecodeStatus("0002", {DataType::Boolean()}).ok());
    CHECK(!DecodeStatus("00000000000000000040420f00", {DataType::Timestamp(6)}).ok());
    CHECK(DecodeStatus("0000000000000000003f420f00", {DataType::Timestamp(6)}).ok());
    CHECK(!DecodeStatus("0000000000", {DataType::Decimal(20, 0)}).ok());
  }
}

TEST_CASE("a ROW inside an indexed row is an indexed row with its own null bits", "[row]") {
  const DataType inner =
      DataType::Row({{.name = "a", .type = DataType::Int(), .description = {}},
                     {.name = "b", .type = DataType::String(), .description = {}}});
  const Types types = {DataType::Array(inner)};
  const Row row = {Value::List({Value::Struct({Value::Null(), Value::String("xy")}), Value::Null(),
                                Value::Struct({Value::Int(1), Value::Null()})})};
  const Bytes bytes = EncodeIndexedRow(row, types).value();
  CHECK(DecodeIndexedRow(bytes, types).value() == row);
  CHECK(Contains(bytes, Bytes("\1\2\0\0\0xy", 7)));  // Null bits, length slot, text.
}

}  // namespace
}  // namespace strom
