#include "common/convert/error.h"

#include "common/base/check.h"

namespace strom::convert {

Status ErrorFromWire(int32_t number, std::string_view text) {
  const ErrorCode code = ErrorCodeFromWire(number);
  if (code == ErrorCode::kOk) {
    return Error(ErrorCode::kUnknownServerError, "an error with code 0: {}", text);
  }
  if (static_cast<int32_t>(code) != number) {
    return Error(code, "error {}, unknown here: {}", number, text);
  }
  return Status(code, std::string(text.empty() ? ErrorCodeText(code) : text));
}

std::string_view WireText(const Status& status, ErrorText when) {
  const std::string_view standard = ErrorCodeText(status.code());
  const std::string_view text = status.message().empty() ? standard : status.message();
  return when == ErrorText::kUnlessDefault && text == standard ? std::string_view() : text;
}

pb::ErrorResponse ToPb(const Status& status) {
  STROM_CHECK(!status.ok()) << "success is told by leaving the error out";
  pb::ErrorResponse error;
  SetError(status, &error);
  return error;
}

Status FromPb(const pb::ErrorResponse& error) {
  return ErrorFromWire(error.error_code(), error.error_message());
}

}  // namespace strom::convert
