#include "pipeline/sink/postgres/postgres_column.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/sink/postgres/postgres_type.h"
#include "tests/unit/pipeline/sink/sink_world.h"

namespace strom::sink {
namespace {

using postgres::PgElement;

TEST_CASE("a column takes a type if nothing of it can get lost", "[sink]") {
  CHECK(Takes("bigint", DataType::Int()));
  CHECK(Takes("smallint", DataType::TinyInt()));
  CHECK(Takes("numeric(3,0)", DataType::BigInt()));
  CHECK_FALSE(Takes("numeric(3,-2)", DataType::BigInt()));
  CHECK_FALSE(Takes("integer", DataType::BigInt()));
  CHECK(Takes("numeric", DataType::Decimal(38, 10)));
  CHECK(Takes("numeric(4,2)", DataType::Decimal(10, 2)));  // Too large for it is an error.
  CHECK_FALSE(Takes("numeric(10,1)", DataType::Decimal(10, 2)));
  CHECK_FALSE(Takes("numeric(10)", DataType::Decimal(10, 2)));
  CHECK_FALSE(Takes("double precision", DataType::Decimal(10, 2)));
  CHECK(Takes("character varying", DataType::String()));
  CHECK(Takes("character varying(5)", DataType::String()));
  CHECK_FALSE(Takes("date", DataType::Timestamp(3)));
  CHECK(Takes("timestamp without time zone", DataType::Timestamp(6)));
  CHECK_FALSE(Takes("timestamp without time zone", DataType::Timestamp(7)));
  CHECK(Takes("timestamp(3) without time zone", DataType::Timestamp(3)));
  CHECK_FALSE(Takes("timestamp(3) without time zone", DataType::Timestamp(6)));
  CHECK_FALSE(Takes("timestamp(3) without time zone", DataType::TimestampLtz(3)));
  CHECK(Takes("time(3) without time zone", DataType::Time(9)));
  CHECK_FALSE(Takes("time(0) without time zone", DataType::Time(3)));
  CHECK(Takes("jsonb", DataType::Map(DataType::String(), DataType::Int())));
  CHECK_FALSE(Takes("bigint", DataType::String()));
}

TEST_CASE("the base type of a column is what its array is of", "[sink]") {
  CHECK(BaseType("timestamp(3) with time zone") == "timestamp with time zone");
  CHECK(BaseType("numeric(10,2)") == "numeric");
  CHECK(ElementOf("numeric(10,2)") == PgElement::kNumeric);
  CHECK(ElementOf("timestamp(3) with time zone") == PgElement::kTimestamptz);
  CHECK(ElementOf("character(3)") == PgElement::kBpchar);
  CHECK(ElementOf("uuid") == std::nullopt);
}

TEST_CASE("a number that the column has no room for is refused, not cut", "[sink]") {
  PostgresColumn column(ColumnOf("n", DataType::Int()), "integer");
  CHECK(column.Add(Value::Int(INT32_MAX)).ok());
  const Status status = column.Add(Value::Int(int64_t{INT32_MAX} + 1));
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(status.ToString(), Contains("column n: 2147483648 is no INT"));
  PostgresColumn small(ColumnOf("s", DataType::SmallInt()), "smallint");
  CHECK(small.Add(Value::Int(-32768)).ok());
  CHECK_FALSE(small.Add(Value::Int(-32769)).ok());
  CHECK(small.size() == 1);
}

TEST_CASE("a text with a NUL character is refused, bytes may have some", "[sink]") {
  PostgresColumn text(ColumnOf("note", DataType::String()), "text");
  const Status status = text.Add(Value::String(std::string("a\0b", 3)));
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK_THAT(status.ToString(), Contains("column note: a text of 3 bytes has a NUL"));
  PostgresColumn bytes(ColumnOf("data", DataType::Bytes()), "bytea");
  CHECK(bytes.Add(Value::String(std::string("a\0b", 3))).ok());
}

TEST_CASE("a column is filled and cleared batch after batch", "[sink]") {
  PostgresColumn column(ColumnOf("n", DataType::BigInt()), "bigint");
  REQUIRE(column.Add(Value::Int(1)).ok());
  const std::string first = *column.Parameter().value;
  REQUIRE(column.Add(Value::Null()).ok());
  CHECK(*column.Parameter().value != first);
  column.Clear();
  CHECK(column.size() == 0);
  REQUIRE(column.Add(Value::Int(1)).ok());
  CHECK(*column.Parameter().value == first);
  CHECK(column.Parameter().binary);
}

}  // namespace
}  // namespace strom::sink
