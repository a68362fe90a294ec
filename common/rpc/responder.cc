#include "common/rpc/responder.h"

#include <google/protobuf/message_lite.h>

#include "common/base/logging.h"
#include "common/rpc/message.h"

namespace strom::rpc {

Reply::~Reply() {
  if (!reply_) return;
  STROM_LOG(kError, "{}: the handler dropped a request without an answer", method_);
  Take()(
      Error(ErrorCode::kUnknownServerError, "{}: the request was dropped by the server", method_));
}

void Reply::Ok(const google::protobuf::MessageLite& response) { Take()(Serialize(response)); }

void Reply::Fail(Status status) {
  STROM_CHECK(!status.ok()) << method_ << " failed with an OK status";
  Take()(std::move(status));
}

ReplyFn Reply::Take() {
  STROM_CHECK(reply_ != nullptr) << method_ << " was answered twice";
  return std::exchange(reply_, nullptr);
}

}  // namespace strom::rpc
