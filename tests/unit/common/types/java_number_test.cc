#include "common/types/java_number.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

// The form Java gives: a sign, digits, a point, digits, perhaps E and an exponent.
bool HasJavaForm(const std::string& text) {
  size_t i = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const size_t begin = i;
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]))) ++i;
    return i > begin;
  };
  if (!digits() || i == text.size() || text[i++] != '.' || !digits()) return false;
  if (i == text.size()) return true;
  if (text[i++] != 'E') return false;
  if (i < text.size() && text[i] == '-') ++i;
  return digits() && i == text.size();
}

}  // namespace

TEST_CASE("numbers print as in Java", "[types]") {
  CHECK(JavaToString(0.0) == "0.0");
  CHECK(JavaToString(-0.0) == "-0.0");
  CHECK(JavaToString(1.0) == "1.0");
  CHECK(JavaToString(100.0) == "100.0");
  CHECK(JavaToString(123456.789) == "123456.789");
  CHECK(JavaToString(1234567.0) == "1234567.0");
  CHECK(JavaToString(9999999.0) == "9999999.0");
  CHECK(JavaToString(10000000.0) == "1.0E7");
  CHECK(JavaToString(12345678.5) == "1.23456785E7");
  CHECK(JavaToString(0.001) == "0.001");
  CHECK(JavaToString(0.0123) == "0.0123");
  CHECK(JavaToString(0.00099) == "9.9E-4");
  CHECK(JavaToString(1e23) == "1.0E23");
  CHECK(JavaToString(5e-324) == "4.9E-324");
  CHECK(JavaToString(1.7976931348623157e308) == "1.7976931348623157E308");
  CHECK(JavaToString(0.1F) == "0.1");
  CHECK(JavaToString(1e10F) == "1.0E10");
  CHECK(JavaToString(3.4028235e38F) == "3.4028235E38");
  CHECK(JavaToString(1e-45F) == "1.4E-45");
  CHECK(JavaToString(std::nan("")) == "NaN");
  CHECK(JavaToString(-std::numeric_limits<float>::infinity()) == "-Infinity");
}

TEST_CASE("any double reads back from its text", "[types]") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 5000; ++round) {
    // Bit patterns cover all magnitudes; small integers and cents cover what people store.
    const double value = round % 3 == 0   ? std::bit_cast<double>(random())
                         : round % 3 == 1 ? static_cast<double>(random() % 100000) / 100
                                          : static_cast<double>(random() % 1000000000);
    if (!std::isfinite(value)) continue;
    const std::string text = JavaToString(value);
    INFO(text);
    CHECK(HasJavaForm(text));
    CHECK(std::strtod(text.c_str(), nullptr) == value);
    const double magnitude = std::abs(value);
    const bool plain = magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7);
    CHECK((text.find('E') == std::string::npos) == plain);
  }
}

TEST_CASE("any float reads back from its text, in no more digits than a double", "[types]") {
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (!std::isfinite(value)) continue;
    const std::string text = JavaToString(value);
    INFO(text);
    CHECK(HasJavaForm(text));
    CHECK(std::strtof(text.c_str(), nullptr) == value);
    CHECK(text.size() <= JavaToString(static_cast<double>(value)).size());
  }
}

}  // namespace strom
