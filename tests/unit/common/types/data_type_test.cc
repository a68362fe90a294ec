#include "common/types/data_type.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {

TEST_CASE("a type prints as SQL", "[types]") {
  CHECK(DataType::Boolean().ToString() == "BOOLEAN");
  CHECK(DataType::Int().NotNull().ToString() == "INT NOT NULL");
  CHECK(DataType::Char(8).ToString() == "CHAR(8)");
  CHECK(DataType::Binary(1).ToString() == "BINARY(1)");
  CHECK(DataType::Decimal(10, 2).NotNull().ToString() == "DECIMAL(10, 2) NOT NULL");
  CHECK(DataType::Time(0).ToString() == "TIME(0)");
  CHECK(DataType::Timestamp(6).ToString() == "TIMESTAMP(6)");
  CHECK(DataType::TimestampLtz(9).ToString() == "TIMESTAMP_LTZ(9)");
  CHECK(DataType::Array(DataType::Int()).ToString() == "ARRAY<INT>");
  CHECK(DataType::Map(DataType::String(), DataType::Double()).ToString() ==
        "MAP<STRING NOT NULL, DOUBLE>");
  CHECK(DataType::Row({{"a", DataType::Int(), {}}, {"b`c", DataType::Date(), "it's"}}).ToString() ==
        "ROW<`a` INT, `b``c` DATE 'it''s'>");
}

TEST_CASE("types compare by kind, nullability, parameters and children", "[types]") {
  CHECK(DataType::Int() == DataType::Int());
  CHECK(DataType::Int() != DataType::BigInt());
  CHECK(DataType::Int() != DataType::Int().NotNull());
  CHECK(DataType::Int().NotNull().WithNullable(true) == DataType::Int());
  CHECK(DataType::Decimal(10, 2) != DataType::Decimal(10, 3));
  CHECK(DataType::Decimal(10, 2) != DataType::Decimal(11, 2));
  CHECK(DataType::Timestamp(3) != DataType::TimestampLtz(3));
  CHECK(DataType::Array(DataType::Int()) == DataType::Array(DataType::Int()));
  CHECK(DataType::Array(DataType::Int()) != DataType::Array(DataType::Int().NotNull()));

  const DataType row = DataType::Row({{"a", DataType::Int(), {}, 1}});
  CHECK(row == DataType::Row({{"a", DataType::Int(), {}, 1}}));
  CHECK(row != DataType::Row({{"b", DataType::Int(), {}, 1}}));
  CHECK(row != DataType::Row({{"a", DataType::Int(), {}, 2}}));
  CHECK(row != DataType::Row({{"a", DataType::Int(), "text", 1}}));
  CHECK(row != DataType::Row({}));
}

TEST_CASE("the key of a map is never null", "[types]") {
  const DataType map = DataType::Map(DataType::Int(), DataType::Int());
  CHECK_FALSE(map.key().nullable());
  CHECK(map.value().nullable());
}

TEST_CASE("nested types know their children", "[types]") {
  const DataType inner = DataType::Row({{"x", DataType::Float(), {}}});
  const DataType array = DataType::Array(inner.NotNull());
  CHECK(array.IsNested());
  CHECK(array.element() == inner.NotNull());
  CHECK(array.element().fields()[0].name == "x");
  CHECK_FALSE(DataType::Timestamp(3).IsNested());
}

TEST_CASE("decimals of 18 digits and timestamps of milliseconds are compact", "[types]") {
  CHECK(DataType::Decimal(18, 18).IsCompact());
  CHECK_FALSE(DataType::Decimal(19, 0).IsCompact());
  CHECK(DataType::Timestamp(3).IsCompact());
  CHECK_FALSE(DataType::TimestampLtz(4).IsCompact());
}

}  // namespace strom
