#pragma once

#include "common/base/error_code.h"

namespace strom::client {

// Whether a read of a bucket that failed so may succeed next time, at its leader or at a new one.
inline bool ReadMayPass(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCorruptMessage:  // These say "retriable", but not of a question.
    case ErrorCode::kCorruptRecord:
    case ErrorCode::kSchemaNotExist:
      return false;
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kOperationNotAttempted:
    case ErrorCode::kUnknownServerError:
      return true;
    default:
      return IsRetriable(code);
  }
}

}  // namespace strom::client
