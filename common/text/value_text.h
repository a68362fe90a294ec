#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "common/types/value.h"

namespace strom {

// One value as text, and back: what tables and CSV files show, and JSON holds in quotes.
//
//   BOOLEAN true; integers 42; FLOAT, DOUBLE the shortest text that reads as the same number, NaN,
//   Infinity, -Infinity; DECIMAL 12.50; CHAR, STRING as they are; BINARY, BYTES base64;
//   DATE 2024-01-31; TIME 12:34:56.789; TIMESTAMP 2024-01-31T12:34:56.123456;
//   TIMESTAMP_LTZ the same in UTC with a Z; nested types as JSON (value_json.h).
//
// Dates outside the years 0 to 9999 are numbers: days, or milliseconds, since the epoch.

// `value` is of this type and not NULL.
std::string ValueToText(const Value& value, const DataType& type);

// Reads what ValueToText writes, and a little more: a space for the T, no seconds, an offset
// (+02:00) for the Z. Never NULL. Errors: kCorruptRecord saying what was expected; also for a
// number, text or fraction of a second that the type has no room for.
Result<Value> ValueFromText(std::string_view text, const DataType& type);

}  // namespace strom
