#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/value.h"

namespace strom {

// Dates and times as ISO 8601 texts, and back. Those outside the years 0 to 9999 have no such text:
// they are plain numbers since the epoch, in days or milliseconds.

std::string DateToText(int64_t days);  // "2024-01-31"
// "12:34:56", with ".789" if there are milliseconds. `millis` of the day.
std::string TimeToText(int64_t millis);
// "2024-01-31T12:34:56.123456", as many digits of the second as it takes in threes; with Z if
// `has_zone`.
std::string TimestampToText(Timestamp at, bool has_zone);

// Errors of all three: kCorruptRecord naming the text and the form that was expected.
Result<int64_t> DateFromText(std::string_view text);  // Days.
Result<int64_t> TimeFromText(std::string_view text);  // Milliseconds of the day.
// With `has_zone` the text must end in Z or an offset, without it must not. More than `precision`
// digits of the second, 0 to 9, are an error unless they are zeros.
Result<Timestamp> TimestampFromText(std::string_view text, bool has_zone, int precision);

}  // namespace strom
