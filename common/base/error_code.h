#pragma once

#include <cstdint>
#include <string_view>

namespace strom {

// Error codes as they travel in Fluss's ErrorResponse and in per-bucket results.
// Source: Errors.java; `fluss-wire-protocol.md`, section 4.
enum class ErrorCode : int32_t {
#define STROM_ERROR_CODE(name, value, retriable, text) name = value,
#include "common/base/error_codes.inc"
#undef STROM_ERROR_CODE
};

// "kNotLeaderOrFollower" for a known code, "unknown" otherwise.
std::string_view ErrorCodeName(ErrorCode code);

// Default text of a code, shown when a peer sent none.
std::string_view ErrorCodeText(ErrorCode code);

// True if the same request may succeed later without any change to it.
bool IsRetriable(ErrorCode code);

// True if the sender's metadata is out of date, so that it must be refreshed before a retry.
bool IsInvalidMetadata(ErrorCode code);

// The code with this number; kUnknownServerError for a number that is none of ours, as Java does.
ErrorCode ErrorCodeFromWire(int32_t number);

}  // namespace strom
