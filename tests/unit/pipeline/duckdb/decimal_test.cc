#include "common/types/decimal.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/duckdb/decimal_math.h"
#include "pipeline/duckdb/decimal_sql.h"
#include "pipeline/duckdb/decimal_types.h"
#include "tests/unit/pipeline/duckdb/evaluate.h"

namespace strom::duck {
namespace {

DataType Dec(int precision, int scale) { return DataType::Decimal(precision, scale); }

__int128 Number(std::string_view digits) { return ParseDecimal(digits, 38, 0).value(); }

std::string Print(std::optional<__int128> value) {
  return value ? FormatDecimal(*value, 0) : "too long";
}

TEST_CASE("result types are Flink's", "[duckdb]") {
  // The examples of Flink's LogicalTypeMergingTest.
  CHECK(DivisionType(Dec(32, 8), Dec(38, 8)) == Dec(38, 6));
  CHECK(DivisionType(Dec(30, 20), Dec(30, 20)) == Dec(38, 8));
  CHECK(MultiplicationType(Dec(30, 10), Dec(30, 10)) == Dec(38, 6));
  CHECK(MultiplicationType(Dec(30, 20), Dec(30, 20)) == Dec(38, 17));
  CHECK(MultiplicationType(Dec(38, 2), Dec(38, 3)) == Dec(38, 5));
  CHECK(ModuloType(Dec(30, 10), Dec(30, 10)) == Dec(30, 10));
  CHECK(ModuloType(Dec(30, 20), Dec(25, 20)) == Dec(25, 20));
  CHECK(ModuloType(Dec(10, 0), Dec(5, 0)) == Dec(5, 0));

  CHECK(DivisionType(Dec(10, 2), Dec(10, 2)) == Dec(23, 13));
  CHECK(DivisionType(AsDecimal(DataType::Int()), Dec(4, 1)) == Dec(17, 6));
  CHECK(AdditionType(Dec(10, 2), Dec(8, 4)) == Dec(13, 4));
  CHECK(AdditionType(Dec(38, 8), Dec(32, 8)) == Dec(38, 7));
  CHECK(RoundType(Dec(10, 4), 2) == Dec(9, 2));
  CHECK(RoundType(Dec(10, 4), 4) == Dec(10, 4));
  CHECK(RoundType(Dec(10, 4), -1) == Dec(7, 0));
  CHECK(SumType(Dec(10, 2)) == Dec(38, 2));
  CHECK(AverageType(Dec(10, 2)) == Dec(38, 6));
  CHECK(AverageType(Dec(20, 10)) == Dec(38, 10));
  CHECK(AverageType(DataType::Int()) == DataType::Int());
  CHECK(AsDecimal(DataType::TinyInt()) == Dec(3, 0));
  CHECK(AsDecimal(DataType::SmallInt()) == Dec(5, 0));
  CHECK(AsDecimal(DataType::BigInt()) == Dec(19, 0));
}

TEST_CASE("division rounds once, half away from zero", "[duckdb]") {
  const __int128 large = Number("99999999999999999999999999999999999999");
  CHECK(Print(DivideHalfUp(1, 2, 0)) == "1");
  CHECK(Print(DivideHalfUp(-1, 2, 0)) == "-1");
  CHECK(Print(DivideHalfUp(1, 3, 10)) == "3333333333");
  CHECK(Print(DivideHalfUp(2, 3, 10)) == "6666666667");
  CHECK(Print(DivideHalfUp(2, -3, 10)) == "-6666666667");
  CHECK(Print(DivideHalfUp(149, 1, -1)) == "15");
  CHECK(Print(DivideHalfUp(289, 2, -1)) == "14");  // 14.45: not 14.5 first.
  CHECK(Print(DivideHalfUp(290, 2, -1)) == "15");
  CHECK(Print(DivideHalfUp(large, 1, -38)) == "1");
  CHECK(Print(DivideHalfUp(large / 2, large, 38)) == "49999999999999999999999999999999999999");
  CHECK(Print(DivideHalfUp(1, large, 75)) == "10000000000000000000000000000000000000");
  CHECK(Print(DivideHalfUp(1, large, 76)) == "too long");
  CHECK(Print(DivideHalfUp(large, 1, 1)) == "too long");
  CHECK(Print(DivideHalfUp(large, large, 37)) == "10000000000000000000000000000000000000");
  CHECK(Print(DivideHalfUp(large, large, 38)) == "too long");
  CHECK(Print(DivideHalfUp(0, large, 76)) == "0");
  // b too large for ten times the rest: 2/3 with 38 digits each.
  CHECK(Print(DivideHalfUp(Number("22222222222222222222222222222222222222"),
                           Number("33333333333333333333333333333333333333"), 20)) ==
        "66666666666666666667");
}

TEST_CASE("multiplication keeps all digits until it rounds", "[duckdb]") {
  const __int128 large = Number("99999999999999999999999999999999999999");
  CHECK(Print(MultiplyHalfUp(12, -12, 0)) == "-144");
  CHECK(Print(MultiplyHalfUp(5, 1, 1)) == "1");
  CHECK(Print(MultiplyHalfUp(-45, 1, 1)) == "-5");
  CHECK(Print(MultiplyHalfUp(44, 1, 1)) == "4");
  CHECK(Print(MultiplyHalfUp(large, large, 38)) == "99999999999999999999999999999999999998");
  CHECK(Print(MultiplyHalfUp(large, -large, 76)) == "-1");
  CHECK(Print(MultiplyHalfUp(large, large, 37)) == "too long");
  CHECK(Print(MultiplyHalfUp(large, 10, 1)) == "99999999999999999999999999999999999999");
  CHECK(Print(MultiplyHalfUp(large, 0, 20)) == "0");
  CHECK(DropDigitsHalfUp(-25, 1) == -3);
  CHECK(DropDigitsHalfUp(24, 1) == 2);
  CHECK(DropDigitsHalfUp(24, 0) == 24);
  CHECK(DropDigits(-29, 1) == -2);
  CHECK(DropDigits(-29, 39) == 0);
}

struct Arithmetic : Engine {
  TypedSql Lit(std::string_view number, const DataType& type) {
    return {"CAST('" + std::string(number) + "' AS " + SqlType(type) + ")", type};
  }
  // The value, printed with the digits of its type; checks that the type is as promised.
  std::string Value(const Result<TypedSql>& call) {
    const auto result = connection->Query("SELECT " + call.value().sql);
    if (!result.ok()) return std::string(result.status().message());
    CHECK(result.value().fields.at(0).type == call.value().type.WithNullable(true));
    const auto& cell = result.value().rows.at(0).at(0);
    if (cell.is_null()) return "NULL";
    const auto* decimal = cell.get_if<Decimal>();
    return decimal ? FormatDecimal(decimal->unscaled, call.value().type.scale()) : cell.ToString();
  }
};

TEST_CASE("DECIMAL / DECIMAL is a DECIMAL", "[duckdb]") {
  Arithmetic sql;
  const auto divide = [&](const TypedSql& a, const TypedSql& b) {
    return sql.Value(DivideDecimals(*sql.database, a, b));
  };
  CHECK(divide(sql.Lit("10.00", Dec(10, 2)), sql.Lit("3.00", Dec(10, 2))) == "3.3333333333333");
  CHECK(divide(sql.Lit("-2.00", Dec(10, 2)), sql.Lit("3.00", Dec(10, 2))) == "-0.6666666666667");
  CHECK(divide({"7", DataType::Int()}, sql.Lit("2.0", Dec(4, 1))) == "3.500000");
  CHECK(divide(sql.Lit("1", Dec(38, 0)), sql.Lit("3", Dec(38, 0))) == "0.333333");
  CHECK(divide(sql.Lit("1.00", Dec(10, 2)), sql.Lit("0.00", Dec(10, 2))).find("division by zero") !=
        std::string::npos);
  CHECK(divide({"NULL::DECIMAL(10,2)", Dec(10, 2)}, sql.Lit("0.00", Dec(10, 2))) == "NULL");
  // 10^37 / 10^-6 has 44 digits: NULL, as in Flink.
  CHECK(divide(sql.Lit("10000000000000000000000000000000000000", Dec(38, 0)),
               sql.Lit("0.000001", Dec(38, 6))) == "NULL");
  // The second time the function is there.
  CHECK(divide(sql.Lit("9.00", Dec(10, 2)), sql.Lit("4.00", Dec(10, 2))) == "2.2500000000000");
}

TEST_CASE("DECIMAL * DECIMAL loses no digit before the point", "[duckdb]") {
  Arithmetic sql;
  const auto multiply = [&](const TypedSql& a, const TypedSql& b) {
    return sql.Value(MultiplyDecimals(*sql.database, a, b));
  };
  CHECK(multiply(sql.Lit("1.25", Dec(10, 2)), sql.Lit("-0.5", Dec(5, 1))) == "-0.625");
  CHECK(multiply({"3", DataType::Int()}, sql.Lit("1.10", Dec(10, 2))) == "3.30");
  CHECK(multiply(sql.Lit("1.00000000000000000005", Dec(30, 20)),
                 sql.Lit("2.00000000000000000000", Dec(30, 20))) == "2.00000000000000000");
  CHECK(multiply(sql.Lit("12345678901234567890.5", Dec(38, 2)), sql.Lit("2.000", Dec(38, 3))) ==
        "24691357802469135781.00000");
  CHECK(multiply(sql.Lit("100000000000000000000", Dec(38, 2)),
                 sql.Lit("100000000000000000000", Dec(38, 3))) == "NULL");
}

TEST_CASE("AVG keeps the kind of its argument", "[duckdb]") {
  Arithmetic sql;
  REQUIRE(sql.connection
              ->Execute("CREATE TABLE t AS SELECT * FROM (VALUES (1.00::DECIMAL(10,2), 1), "
                        "(1.00, 2), (2.00, 2), (NULL, NULL)) v(d, i)")
              .ok());
  const auto average = [&](const TypedSql& x, bool distinct, std::string_view filter) {
    TypedSql call = AverageOf(*sql.database, x, distinct, filter).value();
    call.sql += " FROM t";
    return sql.Value(call);
  };
  const TypedSql d{"d", Dec(10, 2)};
  const TypedSql i{"i", DataType::Int()};
  CHECK(average(d, false, "") == "1.333333");
  CHECK(average(d, true, "") == "1.500000");
  CHECK(average(d, false, "i = 2") == "1.500000");
  CHECK(average(d, false, "i = 9") == "NULL");
  CHECK(average(i, false, "") == "1");  // 5 / 3, cut off.
  CHECK(average(i, false, "i = 9") == "NULL");
  CHECK(average({"-i", DataType::Int()}, false, "") == "-1");
}

TEST_CASE("casts to DECIMAL round half up and give NULL for what does not fit", "[duckdb]") {
  Arithmetic sql;
  const auto cast = [&](std::string_view text, const DataType& from, const DataType& to) {
    return sql.Value(ToDecimal(*sql.database, {std::string(text), from}, to));
  };
  CHECK(cast("1.005::DOUBLE", DataType::Double(), Dec(10, 2)) == "1.01");
  CHECK(cast("-1.005::DOUBLE", DataType::Double(), Dec(10, 2)) == "-1.01");
  CHECK(cast("1e-7::DOUBLE", DataType::Double(), Dec(10, 8)) == "0.00000010");
  CHECK(cast("0.1::FLOAT", DataType::Float(), Dec(20, 12)) == "0.100000001490");
  CHECK(cast("1e30::DOUBLE", DataType::Double(), Dec(10, 2)) == "NULL");
  CHECK(cast("'nan'::DOUBLE", DataType::Double(), Dec(10, 2)) == "NULL");
  CHECK(cast("1.005::DECIMAL(10,3)", Dec(10, 3), Dec(10, 2)) == "1.01");
  CHECK(cast("1.005::DECIMAL(38,3)", Dec(38, 3), Dec(10, 2)) == "1.01");
  CHECK(cast("-99.995::DECIMAL(38,3)", Dec(38, 3), Dec(4, 2)) == "NULL");
  CHECK(cast("7::DECIMAL(38,0)", Dec(38, 0), Dec(38, 37)) == "7." + std::string(37, '0'));
  CHECK(cast("10::DECIMAL(38,0)", Dec(38, 0), Dec(38, 37)) == "NULL");
  CHECK(cast("NULL::DECIMAL(38,3)", Dec(38, 3), Dec(10, 2)) == "NULL");
  CHECK(cast("1000", DataType::Int(), Dec(4, 2)) == "NULL");
  CHECK(cast("'-2.5'", DataType::String(), Dec(4, 0)) == "-3");
  CHECK(cast("'x'", DataType::String(), Dec(4, 0)) == "NULL");
}

TEST_CASE("TRUNCATE of a DECIMAL keeps its type", "[duckdb]") {
  Arithmetic sql;
  const auto truncate = [&](std::string_view number, const DataType& type, int digits) {
    return sql.Value(TruncateDecimal(*sql.database, sql.Lit(number, type), digits));
  };
  CHECK(truncate("42.329", Dec(10, 3), 2) == "42.320");
  CHECK(truncate("-42.329", Dec(10, 3), 0) == "-42.000");
  CHECK(truncate("42.329", Dec(10, 3), -1) == "40.000");
  CHECK(truncate("42.329", Dec(10, 3), 9) == "42.329");
  CHECK(truncate("42.329", Dec(10, 3), -100) == "0.000");
}

}  // namespace
}  // namespace strom::duck
