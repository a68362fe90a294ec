#include "common/types/value.h"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "common/types/decimal.h"
#include "common/types/utf8.h"

namespace strom {
namespace {

bool Fits(const Value& value, const DataType& type) {
  const Status status = CheckValue(value, type, "c");
  if (!status.ok()) CHECK(status.code() == ErrorCode::kCorruptRecord);
  return status.ok();
}

}  // namespace

TEST_CASE("a value prints for messages", "[types]") {
  CHECK(Value().ToString() == "NULL");
  CHECK(Value::Bool(true).ToString() == "true");
  CHECK(Value::Int(-42).ToString() == "-42");
  CHECK(Value::Double(1.5).ToString() == "1.5");
  CHECK(Value::String("text").ToString() == "'text'");
  CHECK(Value::String("\xff\x01").ToString() == "0xff01");
  CHECK(Value::Dec(-PowerOfTen(20)).ToString() == "-100000000000000000000");
  CHECK(Value::Time(1000, 5).ToString() == "1000ms+5ns");
  CHECK(Value::List({Value::Int(1), Value()}).ToString() == "[1, NULL]");
  CHECK(Value::Map({{Value::Int(1), Value::String("a")}}).ToString() == "{1: 'a'}");
  CHECK(Value::Struct({Value::Int(1), Value::List({})}).ToString() == "(1, [])");
}

TEST_CASE("values compare deeply, and floats by their bits", "[types]") {
  CHECK(Value::Int(1) == Value::Int(1));
  CHECK(Value::Int(1) != Value::Double(1));
  CHECK(Value::Int(0) != Value());
  CHECK(Value::Double(std::nan("")) == Value::Double(std::nan("")));
  CHECK(Value::Double(0.0) != Value::Double(-0.0));
  CHECK(Value::Float(0.0F) != Value::Float(-0.0F));
  CHECK(Value::List({Value::Int(1)}) == Value::List({Value::Int(1)}));
  CHECK(Value::List({Value::Int(1)}) != Value::List({Value::Int(2)}));
  CHECK(Value::List({}) != Value::Struct({}));
  CHECK(Value::Struct({Value::List({Value()})}) == Value::Struct({Value::List({Value()})}));
  CHECK(Value::Map({{Value::Int(1), Value()}}) != Value::Map({{Value::Int(1), Value::Int(1)}}));
}

TEST_CASE("integers must be in the range of their type", "[types]") {
  CHECK(Fits(Value::Int(127), DataType::TinyInt()));
  CHECK_FALSE(Fits(Value::Int(128), DataType::TinyInt()));
  CHECK(Fits(Value::Int(-32768), DataType::SmallInt()));
  CHECK_FALSE(Fits(Value::Int(-32769), DataType::SmallInt()));
  CHECK_FALSE(Fits(Value::Int(INT32_MAX + int64_t{1}), DataType::Int()));
  CHECK_FALSE(Fits(Value::Int(INT32_MAX + int64_t{1}), DataType::Date()));
  CHECK(Fits(Value::Int(INT64_MIN), DataType::BigInt()));
  CHECK(Fits(Value::Int(86399999), DataType::Time(0)));
  CHECK_FALSE(Fits(Value::Int(86400000), DataType::Time(3)));
  CHECK_FALSE(Fits(Value::Int(-1), DataType::Time(3)));
  CHECK(CheckValue(Value::Int(300), DataType::TinyInt(), "column a").message() ==
        "column a: 300 is out of the range of TINYINT, -128 to 127");
}

TEST_CASE("only the alternative of the type is accepted", "[types]") {
  const std::vector<std::pair<DataType, Value>> pairs = {
      {DataType::Boolean(), Value::Bool(true)},
      {DataType::Int(), Value::Int(1)},
      {DataType::Float(), Value::Float(1)},
      {DataType::Double(), Value::Double(1)},
      {DataType::String(), Value::String("a")},
      {DataType::Decimal(3, 1), Value::Dec(1)},
      {DataType::Timestamp(3), Value::Time(1)},
      {DataType::Array(DataType::Int()), Value::List({})},
      {DataType::Map(DataType::Int(), DataType::Int()), Value::Map({})},
      {DataType::Row({}), Value::Struct({})},
  };
  for (const auto& [type, unused] : pairs) {
    for (const auto& [other, value] : pairs) {
      INFO(type.ToString() << " given " << value.ToString());
      CHECK(Fits(value, type) == (type == other));
    }
    CHECK(Fits(Value(), type));
    CHECK_FALSE(Fits(Value(), type.NotNull()));
  }
  CHECK(CheckValue(Value(), DataType::Int().NotNull(), "column id").message() ==
        "column id: NULL is no value of INT NOT NULL");
}

TEST_CASE("lengths, digits and nanoseconds are limited", "[types]") {
  CHECK(Fits(Value::String("abc"), DataType::Char(3)));
  CHECK_FALSE(Fits(Value::String("abcd"), DataType::Char(3)));
  CHECK_FALSE(Fits(Value::String("abcd"), DataType::Binary(3)));
  CHECK(Fits(Value::String(std::string(1000, 'x')), DataType::Bytes()));
  CHECK(Fits(Value::Dec(999), DataType::Decimal(3, 1)));
  CHECK(CheckValue(Value::Dec(-1000), DataType::Decimal(3, 1), "d").message() ==
        "d: -100.0 has too many digits for DECIMAL(3, 1)");
  CHECK(Fits(Value::Time(-1, 999999), DataType::Timestamp(9)));
  CHECK_FALSE(Fits(Value::Time(0, 1000000), DataType::Timestamp(9)));
  CHECK_FALSE(Fits(Value::Time(0, -1), DataType::TimestampLtz(9)));
}

TEST_CASE("the error of a nested value says where it is", "[types]") {
  const DataType type =
      DataType::Row({{"list", DataType::Array(DataType::Int().NotNull()), {}},
                     {"map", DataType::Map(DataType::String(), DataType::TinyInt()), {}}});
  const auto message = [&](Value list, Value map) {
    return std::string(CheckValue(Value::Struct({list, map}), type, "c").message());
  };
  CHECK(message(Value::List({Value::Int(1)}), Value()).empty());
  CHECK(message(Value::List({Value::Int(1), Value()}), Value()) ==
        "c: field list: element 1: NULL is no value of INT NOT NULL");
  CHECK(message(Value(), Value::Map({{Value(), Value()}})) ==
        "c: field map: key of entry 0: NULL is no value of STRING NOT NULL");
  CHECK(message(Value(), Value::Map({{Value::String("k"), Value::Int(128)}})) ==
        "c: field map: value of entry 0: 128 is out of the range of TINYINT, -128 to 127");
  CHECK_FALSE(Fits(Value::Struct({Value()}), type));  // One field of two.
}

TEST_CASE("UTF-8 is well formed or it is not", "[types]") {
  for (const char* good : {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(IsUtf8(good));
  }
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    CHECK_FALSE(IsUtf8(bad));
  }
  CHECK(IsUtf8(std::string_view("a\0b", 3)));
}

TEST_CASE("CHAR counts characters, BINARY bytes", "[types]") {
  const Value two_characters = Value::String("\xE7\x94\xB5\xE7\xBD\x91");  // 电网, six bytes.
  CHECK(CheckValue(two_characters, DataType::Char(2), "c").ok());
  CHECK_FALSE(CheckValue(two_characters, DataType::Char(1), "c").ok());
  CHECK_FALSE(CheckValue(two_characters, DataType::Binary(5), "c").ok());
  CHECK(CheckValue(two_characters, DataType::Binary(6), "c").ok());
}

}  // namespace strom
