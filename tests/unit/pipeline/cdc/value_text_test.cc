#include "pipeline/cdc/value_text.h"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/cdc/time_text.h"

namespace strom::cdc {
namespace {

Value Parsed(std::string_view text, const DataType& type) {
  const auto value = ParseValueText(text, type);
  INFO(value.status().ToString());
  REQUIRE(value.ok());
  return *value;
}

bool Refused(std::string_view text, const DataType& type) {
  const auto value = ParseValueText(text, type);
  return value.status().code() == ErrorCode::kExternalSystem &&
         value.status().message().find(text.substr(0, 20)) != std::string_view::npos;
}

SourceTable Orders() {
  return {.schema_name = "public",
          .name = "orders",
          .schema = Schema::Make({.columns = {{"id", DataType::Int()},
                                              {"amount", DataType::Decimal(5, 2)},
                                              {"code", DataType::Char(3)},
                                              {"due", DataType::Date().NotNull()}},
                                  .primary_key = {"id"}})
                        .value()};
}

}  // namespace

TEST_CASE("numbers are read as declared", "[cdc]") {
  CHECK(Parsed("-32768", DataType::SmallInt()) == Value::Int(-32768));
  CHECK(Parsed("9223372036854775807", DataType::BigInt()) == Value::Int(INT64_MAX));
  CHECK(Parsed("t", DataType::Boolean()) == Value::Bool(true));
  CHECK(Parsed("f", DataType::Boolean()) == Value::Bool(false));
  CHECK(Parsed("1.5", DataType::Float()) == Value::Float(1.5F));
  CHECK(Parsed("-0", DataType::Double()) == Value::Double(-0.0));
  CHECK(Parsed("1e-300", DataType::Double()) == Value::Double(1e-300));
  CHECK(Parsed("Infinity", DataType::Double()) == Value::Double(INFINITY));
  CHECK(std::isnan(*Parsed("NaN", DataType::Float()).get_if<float>()));
  CHECK(Parsed("12", DataType::Double()) == Value::Double(12));
  for (const char* text : {"", "1x", "9223372036854775808", "1.0"}) {
    CHECK(Refused(text, DataType::BigInt()));
  }
  CHECK(Refused("true", DataType::Boolean()));
  CHECK(Refused("1e400", DataType::Double()));
  CHECK(Refused("1.5 ", DataType::Double()));
}

TEST_CASE("numeric is rounded half up to the declared scale", "[cdc]") {
  CHECK(Parsed("12.345", DataType::Decimal(10, 2)) == Value::Dec(1235));
  CHECK(Parsed("-12.345", DataType::Decimal(10, 2)) == Value::Dec(-1235));
  CHECK(Parsed("12.344999", DataType::Decimal(10, 2)) == Value::Dec(1234));
  CHECK(Parsed("7", DataType::Decimal(10, 4)) == Value::Dec(70000));
  CHECK(Refused("1000.00", DataType::Decimal(5, 2)));
  CHECK(Refused("999.995", DataType::Decimal(5, 2)));
  CHECK(Refused("NaN", DataType::Decimal(5, 2)));
  CHECK(Refused("Infinity", DataType::Decimal(5, 2)));
}

TEST_CASE("text and bytes are read as they are", "[cdc]") {
  CHECK(Parsed("ab  ", DataType::String()) == Value::String("ab  "));
  CHECK(Parsed("\\x00ff10", DataType::Bytes()) == Value::String(std::string("\x00\xff\x10", 3)));
  CHECK(Parsed("\\x", DataType::Bytes()) == Value::String(""));
  CHECK(Refused("\\x0", DataType::Bytes()));
  CHECK(Refused("\\000\\377", DataType::Bytes()));
}

TEST_CASE("dates and times have a place between the years 1 and 9999", "[cdc]") {
  CHECK(ParseDateText("1970-01-01").value() == 0);
  CHECK(ParseDateText("2024-02-29").value() == 19782);
  CHECK(ParseDateText("0001-01-01").value() == -719162);
  CHECK(ParseDateText("9999-12-31").value() == 2932896);
  for (const char* text : {"10000-01-01", "0044-03-15 BC", "infinity", "-infinity", "2023-02-29",
                           "2024-1-01", "", "2024-01-01 "}) {
    INFO(text);
    CHECK(ParseDateText(text).status().code() == ErrorCode::kExternalSystem);
  }
  CHECK(ParseTimeText("23:59:59.999999").value() == 86399999);
  CHECK(ParseTimeText("00:00:00").value() == 0);
  CHECK_FALSE(ParseTimeText("24:00:00").ok());
  CHECK_FALSE(ParseTimeText("12:00").ok());
}

TEST_CASE("timestamps keep the declared digits and end up in UTC", "[cdc]") {
  CHECK(ParseTimestampText("1970-01-01 00:00:01.5", false, 3).value() == Timestamp{1500, 0});
  CHECK(ParseTimestampText("1970-01-01 00:00:00.123456", false, 6).value() ==
        Timestamp{123, 456000});
  CHECK(ParseTimestampText("1970-01-01 00:00:00.123456", false, 3).value() == Timestamp{123, 0});
  CHECK(ParseTimestampText("1970-01-01 00:00:00.9", false, 0).value() == Timestamp{0, 0});
  CHECK(ParseTimestampText("1969-12-31 23:59:59.999999", false, 6).value() ==
        Timestamp{-1, 999000});
  CHECK(ParseTimestampText("1970-01-01 05:30:00+05:30", true, 3).value() == Timestamp{0, 0});
  CHECK(ParseTimestampText("1969-12-31 22:00:00-02", true, 3).value() == Timestamp{0, 0});
  CHECK(ParseTimestampText("1970-01-01 05:53:28+05:53:28", true, 3).value() == Timestamp{0, 0});
  for (const char* text : {"infinity", "294276-12-31 23:59:59", "0044-03-15 12:00:00 BC",
                           "2024-01-01T00:00:00", "2024-01-01", "2024-01-01 00:00:00."}) {
    INFO(text);
    CHECK_FALSE(ParseTimestampText(text, false, 6).ok());
  }
  CHECK_FALSE(ParseTimestampText("2024-01-01 00:00:00", true, 6).ok());
  CHECK_FALSE(ParseTimestampText("2024-01-01 00:00:00+00", false, 6).ok());
  CHECK_FALSE(ParseTimestampText("9999-12-31 23:59:59-01", true, 6).ok());
}

TEST_CASE("arrays become lists, of lists too", "[cdc]") {
  CHECK(Parsed("{1,NULL}", DataType::Array(DataType::Int())) ==
        Value::List({Value::Int(1), Value::Null()}));
  CHECK(Parsed("{\"a b\",c}", DataType::Array(DataType::String())) ==
        Value::List({Value::String("a b"), Value::String("c")}));
  CHECK(Parsed("{{1},{2}}", DataType::Array(DataType::Array(DataType::Int()))) ==
        Value::List({Value::List({Value::Int(1)}), Value::List({Value::Int(2)})}));
  CHECK(Refused("{{1},{2}}", DataType::Array(DataType::Int())) == false);  // Names the element.
  CHECK_FALSE(ParseValueText("{{1},{2}}", DataType::Array(DataType::Int())).ok());
}

TEST_CASE("errors of a column name table, column and value", "[cdc]") {
  const SourceTable orders = Orders();
  CHECK(ParseColumnText("1.005", orders, 1).value() == Value::Dec(101));
  CHECK(ParseColumnText(std::nullopt, orders, 1).value().is_null());
  const auto message = [&](std::optional<BytesView> text, size_t column) {
    const auto value = ParseColumnText(text, orders, column);
    CHECK(value.status().code() == ErrorCode::kExternalSystem);
    return std::string(value.status().message());
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  const std::string infinite = message("infinity", 3);
  CHECK((has(infinite, "public.orders") && has(infinite, "due") && has(infinite, "'infinity'")));
  const std::string out_of_range = message("2147483648", 0);
  CHECK((has(out_of_range, "column id") && has(out_of_range, "2147483648")));
  const std::string too_long = message("abcd", 2);
  CHECK((has(too_long, "column code") && has(too_long, "'abcd'")));
  CHECK(has(message(std::nullopt, 3), "column due"));
  CHECK(has(message("NaN", 1), "'NaN'"));
}

TEST_CASE("types may be declared as what holds their values", "[cdc]") {
  CHECK(MayDeclare(23, 0, DataType::Int()));
  CHECK(MayDeclare(23, 0, DataType::BigInt()));
  CHECK_FALSE(MayDeclare(20, 0, DataType::Int()));
  CHECK(MayDeclare(1700, 0, DataType::Decimal(10, 2)));
  CHECK_FALSE(MayDeclare(1700, 0, DataType::Int()));
  CHECK(MayDeclare(1114, 0, DataType::Timestamp(3)));
  CHECK_FALSE(MayDeclare(1184, 0, DataType::Timestamp(3)));
  CHECK(MayDeclare(2950, 0, DataType::String()));   // uuid
  CHECK(MayDeclare(16999, 0, DataType::String()));  // An enum.
  CHECK_FALSE(MayDeclare(16999, 0, DataType::Int()));
  CHECK(MayDeclare(1007, 23, DataType::Array(DataType::Int())));
  CHECK_FALSE(MayDeclare(1007, 23, DataType::Array(DataType::Date())));
  CHECK_FALSE(MayDeclare(3802, 0, DataType::Map(DataType::String(), DataType::String())));
}

}  // namespace strom::cdc
