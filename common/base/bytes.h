#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace strom {

// Bytes somebody else owns and keeps alive. Text and bytes share one type, so that views into
// protobuf strings, files and rows need no casts.
using BytesView = std::string_view;

// Bytes we own.
using Bytes = std::string;

// Lower-case hexadecimal; FromHex ignores white space and accepts both cases.
std::string ToHex(BytesView bytes);
// Errors: kCorruptMessage for an odd number of digits or a character that is none.
Result<Bytes> FromHex(std::string_view hex);

}  // namespace strom
