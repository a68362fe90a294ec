#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

#include <fmt/core.h>

#include "common/base/result.h"

namespace strom::record {

// What a record does to its row. The number is the byte on the wire: an entry of the change-type
// vector of an ARROW changelog batch, or the attributes byte of a record in the row formats.
// Same values as Fluss: ChangeType.java.
enum class ChangeType : int8_t {
  kAppendOnly = 0,    // +A, a row of a log table
  kInsert = 1,        // +I, a new key
  kUpdateBefore = 2,  // -U, the old image
  kUpdateAfter = 3,   // +U, the new image
  kDelete = 4,        // -D, the deleted row, full old image
};

inline constexpr int8_t kChangeTypeMax = 4;

// Errors: kCorruptRecord for a byte that is no change type.
Result<ChangeType> ChangeTypeFromByte(int8_t byte);

// "+A", "+I", "-U", "+U", "-D".
std::string_view ChangeTypeSymbol(ChangeType type);

// The inverse. Errors: kCorruptMessage for any other text.
Result<ChangeType> ChangeTypeFromSymbol(std::string_view symbol);

inline std::ostream& operator<<(std::ostream& out, ChangeType type) {
  return out << ChangeTypeSymbol(type);
}

}  // namespace strom::record

template <>
struct fmt::formatter<strom::record::ChangeType> {
  constexpr auto parse(format_parse_context& ctx) { return ctx.begin(); }
  template <class Context>
  auto format(strom::record::ChangeType type, Context& ctx) const {
    return fmt::format_to(ctx.out(), "{}", strom::record::ChangeTypeSymbol(type));
  }
};
