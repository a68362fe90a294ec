#pragma once

#include <string_view>

#include "common/base/status.h"

namespace strom::record {

// The error of a decoder that knows nothing of logs (ByteReader, Arrow, rows) as the log path
// reports it: kCorruptRecord, but kRecordTooLarge stays, with `context` before the message. OK
// stays OK.
inline Status AsCorruptRecord(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  const ErrorCode code = status.code() == ErrorCode::kRecordTooLarge ? ErrorCode::kRecordTooLarge
                                                                     : ErrorCode::kCorruptRecord;
  return Error(code, "{}: {}", context, status.message());
}

}  // namespace strom::record
