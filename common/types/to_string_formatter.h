#pragma once

#include <fmt/core.h>

namespace strom {

// Makes a type with ToString() printable by {fmt}:
//   template <> struct fmt::formatter<strom::X> : strom::ToStringFormatter {};
struct ToStringFormatter {
  constexpr auto parse(fmt::format_parse_context& ctx) { return ctx.begin(); }
  template <class T, class Context>
  auto format(const T& value, Context& ctx) const {
    return fmt::format_to(ctx.out(), "{}", value.ToString());
  }
};

}  // namespace strom
