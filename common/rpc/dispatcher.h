#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/bytes.h"
#include "common/rpc/byte_budget.h"
#include "common/rpc/message.h"
#include "common/rpc/method.h"
#include "common/rpc/request_context.h"
#include "common/rpc/responder.h"
#include "proto/pb.h"

namespace strom::v1 {
class ApiVersionsResponse;
}  // namespace strom::v1

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace strom::rpc {

// Runs on a transport thread: parses, authorises, hands over; never blocks. May answer before it
// returns.
template <class Req, class Resp>
using Handler = absl::AnyInvocable<void(const RequestContext&, Ref<Req>, Responder<Resp>) const>;

// Sees every request of a dispatcher: metrics. Called on transport threads and on whatever thread
// answers; thread-safe, never blocks.
class DispatchObserver {
 public:
  virtual ~DispatchObserver() = default;

  // `method` lives as long as the dispatcher. Not called for requests of an unknown method.
  virtual void OnRequest(const MethodInfo& method, const RequestContext& ctx) = 0;
  // Just before the answer goes to the carrier; kOk and the size of the message, or an error and 0.
  virtual void OnReply(const MethodInfo& method, const RequestContext& ctx, ErrorCode code,
                       size_t reply_bytes) = 0;
};

// The methods a server serves: takes a request's bytes from any carrier to its handler.
//
// One per server; its listeners share it and its budget. All Handle calls precede the first
// Dispatch; from then on the object does not change and is used from any thread. Outlives its
// listeners.
class Dispatcher {
 public:
  struct Options {
    size_t request_bytes_max = size_t{512} << 20;  // Of all requests that wait for their answers.
    DispatchObserver* observer = nullptr;          // Outlives the dispatcher.
  };

  Dispatcher() : Dispatcher(Options{}) {}
  explicit Dispatcher(Options options);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Registers `handler` for `method`; a second handler of the same key is our mistake. The method's
  // messages are complete types here ("proto/log.pb.h").
  template <class Req, class Resp>
  void Handle(const Method<Req, Resp>& method, std::type_identity_t<Handler<Req, Resp>> handler) {
    Add(MethodInfo::Of(method), Req::default_instance(),
        [name = method.name, handler = std::move(handler)](
            const RequestContext& ctx, BytesView body, const FieldGuard& guard, ReplyFn reply) {
          Responder<Resp> respond(name, std::move(reply));
          auto request = std::make_shared<Req>();
          Status status = Parse(body, name, request.get());
          if (status.ok()) status = guard(ctx, *request);
          if (!status.ok()) return std::move(respond).Fail(std::move(status));
          handler(ctx, std::move(request), std::move(respond));
        });
  }

  // dispatcher.Handle(kProduceLog, service, &TabletService::ProduceLog)
  template <class Req, class Resp, class Service>
  void Handle(const Method<Req, Resp>& method, Service& service,
              void (Service::*handler)(const RequestContext&, Ref<Req>, Responder<Resp>)) {
    Handle(method, [&service, handler](const RequestContext& ctx, Ref<Req> request,
                                       Responder<Resp> respond) {
      (service.*handler)(ctx, std::move(request), std::move(respond));
    });
  }

  // Checks key, version, listener and fields, parses `body` and runs the handler on the calling
  // thread. `reply` is called exactly once, from any thread. `body` is not used after the return.
  // Errors handed to `reply`: kUnsupportedVersion (unknown method or version, a method or field
  // that the caller's listener does not serve), kCorruptMessage (the body is no such message), and
  // the handler's own.
  void Dispatch(RequestContext ctx, BytesView body, ReplyFn reply) const;

  // The registered method with this key, or with this gRPC service and name; null if none.
  const MethodInfo* Find(int16_t api_key) const;
  const MethodInfo* Find(std::string_view service, std::string_view name) const;

  // The registered methods that a listener for `audience` serves, ascending by key.
  std::vector<const MethodInfo*> MethodsFor(Audience audience) const;

  // Admission: a transport takes a request's size here before Dispatch and gives it back when the
  // answer has been written.
  ByteBudget& budget() const { return budget_; }

 private:
  // Refuses fields of ours on listeners for official clients; trivial for messages without any.
  class FieldGuard {
   public:
    FieldGuard(std::string_view method, const google::protobuf::Message& prototype);
    Status operator()(const RequestContext& ctx, const google::protobuf::Message& request) const;

   private:
    std::string_view method_;
    bool has_own_fields_;
  };
  using RunFn =
      absl::AnyInvocable<void(const RequestContext&, BytesView, const FieldGuard&, ReplyFn) const>;
  struct Entry {
    MethodInfo method;
    FieldGuard guard;
    RunFn run;
  };

  void Add(const MethodInfo& method, const google::protobuf::Message& request_prototype, RunFn run);
  ReplyFn Observed(const MethodInfo& method, const RequestContext& ctx, ReplyFn reply) const;

  const Options options_;
  mutable ByteBudget budget_;
  std::map<int16_t, Entry> entries_;
  std::map<std::pair<std::string_view, std::string_view>, int16_t> keys_by_name_;
};

// Methods from this key on are ours alone: like fields of ours (own_fields.h), they are refused on
// listeners for official clients.
inline constexpr int16_t kFirstOwnApiKey = 20000;

// Fills the `api_versions` of an answer to ApiVersions: what `dispatcher` serves to `audience`, and
// Authenticate, which connections answer themselves. The handler is the server's: it adds its type.
void FillApiVersions(const Dispatcher& dispatcher, Audience audience,
                     pb::ApiVersionsResponse* response);

}  // namespace strom::rpc
