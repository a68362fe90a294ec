#include "common/base/error_code.h"

namespace strom {
namespace {

struct Entry {
  ErrorCode code;
  std::string_view name;
  std::string_view text;
  bool retriable;
};

constexpr Entry kEntries[] = {
#define STROM_ERROR_CODE(name, value, retriable, text) {ErrorCode::name, #name, text, retriable},
#include "common/base/error_codes.inc"
#undef STROM_ERROR_CODE
};

const Entry* Find(ErrorCode code) {
  for (const Entry& entry : kEntries) {
    if (entry.code == code) return &entry;
  }
  return nullptr;
}

}  // namespace

std::string_view ErrorCodeName(ErrorCode code) {
  const Entry* entry = Find(code);
  return entry ? entry->name : "unknown";
}

std::string_view ErrorCodeText(ErrorCode code) {
  const Entry* entry = Find(code);
  return entry ? entry->text : "unknown error";
}

bool IsRetriable(ErrorCode code) {
  const Entry* entry = Find(code);
  return entry && entry->retriable;
}

bool IsInvalidMetadata(ErrorCode code) {
  return code == ErrorCode::kNetwork || code == ErrorCode::kNotLeaderOrFollower ||
         code == ErrorCode::kUnknownTableOrBucket || code == ErrorCode::kLeaderNotAvailable;
}

ErrorCode ErrorCodeFromWire(int32_t number) {
  const auto code = static_cast<ErrorCode>(number);
  return Find(code) ? code : ErrorCode::kUnknownServerError;
}

}  // namespace strom
