#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <absl/functional/any_invocable.h>

#include "common/base/bytes.h"

namespace google::protobuf {
class MessageLite;
}  // namespace google::protobuf

namespace strom::rpc {

// A parsed request, kept alive by whoever still reads it.
template <class T>
using Ref = std::shared_ptr<const T>;

// Takes the answer of a request to its carrier: the serialised message, or the error that goes into
// an ErrorResponse. Called exactly once, from any thread.
using ReplyFn = absl::AnyInvocable<void(Result<Bytes>)>;

// The part of a Responder that does not depend on the message type.
class Reply {
 public:
  // `method` is a literal ("ProduceLog").
  Reply(std::string_view method, ReplyFn reply) : method_(method), reply_(std::move(reply)) {}
  Reply(Reply&& other) noexcept
      : method_(other.method_), reply_(std::exchange(other.reply_, nullptr)) {}
  Reply& operator=(Reply&&) = delete;
  ~Reply();

  // All required fields of `response` are set (checked: Java clients refuse anything else).
  void Ok(const google::protobuf::MessageLite& response);
  void Fail(Status status);

 private:
  ReplyFn Take();

  std::string_view method_;
  ReplyFn reply_;
};

// The duty to answer one request, exactly once:
//
//   std::move(respond).Ok(response);   or   std::move(respond).Fail(status);
//
// Move-only; may be kept until the answer is known and used on any thread. Answering twice ends the
// process. Dropped without an answer, it answers kUnknownServerError and logs, so that no caller
// waits for ever: official clients have no timeout of their own.
template <class Resp>
class Responder {
 public:
  Responder(std::string_view method, ReplyFn reply) : reply_(method, std::move(reply)) {}

  void Ok(const Resp& response) && { reply_.Ok(response); }
  void Fail(Status status) && { reply_.Fail(std::move(status)); }

 private:
  Reply reply_;
};

}  // namespace strom::rpc
