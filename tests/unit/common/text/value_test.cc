#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "common/text/value_json.h"
#include "common/text/value_text.h"
#include "tests/testing/random_rows.h"

namespace strom {
namespace {

Schema SchemaOf(std::vector<Column> columns) {
  return Schema::Make({.columns = std::move(columns)}).value();
}

std::string Text(const Value& value, const DataType& type) { return ValueToText(value, type); }
std::string Json(const Value& value, const DataType& type) { return ValueToJson(value, type); }

// What is wrong with `json` as a value of `type`.
std::string Problem(std::string_view json, const DataType& type) {
  const Result<Value> value = ValueFromJson(json, type);
  REQUIRE_FALSE(value.ok());
  CHECK(value.status().code() == ErrorCode::kCorruptRecord);
  return std::string(value.status().message());
}

// JSON objects hold each key once, and text keys make an object: no such map is built here.
bool HasTextKeyedMap(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kArray:
      return HasTextKeyedMap(type.element());
    case TypeKind::kMap:
      return type.key().kind() == TypeKind::kString || type.key().kind() == TypeKind::kChar ||
             HasTextKeyedMap(type.value()) || HasTextKeyedMap(type.key());
    case TypeKind::kRow:
      for (const RowField& field : type.fields()) {
        if (HasTextKeyedMap(field.type)) return true;
      }
      return false;
    default:
      return false;
  }
}

}  // namespace

TEST_CASE("values have one text each", "[text]") {
  CHECK(Text(Value::Bool(true), DataType::Boolean()) == "true");
  CHECK(Text(Value::Int(-128), DataType::TinyInt()) == "-128");
  CHECK(Text(Value::Float(0.1F), DataType::Float()) == "0.1");
  CHECK(Text(Value::Double(1e300), DataType::Double()) == "1e+300");
  CHECK(Text(Value::Double(NAN), DataType::Double()) == "NaN");
  CHECK(Text(Value::Double(-INFINITY), DataType::Double()) == "-Infinity");
  CHECK(Text(Value::Dec(-1250), DataType::Decimal(10, 2)) == "-12.50");
  CHECK(Text(Value::String("水"), DataType::String()) == "水");
  CHECK(Text(Value::String(std::string("\0\xff", 2)), DataType::Bytes()) == "AP8=");
  CHECK(Text(Value::List({Value::Int(1), Value::Null()}), DataType::Array(DataType::Int())) ==
        "[1,null]");
}

TEST_CASE("JSON keeps what JSON numbers would lose", "[text]") {
  CHECK(Json(Value::Null(), DataType::Int()) == "null");
  CHECK(Json(Value::Int(INT64_MIN), DataType::BigInt()) == "-9223372036854775808");
  CHECK(Json(Value::Float(0.1F), DataType::Float()) == "0.1");
  CHECK(Json(Value::Double(INFINITY), DataType::Double()) == "\"Infinity\"");
  CHECK(Json(Value::Dec(1250), DataType::Decimal(38, 2)) == "\"12.50\"");
  CHECK(Json(Value::String("a\"\n"), DataType::String()) == R"("a\"\n")");
  CHECK(Json(Value::String("\xff"), DataType::String()) == "\"\xEF\xBF\xBD\"");
  CHECK(Json(Value::Int(19782), DataType::Date()) == "\"2024-02-29\"");
  const DataType texts = DataType::Map(DataType::String(), DataType::Int());
  CHECK(Json(Value::Map({{Value::String("b"), Value::Int(1)}, {Value::String("a"), Value::Null()}}),
             texts) == R"({"b":1,"a":null})");
  const DataType numbers = DataType::Map(DataType::Int(), DataType::Int());
  CHECK(Json(Value::Map({{Value::Int(7), Value::Int(1)}}), numbers) == R"([{"key":7,"value":1}])");
  const DataType row = DataType::Row({{"x", DataType::Int(), {}}, {"y", DataType::String(), {}}});
  CHECK(Json(Value::Struct({Value::Int(1), Value::Null()}), row) == R"({"x":1,"y":null})");
}

TEST_CASE("random values come back from text and from JSON", "[text]") {
  const uint64_t seed = GENERATE(take(200, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  testing::RandomRows random(seed);
  for (int i = 0; i < 20; ++i) {
    const DataType type = random.RandomType();
    if (HasTextKeyedMap(type)) continue;
    const Value value = random.RandomNotNull(type);
    INFO(type.ToString() << ": " << value.ToString());
    const std::string text = ValueToText(value, type);
    INFO(text);
    CHECK(ValueFromText(text, type).value() == value);
    const std::string json = ValueToJson(value, type);
    INFO(json);
    CHECK(ValueFromJson(json, type).value() == value);
  }
}

TEST_CASE("rows are objects with the columns in their order", "[text]") {
  const Schema schema =
      SchemaOf({{.name = "id", .type = DataType::Int().NotNull()},
                {.name = "name", .type = DataType::String()},
                {.name = "tags", .type = DataType::Map(DataType::String(), DataType::Int())}});
  const Row row = {Value::Int(7), Value::String("水"),
                   Value::Map({{Value::String("k"), Value::Int(1)}})};
  const std::string json = R"({"id":7,"name":"水","tags":{"k":1}})";
  CHECK(RowToJson(row, schema.columns()) == json);
  CHECK(RowFromJson(json, schema).value() == row);
  CHECK(RowFromJson(R"({"name":null,"id":7})", schema).value() ==
        Row{Value::Int(7), Value::Null(), Value::Null()});
}

TEST_CASE("a wrong row names its column", "[text]") {
  const Schema schema = SchemaOf({{.name = "id", .type = DataType::Int().NotNull()},
                                  {.name = "name", .type = DataType::Char(3)}});
  const auto problem = [&schema](std::string_view json) {
    return std::string(RowFromJson(json, schema).status().message());
  };
  CHECK(problem(R"({"id":1,"nane":"x"})") == "no column nane, did you mean name?");
  CHECK(problem(R"({"id":"x"})") == "column id: \"x\" is no whole number");
  CHECK(problem(R"({"name":"x"})").find("column id") == 0);
  CHECK(problem(R"({"id":1,"name":"long"})").find("name") != std::string::npos);
  CHECK(problem("[1]") == "[1] is no object");
  CHECK(problem(R"({"id":1)").find("no JSON: parse error at line 1") == 0);
  CHECK(problem("") != "");
}

TEST_CASE("JSON of another kind than the type is refused", "[text]") {
  CHECK(Problem("1", DataType::Boolean()) == "1 is no true or false");
  CHECK(Problem("1.0", DataType::Int()) == "1.0 is no whole number");
  CHECK(Problem("18446744073709551615", DataType::BigInt()).find("64 bits") != std::string::npos);
  CHECK(Problem("128", DataType::TinyInt()).find("128") != std::string::npos);
  CHECK(Problem("\"abc\"", DataType::Double()) == "'abc' is no number");
  CHECK(Problem("5", DataType::String()) == "5 is no text");
  CHECK(Problem("\"%%\"", DataType::Bytes()) == "'%%' is no base64");
  CHECK(Problem("{}", DataType::Array(DataType::Int())) == "{} is no array");
  CHECK(Problem("[{\"key\":1}]", DataType::Map(DataType::Int(), DataType::Int()))
            .find("\"key\" and \"value\"") != std::string::npos);
  CHECK(Problem("\"123.45\"", DataType::Decimal(4, 2)) != "");
  CHECK(Problem("\"" + std::string(500, 'x') + "\"", DataType::Int()).size() < 120);
}

TEST_CASE("a DECIMAL may be a JSON number as long as that is exact", "[text]") {
  const DataType type = DataType::Decimal(20, 4);
  CHECK(ValueFromJson("12.5", type).value() == Value::Dec(125000));
  CHECK(ValueFromJson("-7", type).value() == Value::Dec(-70000));
  CHECK(ValueFromJson("\"123456789012345.6789\"", type).value() ==
        Value::Dec(__int128{1234567890123456789}));
  CHECK(Problem("123456789012345.6789", type).find("write it as a text") != std::string::npos);
  CHECK(ValueFromJson("1e10", type).value() == Value::Dec(__int128{100000000000000}));
  CHECK(Problem("1e30", type).find("write it as a text") != std::string::npos);
}

TEST_CASE("text that a type does not take is refused", "[text]") {
  const auto problem = [](std::string_view text, const DataType& type) {
    return std::string(ValueFromText(text, type).status().message());
  };
  CHECK(problem("yes", DataType::Boolean()) == "'yes' is neither true nor false");
  CHECK(problem("", DataType::Int()) == "'' is no whole number");
  CHECK(problem("1 ", DataType::Int()) == "'1 ' is no whole number");
  CHECK(problem("99999999999999999999", DataType::BigInt()).find("out of the range") !=
        std::string::npos);
  CHECK(problem("1e999", DataType::Double()).find("out of the range") != std::string::npos);
  CHECK(problem("300", DataType::TinyInt()).find("300") != std::string::npos);
  CHECK(problem("[1", DataType::Array(DataType::Int())).find("no JSON") == 0);
}

}  // namespace strom
