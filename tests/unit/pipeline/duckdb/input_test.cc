#include <catch2/catch_test_macros.hpp>

#include "pipeline/duckdb/duck.h"
#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

std::vector<RowRef> Pointers(const std::vector<Row>& rows) {
  std::vector<RowRef> pointers;
  for (const Row& row : rows) pointers.push_back(&row);
  return pointers;
}

TEST_CASE("values of every type go in and come out the same", "[duckdb]") {
  struct Case {
    DataType type;
    std::vector<Value> values;
  };
  const DataType row_type = DataType::Row(
      {{.name = "a", .type = DataType::Int()}, {.name = "b", .type = DataType::String()}});
  const __int128 large = (__int128{1} << 100) + 7;
  const Case cases[] = {
      {DataType::Boolean(), {Value::Bool(true), Value::Bool(false)}},
      {DataType::TinyInt(), {Value::Int(-128), Value::Int(127)}},
      {DataType::SmallInt(), {Value::Int(-32768), Value::Int(32767)}},
      {DataType::Int(), {Value::Int(INT32_MIN), Value::Int(INT32_MAX)}},
      {DataType::BigInt(), {Value::Int(INT64_MIN), Value::Int(INT64_MAX)}},
      {DataType::Float(), {Value::Float(-1.5F), Value::Float(3.25F)}},
      {DataType::Double(), {Value::Double(-1e300), Value::Double(0.1)}},
      {DataType::String(),
       {Value::String(""), Value::String("变电站"), Value::String(std::string(1000, 'x'))}},
      {DataType::Bytes(), {Value::String(Bytes("\0\xff\xfe", 3)), Value::String("")}},
      {DataType::Decimal(4, 2), {Value::Dec(-9999), Value::Dec(9999)}},
      {DataType::Decimal(9, 2), {Value::Dec(-999999999), Value::Dec(1)}},
      {DataType::Decimal(18, 2), {Value::Dec(-999999999999999999), Value::Dec(1)}},
      {DataType::Decimal(38, 10), {Value::Dec(-large), Value::Dec(large)}},
      {DataType::Date(), {Value::Int(-719528), Value::Int(20000)}},
      {DataType::Time(3), {Value::Int(0), Value::Int(86399999)}},
      {DataType::Timestamp(6), {Value::Time(-1, 999000), Value::Time(1700000000123, 456000)}},
      {DataType::Timestamp(9), {Value::Time(-1, 999999), Value::Time(1700000000123, 456789)}},
      {DataType::TimestampLtz(6), {Value::Time(-1, 1000), Value::Time(1700000000123, 456000)}},
      {DataType::Array(DataType::String()),
       {Value::List({}), Value::List({Value::String("a"), Value::Null()})}},
      {DataType::Array(DataType::Array(DataType::Int())),
       {Value::List({Value::List({Value::Int(1)}), Value::Null(), Value::List({})}),
        Value::List({Value::List({Value::Int(2), Value::Null()})})}},
      {DataType::Map(DataType::String(), DataType::Int()),
       {Value::Map({}),
        Value::Map({{Value::String("k"), Value::Int(1)}, {Value::String("l"), Value::Null()}})}},
      {row_type,
       {Value::Struct({Value::Int(1), Value::String("b")}),
        Value::Struct({Value::Null(), Value::Null()})}},
      {DataType::Array(row_type),
       {Value::List({Value::Struct({Value::Int(1), Value::Null()}), Value::Null()})}},
  };
  for (const Case& test : cases) {
    INFO(test.type.ToString());
    Engine engine;
    const auto input =
        engine.connection->CreateInput("t", {{.name = "c", .type = test.type}}).value();
    const auto statement = engine.connection->Prepare("SELECT c FROM t").value();
    CHECK(statement->fields().at(0).type == test.type);
    std::vector<Row> rows{{Value::Null()}};
    for (const Value& value : test.values) rows.push_back({value});
    rows.push_back({Value::Null()});
    input->Set(Pointers(rows));
    CHECK(statement->Run().value() == rows);
  }
}

TEST_CASE("a value that is not of its column's type fails the statement", "[duckdb]") {
  struct Case {
    DataType type;
    Value value;
  };
  const Case cases[] = {
      {DataType::Int(), Value::String("1")},
      {DataType::Int(), Value::Int(int64_t{1} << 31)},
      {DataType::TinyInt(), Value::Int(128)},
      {DataType::SmallInt(), Value::Int(-32769)},
      {DataType::Boolean(), Value::Int(1)},
      {DataType::Double(), Value::Float(1)},
      {DataType::String(), Value::String("\xff")},
      {DataType::Time(3), Value::Int(86400000)},
      {DataType::Decimal(3, 1), Value::Dec(1000)},
      {DataType::Timestamp(6), Value::Time(INT64_MAX)},
      {DataType::Timestamp(9), Value::Time(int64_t{1} << 50)},
      {DataType::Array(DataType::Int()), Value::List({Value::Bool(true)})},
      {DataType::Row({{.name = "a", .type = DataType::Int()}}), Value::Struct({})},
  };
  for (const Case& test : cases) {
    INFO(test.type.ToString() << " from " << test.value.ToString());
    Engine engine;
    const auto input =
        engine.connection->CreateInput("t", {{.name = "c", .type = test.type}}).value();
    const Row row{test.value};
    input->Set({&row});
    const Status status = engine.connection->Query("SELECT c FROM t").status();
    CHECK(status.code() == ErrorCode::kInvalidSql);
    CHECK(status.message().find("input \"t\", column c: ") != std::string_view::npos);
  }
}

TEST_CASE("a statement sees the rows its inputs have when it runs", "[duckdb]") {
  Engine engine;
  const auto devices = engine.connection
                           ->CreateInput("devices", {{.name = "id", .type = DataType::BigInt()},
                                                     {.name = "name", .type = DataType::String()}})
                           .value();
  const auto readings = engine.connection
                            ->CreateInput("readings", {{.name = "id", .type = DataType::BigInt()},
                                                       {.name = "v", .type = DataType::Double()}})
                            .value();
  const auto statement =
      engine.connection
          ->Prepare(
              "SELECT d.name, sum(r.v), count(*) FROM readings r JOIN devices d USING (id) "
              "GROUP BY ALL ORDER BY 1")
          .value();
  CHECK(statement->Run().value().empty());

  const std::vector<Row> names{{Value::Int(1), Value::String("a")},
                               {Value::Int(2), Value::String("b")}};
  devices->Set(Pointers(names));
  std::vector<Row> values;
  for (int64_t i = 0; i < 5000; ++i) values.push_back({Value::Int(i % 2 + 1), Value::Double(1)});
  readings->Set(Pointers(values));
  CHECK(statement->Run().value() ==
        std::vector<Row>{{Value::String("a"), Value::Double(2500), Value::Int(2500)},
                         {Value::String("b"), Value::Double(2500), Value::Int(2500)}});

  readings->Set({&values[1]});
  CHECK(statement->Run().value() ==
        std::vector<Row>{{Value::String("b"), Value::Double(1), Value::Int(1)}});
  readings->Set({});
  CHECK(statement->Run().value().empty());
}

TEST_CASE("rows that lie elsewhere are read by their columns, and numbered", "[duckdb]") {
  Engine engine;
  const auto input = engine.connection
                         ->CreateInput("t", {{.name = "text", .type = DataType::String()},
                                             {.name = "amount", .type = DataType::Decimal(10, 2)},
                                             {.name = "k", .type = DataType::BigInt()}})
                         .value();
  const auto statement =
      engine.connection->Prepare("SELECT amount, text, k FROM t WHERE amount IS NOT NULL").value();
  std::vector<Row> rows;
  for (int64_t i = 0; i < 5000; ++i) {  // Several chunks.
    rows.push_back({i % 7 == 0 ? Value::Null() : Value::Dec(i), Value::Bool(true),
                    Value::String(std::string(static_cast<size_t>(i % 40), 'x'))});
  }
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < 5000; ++i) numbers.push_back(-i);
  input->Set(Pointers(rows), {2, 0}, numbers);
  const auto result = statement->RunNumbered();
  REQUIRE(result.ok());
  size_t at = 0;
  for (int64_t i = 0; i < 5000; ++i) {
    if (i % 7 == 0) continue;
    const Row& row = rows[static_cast<size_t>(i)];
    REQUIRE(result->rows[at] == Row{row[0], row[2]});
    REQUIRE(result->numbers[at++] == -i);
  }
  CHECK(at == result->rows.size());

  const auto null = engine.connection->Prepare("SELECT text, NULLIF(k, -1) FROM t").value();
  CHECK(null->RunNumbered().status().code() == ErrorCode::kUnknownServerError);
  input->Set({});
  CHECK(null->RunNumbered().value().rows.empty());
}

TEST_CASE("columns a statement does not read are not converted", "[duckdb]") {
  Engine engine;
  const auto input = engine.connection
                         ->CreateInput("t", {{.name = "bad", .type = DataType::Int()},
                                             {.name = "good", .type = DataType::Int()}})
                         .value();
  const std::vector<Row> rows{{Value::String("no int"), Value::Int(1)},
                              {Value::String("no int"), Value::Int(2)}};
  input->Set(Pointers(rows));
  CHECK(engine.connection->Query("SELECT good FROM t").value().rows ==
        std::vector<Row>{{Value::Int(1)}, {Value::Int(2)}});
  CHECK(engine.connection->Query("SELECT count(*) FROM t WHERE good > 1").value().rows ==
        std::vector<Row>{{Value::Int(1)}});
  CHECK_FALSE(engine.connection->Query("SELECT bad FROM t").ok());
}

TEST_CASE("a name can be used again, and never shows the rows of before", "[duckdb]") {
  Engine engine;
  auto input = engine.connection->CreateInput("a b\"c", {{.name = "x", .type = DataType::Int()}});
  REQUIRE(input.ok());
  CHECK_FALSE(
      engine.connection->CreateInput("a b\"c", {{.name = "x", .type = DataType::Int()}}).ok());
  const Row row{Value::Int(1)};
  input.value()->Set({&row});
  const auto statement = engine.connection->Prepare("SELECT * FROM \"a b\"\"c\"").value();
  CHECK(statement->Run().value().size() == 1);

  input = Status(ErrorCode::kInvalidSql, "gone");
  CHECK_FALSE(statement->Run().ok());
  CHECK_FALSE(engine.connection->Query("SELECT * FROM \"a b\"\"c\"").ok());
  const auto again =
      engine.connection->CreateInput("a b\"c", {{.name = "y", .type = DataType::String()}}).value();
  CHECK(engine.connection->Query("SELECT y FROM \"a b\"\"c\"").value().rows.empty());
  CHECK_FALSE(statement->Run().ok());
}

TEST_CASE("inputs of two connections do not meet", "[duckdb]") {
  Engine engine;
  const auto other = engine.database->Connect().value();
  const auto mine = engine.connection->CreateInput("t", {{.name = "x", .type = DataType::Int()}});
  const auto theirs = other->CreateInput("t", {{.name = "x", .type = DataType::Int()}});
  const Row one{Value::Int(1)};
  const Row two{Value::Int(2)};
  mine.value()->Set({&one});
  theirs.value()->Set({&two});
  CHECK(engine.connection->Query("FROM t").value().rows == std::vector<Row>{one});
  CHECK(other->Query("FROM t").value().rows == std::vector<Row>{two});
  CHECK_FALSE(other->Query("FROM strom_input(99)").ok());
}

}  // namespace
}  // namespace strom::duck
