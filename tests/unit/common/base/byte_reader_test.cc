#include "common/base/byte_reader.h"

#include <catch2/catch_test_macros.hpp>

#include "common/base/varint.h"

namespace strom {

TEST_CASE("a byte reader reads what was appended", "[base]") {
  Bytes bytes;
  AppendLittle<int16_t>(bytes, -2);
  AppendBig<int32_t>(bytes, 258);
  AppendVarint32(bytes, 300);
  AppendVarint64(bytes, UINT64_MAX);
  bytes += "tail";
  ByteReader reader(bytes, "test bytes");
  CHECK(reader.ReadLittle<int16_t>().value() == -2);
  CHECK(reader.ReadBig<int32_t>().value() == 258);
  CHECK(reader.ReadVarint32().value() == 300);
  CHECK(reader.ReadVarint64().value() == UINT64_MAX);
  CHECK(reader.ReadBytes(4).value() == "tail");
  CHECK(reader.done());
}

TEST_CASE("a byte reader never reads past the end and says where it stood", "[base]") {
  ByteReader reader("abc", "test bytes");
  REQUIRE(reader.Skip(1).ok());
  const Result<int32_t> number = reader.ReadLittle<int32_t>();
  REQUIRE_FALSE(number.ok());
  CHECK(number.status().code() == ErrorCode::kCorruptMessage);
  CHECK(number.status().message() == "test bytes: needs 4 bytes at position 1, has 2");
  CHECK(reader.position() == 1);
  CHECK_FALSE(reader.ReadBytes(SIZE_MAX).ok());
}

TEST_CASE("varints have one form each: too long ones are refused", "[base]") {
  CHECK_FALSE(ByteReader("\xff\xff\xff\xff\x1f", "v").ReadVarint32().ok());  // 33 bits.
  CHECK_FALSE(ByteReader("\xff\xff", "v").ReadVarint32().ok());              // Cut short.
  const Bytes eleven(10, '\xff');
  CHECK_FALSE(ByteReader(eleven + '\x01', "v").ReadVarint64().ok());
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 35, UINT64_MAX}) {
    Bytes bytes;
    AppendVarint64(bytes, value);
    CHECK(bytes.size() == VarintSize(value));
    CHECK(ByteReader(bytes, "v").ReadVarint64().value() == value);
  }
}

TEST_CASE("varints of negative numbers take 5 and 10 bytes, as in Fluss", "[base]") {
  Bytes bytes;
  AppendVarint32(bytes, static_cast<uint32_t>(-1));
  CHECK(ToHex(bytes) == "ffffffff0f");
  bytes.clear();
  AppendVarint64(bytes, static_cast<uint64_t>(int64_t{-1}));
  CHECK(ToHex(bytes) == "ffffffffffffffffff01");
}

}  // namespace strom
