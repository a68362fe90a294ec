#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <fmt/core.h>

#include "common/types/decimal.h"
#include "pipeline/duckdb/decimal_math.h"
#include "pipeline/duckdb/decimal_sql.h"
#include "tests/unit/pipeline/duckdb/evaluate.h"

// Division and multiplication against what defines them, on random numbers of every length.
namespace strom::duck {
namespace {

using Wide = __int128;

class Numbers {
 public:
  // Up to `digits` digits, either sign.
  Wide Next(int digits) {
    const int length = static_cast<int>(random_() % static_cast<unsigned>(digits)) + 1;
    const Wide value = ((static_cast<Wide>(random_() >> 1) << 64) | random_()) % PowerOfTen(length);
    return random_() % 2 == 0 ? value : -value;
  }

 private:
  std::mt19937_64 random_{20240609};
};

Wide Abs(Wide value) { return value < 0 ? -value : value; }

TEST_CASE("a quotient is at most half a unit off, and halves go away from zero", "[duckdb]") {
  Numbers numbers;
  for (int i = 0; i < 3000; ++i) {
    const Wide a = numbers.Next(18);
    Wide b = numbers.Next(18);
    if (b == 0) b = 7;
    const int shift = i % 18;
    const auto quotient = DivideHalfUp(a, b, shift);
    REQUIRE(quotient);
    // |a * 10^shift - q * b| <= |b| / 2; all of it fits 128 bits.
    const Wide off = Abs(a) * PowerOfTen(shift) - Abs(*quotient) * Abs(b);
    REQUIRE(2 * off < Abs(b));    // Never too small by a half.
    REQUIRE(2 * off >= -Abs(b));  // Too large by a half at most.
    REQUIRE((*quotient == 0 || (*quotient < 0) == ((a < 0) != (b < 0))));
  }
}

TEST_CASE("a product divided by a factor is the other factor", "[duckdb]") {
  Numbers numbers;
  for (int i = 0; i < 3000; ++i) {
    const Wide a = numbers.Next(38);
    const int digits = i % 38;
    REQUIRE(MultiplyHalfUp(a, PowerOfTen(digits), digits) == a);
    REQUIRE(DivideHalfUp(a, PowerOfTen(digits), digits) == a);
    REQUIRE(MultiplyHalfUp(a, 1, digits) == DropDigitsHalfUp(a, digits));
    REQUIRE(DivideHalfUp(a, 1, -digits) == DropDigitsHalfUp(a, digits));
    const Wide b = numbers.Next(19);
    const Wide c = numbers.Next(18);
    if (b != 0) REQUIRE(DivideHalfUp(*MultiplyHalfUp(b, c, 0), b, 0) == c);
  }
}

TEST_CASE("a quotient that fits in one step is that of the digits one by one", "[duckdb]") {
  Numbers numbers;
  for (int i = 0; i < 3000; ++i) {
    const Wide a = numbers.Next(20);
    Wide b = numbers.Next(20);
    if (b == 0) b = 3;
    // Ten times both is the same number, and too large for one step where a * 10^shift just fits.
    for (const int shift : {0, 4, 17, 18, 19, 20}) {
      const auto quotient = DivideHalfUp(a, b, shift);
      const auto larger = DivideHalfUp(a * PowerOfTen(18), b * PowerOfTen(18), shift);
      REQUIRE(quotient == larger);
    }
  }
}

TEST_CASE("a decimal at another scale is what DuckDB's cast makes of it", "[duckdb]") {
  Numbers numbers;
  Engine engine;
  const std::vector<DataType> types = {DataType::Decimal(38, 0),  DataType::Decimal(38, 6),
                                       DataType::Decimal(38, 20), DataType::Decimal(24, 4),
                                       DataType::Decimal(10, 2),  DataType::Decimal(4, 3)};
  for (const DataType& from : types) {
    const auto input = engine.connection->CreateInput("t", {{.name = "x", .type = from}}).value();
    std::vector<Row> rows;
    for (int i = 0; i < 300; ++i) {
      const Wide number = numbers.Next(from.precision());
      // Halves, too, and what is next to them.
      const Wide unit = PowerOfTen(i % from.precision());
      rows.push_back({Value::Dec(i % 3 == 0 ? number : number / unit * unit + unit / 2 - i % 2)});
      if (!DecimalFits(rows.back()[0].get_if<Decimal>()->unscaled, from.precision())) {
        rows.back()[0] = Value::Dec(number);
      }
    }
    std::vector<RowRef> handed;
    for (const Row& row : rows) handed.push_back(&row);
    input->Set(std::move(handed));
    for (const DataType& to : types) {
      INFO(from.ToString() << " to " << to.ToString());
      const std::string ours = ToDecimal(*engine.database, {"x", from}, to).value().sql;
      const auto wrong = engine.connection->Query(
          fmt::format("SELECT x, {0}, TRY_CAST(x AS {1}) FROM t WHERE {0} IS DISTINCT FROM "
                      "TRY_CAST(x AS {1})",
                      ours, SqlType(to)));
      INFO(wrong.status().ToString());
      REQUIRE(wrong.ok());
      CHECK(wrong->rows.empty());
    }
  }
}

TEST_CASE("a double at a scale is its shortest decimal rounded", "[duckdb]") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const int scale = i % 12;
    double value = static_cast<double>(random() % 2'000'000'001) / 1000;  // Halves of many scales.
    if (i % 3 == 0) value = std::bit_cast<double>(random());
    if (i % 3 == 1)
      value = std::ldexp(static_cast<double>(random() >> 11), -static_cast<int>(random() % 60));
    if (random() % 2 == 0) value = -value;
    const auto ours = ShortestAtScale(value, scale);
    INFO(fmt::format("{} at {}", value, scale));
    if (!std::isfinite(value)) {
      CHECK_FALSE(ours);
      continue;
    }
    if (std::fabs(value) >= 9e15) continue;  // Beyond, plain notation is not the shortest decimal.
    char text[512];
    const auto printed = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
    const auto expected = ParseDecimal({text, static_cast<size_t>(printed.ptr - text)}, 38, scale);
    if (expected.ok()) {
      REQUIRE(ours == *expected);
    } else {
      REQUIRE_FALSE(ours);
    }
  }
}

}  // namespace
}  // namespace strom::duck
