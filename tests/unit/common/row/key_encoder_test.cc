#include "common/row/key_encoder.h"

#include <numeric>

#include <catch2/catch_test_macros.hpp>

#include "tests/testing/row_vectors.h"

namespace strom {
namespace {

using testing::KeyVector;

DataType RowOf(const std::vector<DataType>& types) {
  std::vector<RowField> fields;
  for (const DataType& type : types) {
    fields.push_back(
        {.name = "f" + std::to_string(fields.size()), .type = type, .description = {}});
  }
  return DataType::Row(std::move(fields));
}

// For rows that have only the key columns.
Result<KeyEncoder> MakeEncoder(KeyEncoding encoding, const std::vector<DataType>& types) {
  std::vector<size_t> columns(types.size());
  std::iota(columns.begin(), columns.end(), 0);
  return KeyEncoder::Make(encoding, RowOf(types), columns);
}

TEST_CASE("keys have the bytes that Java writes, and can be read back", "[row]") {
  for (const auto& [encoding, key] : testing::KeyVectors()) {
    INFO(key.name);
    const auto encoder = MakeEncoder(encoding, key.types);
    REQUIRE(encoder.ok());
    const auto bytes = encoder->EncodeKey(key.row);
    REQUIRE(bytes.status().ToString() == "OK");
    CHECK(ToHex(*bytes) == key.hex);
    CHECK(encoder->can_decode() == (encoding != KeyEncoding::kHudi));
    if (!encoder->can_decode()) continue;
    const auto decoded = encoder->DecodeKey(FromHex(key.hex).value());
    REQUIRE(decoded.status().ToString() == "OK");
    CHECK(*decoded == key.row);
  }
}

TEST_CASE("a key is made of the key columns in key order", "[row]") {
  const DataType row_type =
      RowOf({DataType::String(), DataType::Int(), DataType::Array(DataType::Int())});
  const size_t columns[] = {1, 0};
  for (const KeyEncoding encoding : {KeyEncoding::kCompacted, KeyEncoding::kPaimon}) {
    const KeyEncoder encoder = KeyEncoder::Make(encoding, row_type, columns).value();
    const Row row = {Value::String("x"), Value::Int(5), Value::List({})};
    Bytes out = "before";
    REQUIRE(encoder.AppendKey(out, row).ok());
    CHECK(out.starts_with("before"));
    const Row key = {Value::Int(5), Value::String("x")};
    CHECK(encoder.DecodeKey(BytesView(out).substr(6)).value() == key);
  }
}

TEST_CASE("NULL is no key", "[row]") {
  for (const KeyEncoding encoding :
       {KeyEncoding::kCompacted, KeyEncoding::kPaimon, KeyEncoding::kIceberg}) {
    const KeyEncoder encoder = MakeEncoder(encoding, {DataType::Int()}).value();
    Bytes out = "before";
    CHECK(encoder.AppendKey(out, {Value::Null()}).code() == ErrorCode::kCorruptRecord);
    CHECK(encoder.AppendKey(out, {Value::Bool(true)}).code() == ErrorCode::kCorruptRecord);
    CHECK(encoder.AppendKey(out, {}).code() == ErrorCode::kCorruptRecord);
    CHECK(out == "before");
  }
  // A Paimon key whose null bit is set.
  const KeyEncoder paimon = MakeEncoder(KeyEncoding::kPaimon, {DataType::Int()}).value();
  CHECK(!paimon.DecodeKey(FromHex("00010000000000000100000000000000").value()).ok());
}

TEST_CASE("keys that an encoding does not support are refused when it is made", "[row]") {
  const auto code = [](KeyEncoding encoding, const std::vector<DataType>& types) {
    return MakeEncoder(encoding, types).status().code();
  };
  const DataType array = DataType::Array(DataType::Int());
  CHECK(code(KeyEncoding::kCompacted, {}) == ErrorCode::kInvalidTable);
  CHECK(code(KeyEncoding::kPaimon, {array}) == ErrorCode::kInvalidTable);
  CHECK(code(KeyEncoding::kIceberg, {DataType::Int(), DataType::Int()}) ==
        ErrorCode::kInvalidTable);
  for (const DataType& type : {DataType::Boolean(), DataType::TinyInt(), DataType::SmallInt(),
                               DataType::TimestampLtz(6), array}) {
    CHECK(code(KeyEncoding::kIceberg, {type}) == ErrorCode::kInvalidTable);
  }
  for (const DataType& type : {DataType::Binary(2), DataType::Bytes(), array}) {
    CHECK(code(KeyEncoding::kHudi, {type}) == ErrorCode::kInvalidTable);
  }
  const size_t no_such_column[] = {1};
  CHECK(KeyEncoder::Make(KeyEncoding::kCompacted, RowOf({DataType::Int()}), no_such_column)
            .status()
            .code() == ErrorCode::kInvalidTable);
}

TEST_CASE("bytes after a compacted key, or too few of them, are refused", "[row]") {
  const KeyEncoder encoder =
      MakeEncoder(KeyEncoding::kCompacted, {DataType::Int(), DataType::String()}).value();
  CHECK(encoder.DecodeKey(FromHex("010161").value()).ok());
  CHECK(encoder.DecodeKey(FromHex("01016162").value()).status().code() ==
        ErrorCode::kCorruptRecord);
  CHECK(!encoder.DecodeKey(FromHex("0101").value()).ok());
  CHECK(!encoder.DecodeKey("").ok());
}

TEST_CASE("iceberg keys of every type can be read back", "[row]") {
  const std::pair<DataType, Value> cases[] = {
      {DataType::Int(), Value::Int(INT32_MIN)},
      {DataType::BigInt(), Value::Int(INT64_MIN)},
      {DataType::Float(), Value::Float(-1.5F)},
      {DataType::Double(), Value::Double(1e300)},
      {DataType::Date(), Value::Int(-1)},
      {DataType::Time(3), Value::Int(86399999)},
      {DataType::Timestamp(6), Value::Time(-1, 999000)},
      {DataType::Timestamp(3), Value::Time(-1001)},
      {DataType::Decimal(38, 10), Value::Dec(-1)},
      {DataType::Char(3), Value::String("ab")},
      {DataType::Bytes(), Value::String("")},
  };
  for (const auto& [type, value] : cases) {
    INFO(type.ToString());
    const KeyEncoder encoder = MakeEncoder(KeyEncoding::kIceberg, {type}).value();
    CHECK(encoder.DecodeKey(encoder.EncodeKey({value}).value()).value() == Row{value});
  }
  const KeyEncoder nanos = MakeEncoder(KeyEncoding::kIceberg, {DataType::Timestamp(9)}).value();
  CHECK(nanos.DecodeKey(nanos.EncodeKey({Value::Time(5, 1999)}).value()).value() ==
        Row{Value::Time(5, 1000)});  // Nanoseconds are cut off.
}

TEST_CASE("iceberg keys out of range are refused", "[row]") {
  const auto decode = [](const DataType& type, std::string_view hex) {
    const KeyEncoder encoder = MakeEncoder(KeyEncoding::kIceberg, {type}).value();
    return encoder.DecodeKey(FromHex(hex).value()).status().code();
  };
  CHECK(decode(DataType::Int(), "0000008000000000") == ErrorCode::kCorruptRecord);
  CHECK(decode(DataType::Int(), "2a000000") == ErrorCode::kCorruptRecord);
  CHECK(decode(DataType::Time(3), "0100000000000000") == ErrorCode::kCorruptRecord);
  CHECK(decode(DataType::Time(3), "0060b81d14000000") == ErrorCode::kCorruptRecord);  // 24 h.
  CHECK(decode(DataType::Timestamp(3), "0100000000000000") == ErrorCode::kCorruptRecord);
  CHECK(decode(DataType::Decimal(5, 2), "") == ErrorCode::kCorruptRecord);
  CHECK(decode(DataType::Float(), "0000000000000000") == ErrorCode::kCorruptRecord);

  const KeyEncoder encoder = MakeEncoder(KeyEncoding::kIceberg, {DataType::Timestamp(3)}).value();
  CHECK(encoder.EncodeKey({Value::Time(INT64_MAX)}).status().code() == ErrorCode::kCorruptRecord);
}

}  // namespace
}  // namespace strom
