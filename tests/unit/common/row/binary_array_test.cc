#include "common/row/binary_array.h"

#include <bit>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

#include "common/base/endian.h"

namespace strom::internal {
namespace {

constexpr Nesting kAt{RowFormat::kCompacted, 1};

Bytes Encode(const ValueList& list, const DataType& element) {
  Bytes out;
  REQUIRE(AppendBinaryArray(out, list, element, kAt).ok());
  return out;
}

Status DecodeStatus(BytesView bytes, const DataType& element) {
  return DecodeBinaryArray(bytes, element, kAt).status();
}

TEST_CASE("an empty array is its count, padded", "[row]") {
  const Bytes bytes = Encode({}, DataType::Int());
  CHECK(ToHex(bytes) == "0000000000000000");
  CHECK(DecodeBinaryArray(bytes, DataType::Int(), kAt).value().empty());
}

TEST_CASE("texts of up to seven bytes stay in their slot", "[row]") {
  const ValueList list = {Value::String("1234567"), Value::String("12345678"), Value::String("")};
  const Bytes bytes = Encode(list, DataType::String());
  CHECK(ToHex(bytes) ==
        "0300000000000000"
        "3132333435363787"
        "0800000020000000"
        "0000000000000080"
        "3132333435363738");
  CHECK(DecodeBinaryArray(bytes, DataType::String(), kAt).value() == list);
}

TEST_CASE("null bits come in words of 32", "[row]") {
  ValueList list(33, Value::Bool(true));
  list[32] = Value::Null();
  const Bytes bytes = Encode(list, DataType::Boolean());
  CHECK(bytes.size() == 48);  // 4 + 8 + 33, rounded up.
  CHECK(ToHex(bytes.substr(0, 12)) == "210000000000000001000000");
  CHECK(DecodeBinaryArray(bytes, DataType::Boolean(), kAt).value() == list);
}

TEST_CASE("long decimals take 16 bytes and fine timestamps 8", "[row]") {
  const ValueList decimals = {Value::Dec(-12345), Value::Null()};
  const Bytes decimal_bytes = Encode(decimals, DataType::Decimal(20, 2));
  CHECK(ToHex(decimal_bytes) ==
        "0200000002000000"
        "0200000018000000"
        "0000000000000000"
        "cfc70000000000000000000000000000");
  CHECK(DecodeBinaryArray(decimal_bytes, DataType::Decimal(20, 2), kAt).value() == decimals);

  const ValueList times = {Value::Time(1698235273182, 456000)};
  const Bytes time_bytes = Encode(times, DataType::TimestampLtz(6));
  CHECK(ToHex(time_bytes) == "010000000000000040f5060010000000decfb5668b010000");
  CHECK(DecodeBinaryArray(time_bytes, DataType::TimestampLtz(6), kAt).value() == times);
}

TEST_CASE("every NaN in an array becomes Java's", "[row]") {
  const Bytes floats = Encode({Value::Float(std::bit_cast<float>(0xffc12345U))}, DataType::Float());
  CHECK(LoadLittle<uint32_t>(floats.data() + 8) == 0x7fc00000U);
  const Bytes doubles = Encode({Value::Double(std::bit_cast<double>(uint64_t{0xfff8000000000001}))},
                               DataType::Double());
  CHECK(LoadLittle<uint64_t>(doubles.data() + 8) == 0x7ff8000000000000U);
}

TEST_CASE("an element that is NULL or wrong is refused, naming it", "[row]") {
  Bytes out;
  const Status null =
      AppendBinaryArray(out, {Value::Int(1), Value::Null()}, DataType::Int().NotNull(), kAt);
  CHECK(null.code() == ErrorCode::kCorruptRecord);
  CHECK(null.message().find("element 1") != std::string_view::npos);
  for (const DataType& type : {DataType::String(), DataType::Decimal(30, 1), DataType::Timestamp(9),
                               DataType::Double(), DataType::Array(DataType::Int())}) {
    out.clear();
    CHECK(AppendBinaryArray(out, {Value::Int(1)}, type, kAt).code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("a count beyond the bytes is refused before anything is allocated", "[row]") {
  CHECK(!DecodeStatus("", DataType::Int()).ok());
  CHECK(!DecodeStatus(FromHex("ffffff7f0000000000000000").value(), DataType::Boolean()).ok());
  CHECK(!DecodeStatus(FromHex("ffffffff0000000000000000").value(), DataType::Boolean()).ok());
  CHECK(!DecodeStatus(FromHex("0300000000000000000000000000").value(), DataType::Int()).ok());
}

TEST_CASE("the place of a chunk must lie in the array", "[row]") {
  Bytes bytes = Encode({Value::String("12345678")}, DataType::String());
  SECTION("length too large") { bytes[8] = 9; }
  SECTION("offset too large") { bytes[12] = 17; }
  SECTION("offset far away") { bytes[15] = 0x7f; }
  SECTION("length far away") { bytes[11] = 0x7f; }
  CHECK(DecodeStatus(bytes, DataType::String()).code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("more than seven bytes in a slot are refused", "[row]") {
  Bytes bytes = Encode({Value::String("1234567")}, DataType::String());
  bytes[15] = static_cast<char>(0x88);
  CHECK(DecodeStatus(bytes, DataType::String()).code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("a small array whose elements share one chunk cannot grow into gigabytes", "[row]") {
  // Each of 1000 elements claims the same 16000 bytes.
  const Bytes shared(16000, 'x');
  Bytes bytes;
  AppendLittle(bytes, int32_t{1000});
  bytes.append(128, '\0');  // Null bits.
  const uint64_t offset = 4 + 128 + 8000 + 4;
  for (int i = 0; i < 1000; ++i) AppendLittle(bytes, offset << 32 | shared.size());
  bytes.append(4, '\0');
  bytes += shared;
  const Status status = DecodeStatus(bytes, DataType::String());
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(status.message().find("overlap") != std::string_view::npos);
}

TEST_CASE("maps with broken parts are refused", "[row]") {
  const DataType type = DataType::Map(DataType::Int(), DataType::Int());
  Bytes bytes;
  REQUIRE(AppendBinaryMap(bytes, {{Value::Int(1), Value::Int(2)}}, type, kAt).ok());
  REQUIRE(DecodeBinaryMap(bytes, type, kAt).value().size() == 1);
  SECTION("keys longer than the map") { bytes[0] = 100; }
  SECTION("negative size of the keys") { bytes[3] = '\xff'; }
  SECTION("fewer values than keys") { bytes[4 + 16] = 0; }
  SECTION("no values") { bytes.resize(4 + 16); }
  SECTION("nothing") { bytes.clear(); }
  CHECK(!DecodeBinaryMap(bytes, type, kAt).ok());
}

TEST_CASE("a key of a map is never NULL", "[row]") {
  Bytes out;
  CHECK(AppendBinaryMap(out, {{Value::Null(), Value::Int(2)}},
                        DataType::Map(DataType::Int(), DataType::Int()), kAt)
            .code() == ErrorCode::kCorruptRecord);
}

}  // namespace
}  // namespace strom::internal
