#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <absl/functional/any_invocable.h>

#include "common/base/bytes.h"
#include "common/rpc/message.h"
#include "common/rpc/method.h"
#include "common/runtime/time.h"

namespace strom::rpc {

// Why a channel is broken.
enum class Break {
  kRefused,  // Nobody listens at the address: whoever was there has closed its port, or is dead.
  kOther,    // All the rest: closed by either side, reset, no way there, no answer.
};

// A client's connection to one server.
//
// Thread-safe. Calls made while it is still being set up wait for that. Once broken it stays broken
// and every call fails at once with kNetwork: whoever owns it connects anew. Letting the last
// reference go closes the connection; that may happen anywhere, in a continuation too.
//
// Calls of one framed connection or gRPC session reach the server's handlers in the order they were
// made; unary gRPC calls (Carrier::kGrpc) may overtake each other.
class Channel {
 public:
  using Done = absl::AnyInvocable<void(Result<Bytes>)>;

  virtual ~Channel() = default;

  // Sends `body`, a serialised request of `method`, in the highest version both sides know. Calls
  // `done` exactly once, on a transport thread (it must not block), possibly before this returns.
  // Errors: kNetwork (the connection broke: the server may have acted or not), kRequestTimeOut (no
  // answer by `deadline`; the same doubt), kUnsupportedVersion (no common version; nothing was
  // sent), kRecordTooLarge (larger than a request may be), kOperationNotAttempted (too many calls
  // in flight), and what the server answered.
  virtual void Call(const MethodInfo& method, Bytes body, MonoTime deadline, Done done) = 0;

  // The version in which Call sends `method`; none until the server's versions are known, or if
  // there is no common one.
  virtual std::optional<int16_t> VersionOf(const MethodInfo& method) const = 0;

  virtual bool broken() const = 0;

  // Calls `then` once the channel is broken, at once if it is: on a transport thread, where it must
  // not block. Carriers that keep no connection (unary gRPC) never call it.
  virtual void WhenBroken(absl::AnyInvocable<void(Break)> /*then*/) {}

  // Breaks the channel: calls in flight fail with kNetwork.
  virtual void Close() = 0;
};

// A typed call. Both messages are complete types here ("proto/log.pb.h"); all required fields of
// `request` are set. Errors: those of Channel::Call, and kCorruptMessage for an answer that is no
// Resp.
template <class Req, class Resp>
void Call(Channel& channel, const Method<Req, Resp>& method, const Req& request, MonoTime deadline,
          absl::AnyInvocable<void(Result<Resp>)> done) {
  channel.Call(MethodInfo::Of(method), Serialize(request), deadline,
               [name = method.name, done = std::move(done)](Result<Bytes> answer) mutable {
                 if (!answer.ok()) return done(answer.status());
                 Resp response;
                 Status status = Parse(*answer, name, &response);
                 if (!status.ok()) return done(std::move(status));
                 done(std::move(response));
               });
}

}  // namespace strom::rpc
