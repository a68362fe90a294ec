#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace strom {

// Texts of durations and sizes in options and table properties, as Fluss reads them: a whole
// number, optional space, optional unit. The result is never negative unless the text says so.

// Units d h min s ms us ns and their long names ("7 d", "3min", "10 seconds"); none: milliseconds.
// Fractions of a millisecond are cut. Errors: kInvalidConfig naming the text.
Result<int64_t> ParseDurationMillis(std::string_view text);

// Units b k m g t with or without a trailing "b", or their long names ("64mb", "1024 kb", "1 gb"),
// powers of 1024; none: bytes. Errors: kInvalidConfig naming the text.
Result<int64_t> ParseMemorySize(std::string_view text);

// "7 d", "90 s", "250 ms": the largest unit that divides the value.
std::string FormatDurationMillis(int64_t millis);

}  // namespace strom
