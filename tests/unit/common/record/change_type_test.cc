#include "common/record/change_type.h"

#include <sstream>

#include <catch2/catch_test_macros.hpp>

namespace strom::record {

TEST_CASE("every change type has its byte and its symbol", "[record]") {
  const std::pair<int8_t, std::string_view> known[] = {
      {0, "+A"}, {1, "+I"}, {2, "-U"}, {3, "+U"}, {4, "-D"}};
  for (const auto& [byte, symbol] : known) {
    const ChangeType type = ChangeTypeFromByte(byte).value();
    CHECK(static_cast<int8_t>(type) == byte);
    CHECK(ChangeTypeSymbol(type) == symbol);
    CHECK(ChangeTypeFromSymbol(symbol).value() == type);
    CHECK(fmt::format("{}", type) == symbol);
    std::ostringstream out;
    out << type;
    CHECK(out.str() == symbol);
  }
}

TEST_CASE("other bytes and texts are no change types", "[record]") {
  for (int byte = -128; byte < 128; ++byte) {
    const Result<ChangeType> type = ChangeTypeFromByte(static_cast<int8_t>(byte));
    CHECK(type.ok() == (byte >= 0 && byte <= 4));
    if (!type.ok()) CHECK(type.status().code() == ErrorCode::kCorruptRecord);
  }
  for (const char* text : {"", "+", "+D", "+a", "+I ", "INSERT"}) {
    CHECK(ChangeTypeFromSymbol(text).status().code() == ErrorCode::kCorruptMessage);
  }
}

}  // namespace strom::record
