#include "common/rpc/message.h"

#include <climits>

#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

#include "common/base/logging.h"
#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::rpc {
namespace {

// Protobuf prints what is wrong with a message to standard error: for outside bytes that is our
// caller's business, and no reason to fill a log.
void QuietProtobuf() {
  [[maybe_unused]] static const bool quiet = [] {
    google::protobuf::SetLogHandler(
        [](google::protobuf::LogLevel, const char*, int, const std::string& message) {
          STROM_LOG(kDebug, "protobuf: {}", message);
        });
    return true;
  }();
}

}  // namespace

Bytes Serialize(const google::protobuf::MessageLite& message) {
  STROM_CHECK(message.IsInitialized())
      << message.GetTypeName() << " lacks " << message.InitializationErrorString();
  Bytes bytes;
  STROM_CHECK(message.SerializePartialToString(&bytes)) << message.GetTypeName() << " is too large";
  return bytes;
}

Status Parse(BytesView bytes, std::string_view name, google::protobuf::MessageLite* message) {
  QuietProtobuf();
  if (bytes.size() > INT_MAX ||
      !message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(ErrorCode::kCorruptMessage, "{}: {} bytes that are no {}", name, bytes.size(),
                 message->GetTypeName());
  }
  if (!message->IsInitialized()) {
    // The list of what is missing grows with the message, which may be hostile.
    return Error(ErrorCode::kCorruptMessage, "{}: required fields are missing: {}", name,
                 bytes.size() <= 4096 ? message->InitializationErrorString() : "too many to name");
  }
  return Status::Ok();
}

Bytes SerializeError(const Status& status) {
  STROM_CHECK(!status.ok());
  pb::ErrorResponse error;
  error.set_error_code(static_cast<int32_t>(status.code()));
  if (!status.message().empty() && status.message() != ErrorCodeText(status.code())) {
    error.set_error_message(std::string(status.message()));
  }
  return Serialize(error);
}

Status ParseError(BytesView body) {
  pb::ErrorResponse error;
  STROM_RETURN_IF_ERROR(Parse(body, "error answer", &error));
  const ErrorCode code = ErrorCodeFromWire(error.error_code());
  if (code == ErrorCode::kOk) {
    return Error(ErrorCode::kUnknownServerError, "error answer with code 0: {}",
                 error.error_message());
  }
  return Status(
      code, error.has_error_message() ? error.error_message() : std::string(ErrorCodeText(code)));
}

}  // namespace strom::rpc
