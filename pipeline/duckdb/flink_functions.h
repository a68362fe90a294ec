#pragma once

// For sources only: includes duckdb.h.

#include <vector>

#include "common/base/status.h"
#include "pipeline/duckdb/scalar_function.h"

// Flink SQL's functions where DuckDB has none or answers differently, under the prefix flink_; the
// translator (pipeline/sql) emits calls to them. Every function gives NULL for a NULL argument
// unless said. Characters are Unicode code points. Session time zone: UTC. Locale: English.
// Source of the semantics: Flink's SQL documentation and the runtime classes SqlFunctionUtils,
// BinaryStringDataUtil, DateTimeUtils, DecimalDataUtils. DECIMAL arithmetic: decimal_sql.h.
//
//   text (flink_text.cc)
//     flink_hash_code(VARCHAR) -> INTEGER       |String.hashCode()|, of UTF-16 units
//     flink_substring(VARCHAR, INTEGER from [, INTEGER len])
//                                               from 1, 0 means 1, negative counts from the end;
//                                               '' outside the text; NULL for len < 0
//     flink_split_index(VARCHAR, VARCHAR separator | INTEGER character code, INTEGER index)
//                                               from 0; NULL outside; '' for '' gives no parts
//     flink_locate(VARCHAR needle, VARCHAR text [, INTEGER from]) -> INTEGER   from 1; 0: not there
//     flink_lpad, flink_rpad(VARCHAR, INTEGER length, VARCHAR pad)   NULL: length < 0 or pad ''
//     flink_initcap(VARCHAR)                    words of ASCII letters and digits
//     flink_concat(VARCHAR, ...)                NULL if any argument is
//     flink_concat_ws(VARCHAR separator, VARCHAR, ...)   skips NULLs after the separator
//   numbers (flink_number.cc)
//     flink_round, flink_truncate(DOUBLE, INTEGER) -> DOUBLE   of the digits Java prints, HALF_UP
//     flink_truncate(BIGINT, INTEGER) -> BIGINT
//     flink_to_string(DOUBLE | FLOAT | BOOLEAN | TIMESTAMP, INTEGER precision)   CAST(x AS STRING)
//   time (flink_time.cc, flink_time_text.cc)
//     flink_timestampdiff(VARCHAR unit, TIMESTAMP a, TIMESTAMP b) -> INTEGER   full units, b - a
//     flink_timestampadd(VARCHAR unit, BIGINT n, TIMESTAMP) -> TIMESTAMP
//                                               months end at the last day a month has
//     flink_dayofweek(DATE) -> INTEGER          1: Sunday .. 7
//     flink_date_format(TIMESTAMP | TIMESTAMPTZ, VARCHAR pattern)        DateTimeFormatter
//     flink_date_format(VARCHAR 'yyyy-MM-dd HH:mm:ss', VARCHAR pattern)  SimpleDateFormat
//     flink_to_timestamp(VARCHAR [, VARCHAR pattern]) -> TIMESTAMP   milliseconds; NULL: no such
//     flink_to_timestamp_ltz(BIGINT, INTEGER 0 | 3) -> TIMESTAMPTZ
//     flink_to_date(VARCHAR [, VARCHAR pattern]) -> DATE              NULL: no such
//     flink_unix_timestamp(TIMESTAMP) -> BIGINT
//     flink_unix_timestamp(VARCHAR [, VARCHAR pattern]) -> BIGINT     no such: -2^63, as Flink
//     flink_from_unixtime(BIGINT seconds [, VARCHAR pattern]) -> VARCHAR
//   macros (flink_functions.cc), of arguments of any type
//     flink_greatest, flink_least(2 to 8)       NULL if any argument is
//     flink_regexp_extract(text, pattern [, group])   whole match by default; NULL if none
//     flink_regexp_replace(text, pattern, replacement)   all; the replacement is plain text
//   Patterns are RE2's: no look-around, no back references.
namespace strom::duck {

// Called once, by Database::Open. Errors: kUnknownServerError.
Status RegisterFlinkFunctions(duckdb_connection connection);

// The groups; functions of one name stand together.
std::vector<ScalarFunction> FlinkTextFunctions();
std::vector<ScalarFunction> FlinkNumberFunctions();
std::vector<ScalarFunction> FlinkTimeFunctions();
std::vector<ScalarFunction> FlinkTimeTextFunctions();

}  // namespace strom::duck
