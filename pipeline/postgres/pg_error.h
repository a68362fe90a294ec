#pragma once

#include <string_view>

#include "common/base/status.h"

namespace strom::postgres {

// SQLSTATEs somebody decides by.
inline constexpr std::string_view kSqlObjectInUse = "55006";
inline constexpr std::string_view kSqlUndefinedObject = "42704";
inline constexpr std::string_view kSqlDuplicateObject = "42710";
inline constexpr std::string_view kSqlNoPrivilege = "42501";

// An error of PostgreSQL as a Status: "reading slot s: permission denied (SQLSTATE 42501)".
//
// kExternalSystemUnavailable for what passes by itself: connection trouble (class 08, or no state
// at all), shutdown and start-up (57P..), too many connections, an object in use, deadlocks, lock
// and statement time-outs, a full disk. kExternalSystem for all others: refusals.
Status PgError(std::string_view doing, std::string_view sqlstate, std::string_view text);

}  // namespace strom::postgres
