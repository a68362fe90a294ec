#include "common/row/hudi_key.h"

#include <catch2/catch_test_macros.hpp>

#include "common/base/endian.h"

namespace strom::internal {
namespace {

// The hash of a key of these columns, read from its four bytes.
Result<uint32_t> KeyHash(const Row& row, const std::vector<DataType>& types) {
  std::vector<size_t> columns;
  for (size_t i = 0; i < types.size(); ++i) columns.push_back(i);
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendHudiKey(out, row, columns, types));
  STROM_CHECK(out.size() == 4);
  return LoadBig<uint32_t>(out.data());
}

uint32_t HashOfText(std::string_view text) { return 31 + JavaStringHash(text).value(); }

TEST_CASE("text hashes are those of java.lang.String", "[row]") {
  CHECK(JavaStringHash("").value() == 0);
  CHECK(JavaStringHash("a").value() == 97);
  CHECK(JavaStringHash("ab").value() == 97 * 31 + 98);
  CHECK(JavaStringHash("hello").value() == 99162322);
  // Over UTF-16 units: U+00E9 is one, U+7535 is one, U+1F50C are two surrogates.
  CHECK(JavaStringHash("\xc3\xa9").value() == 0xe9);
  CHECK(JavaStringHash("\xe7\x94\xb5").value() == 0x7535);
  CHECK(JavaStringHash("\xf0\x9f\x94\x8c").value() == 31 * 0xd83d + 0xdd0c);
  CHECK(JavaStringHash("\xff").status().code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("values are hashed as the text Java prints", "[row]") {
  const std::tuple<DataType, Value, std::string> cases[] = {
      {DataType::Boolean(), Value::Bool(true), "true"},
      {DataType::TinyInt(), Value::Int(-128), "-128"},
      {DataType::BigInt(), Value::Int(INT64_MIN), "-9223372036854775808"},
      {DataType::Date(), Value::Int(19655), "19655"},
      {DataType::Time(0), Value::Int(34200000), "34200000"},
      {DataType::Float(), Value::Float(1.0F), "1.0"},
      {DataType::Double(), Value::Double(-1.0E10), "-1.0E10"},
      {DataType::Decimal(5, 2), Value::Dec(-12345), "-123.45"},
      {DataType::Decimal(20, 0), Value::Dec(7), "7"},
      {DataType::Char(2), Value::String("\xc3\xa9\xc3\xa9"), "\xc3\xa9\xc3\xa9"},
      {DataType::String(), Value::String("a,b"), "a,b"},
      {DataType::Timestamp(3), Value::Time(1698235273182), "2023-10-25T12:01:13.182"},
      {DataType::Timestamp(6), Value::Time(1698235273182, 456000), "2023-10-25T12:01:13.182456"},
      {DataType::Timestamp(9), Value::Time(0, 1), "1970-01-01T00:00:00.000000001"},
      {DataType::Timestamp(3), Value::Time(0), "1970-01-01T00:00"},
      {DataType::Timestamp(3), Value::Time(-1000), "1969-12-31T23:59:59"},
      {DataType::TimestampLtz(3), Value::Time(0), "1970-01-01T00:00:00Z"},
      {DataType::TimestampLtz(3), Value::Time(1698235273100), "2023-10-25T12:01:13.100Z"},
  };
  for (const auto& [type, value, text] : cases) {
    INFO(text);
    CHECK(KeyHash({value}, {type}).value() == HashOfText(text));
  }
}

TEST_CASE("a NULL is a text if it is the only column, else nothing", "[row]") {
  const DataType type = DataType::String();
  CHECK(KeyHash({Value::Null()}, {type}).value() == HashOfText("__null__"));
  CHECK(KeyHash({Value::Null(), Value::String("a")}, {type, type}).value() == 31 * 31 + 97);
}

TEST_CASE("texts that Hudi could not tell apart are refused in keys of several columns", "[row]") {
  const DataType type = DataType::String();
  for (const char* text : {"a,b", "__null__", "__empty__"}) {
    INFO(text);
    const Row row = {Value::String("x"), Value::String(text)};
    const Status status = KeyHash(row, {type, type}).status();
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    CHECK(status.message().find("column 1") != std::string_view::npos);
    CHECK(KeyHash({Value::String(text)}, {type}).ok());
  }
  CHECK(KeyHash({Value::String(""), Value::String("")}, {type, type}).value() == 31 * 31);
}

TEST_CASE("values that do not fit are refused", "[row]") {
  CHECK(!KeyHash({Value::Int(128)}, {DataType::TinyInt()}).ok());
  CHECK(!KeyHash({Value::Int(1)}, {DataType::Char(2)}).ok());
  CHECK(!KeyHash({Value::String("\xff")}, {DataType::String()}).ok());
  CHECK(!KeyHash({Value::Time(INT64_MAX)}, {DataType::Timestamp(3)}).ok());
}

}  // namespace
}  // namespace strom::internal
