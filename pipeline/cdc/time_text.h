#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.h"
#include "common/types/value.h"

namespace strom::cdc {

// PostgreSQL's dates and times as text with DateStyle ISO. Errors of all: kExternalSystem for text
// that is none, and for what our types have no place for: years above 9999, BC, infinity, 24:00.

// "2024-02-29": days since 1970-01-01.
Result<int64_t> ParseDateText(std::string_view text);

// "23:59:59.999999": milliseconds of the day; smaller digits are cut.
Result<int64_t> ParseTimeText(std::string_view text);

// "2024-02-29 15:04:56.789", followed by "+05:30" if `zoned`. Digits of the second beyond
// `precision`, 0 to 9, are cut.
Result<Timestamp> ParseTimestampText(std::string_view text, bool zoned, int precision);

}  // namespace strom::cdc
