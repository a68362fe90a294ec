#pragma once

#include <charconv>
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace strom::prove {

// `text` as a whole number from `min` to `max`. Errors: kInvalidConfig, with `name` for what it is.
inline Result<int64_t> IntegerOf(const std::string& name, const std::string& text, int64_t min,
                                 int64_t max) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end || number < min || number > max) {
    return Error(ErrorCode::kInvalidConfig, "{} needs a number from {} to {}, not '{}'", name, min,
                 max, text);
  }
  return number;
}

}  // namespace strom::prove
