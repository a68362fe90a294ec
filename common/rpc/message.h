#pragma once

#include <string_view>

#include "common/base/bytes.h"

namespace google::protobuf {
class MessageLite;
}  // namespace google::protobuf

namespace strom::rpc {

// The bytes of a message we made. A missing required field is our mistake and ends the process.
Bytes Serialize(const google::protobuf::MessageLite& message);

// Parses a peer's message into `message`. `name` says whose message it is ("ProduceLog").
// Errors: kCorruptMessage for bytes that are no such message, or that lack a required field.
Status Parse(BytesView bytes, std::string_view name, google::protobuf::MessageLite* message);

// An ErrorResponse, the body of error answers of every carrier. The text is left out if it is the
// default text of the code. `status` is not OK.
Bytes SerializeError(const Status& status);

// The error in an ErrorResponse. A body that is none gives kCorruptMessage; a number we do not know
// gives kUnknownServerError, as in Fluss.
Status ParseError(BytesView body);

}  // namespace strom::rpc
