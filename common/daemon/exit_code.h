#pragma once

#include "common/base/status.h"

namespace strom::daemon {

// Exit codes of every program of the project.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // The operation failed.
inline constexpr int kExitUsage = 2;   // Wrong usage: arguments or a configuration we refuse.

// kInvalidConfig means wrong usage, any other error that it failed.
inline int ExitCodeOf(const Status& status) {
  if (status.ok()) return kExitOk;
  return status.code() == ErrorCode::kInvalidConfig ? kExitUsage : kExitFailed;
}

}  // namespace strom::daemon
