#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/types/server_info.h"

namespace strom::daemon {

// An address as people write it: "db1:9123", "[::1]:9123"; ":0" is 127.0.0.1:0.
// Errors: kInvalidConfig naming the text.
Result<HostPort> ParseAddress(std::string_view text);

}  // namespace strom::daemon
