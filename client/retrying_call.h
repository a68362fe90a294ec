#pragma once

#include <cstdint>
#include <memory>

#include <absl/functional/any_invocable.h>

#include "client/cluster.h"

namespace strom::client {

// Who is asked: the coordinator that leads, any tablet server, or any server (tablet servers
// first).
enum class Target : uint8_t { kCoordinator, kTabletServer, kAnyServer };

// Whether a call may be made again when it is not known what became of it.
enum class Repeat : uint8_t {
  kAlways,        // Questions.
  kIfNotApplied,  // Changes: only if the server surely did nothing.
};

// Calls until an answer or an error that will not pass, for request_timeout in all, with pauses and
// fresh metadata in between. `done` is called once, on any thread.
// Errors: the last one.
void CallWithRetries(std::shared_ptr<Cluster> cluster, Target target, Repeat repeat,
                     const rpc::MethodInfo& method, Bytes body, rpc::Channel::Done done);

// The same, typed; both messages are complete types here.
template <class Req, class Resp>
void CallWithRetries(std::shared_ptr<Cluster> cluster, Target target, Repeat repeat,
                     const rpc::Method<Req, Resp>& method, const Req& request,
                     absl::AnyInvocable<void(Result<Resp>)> done) {
  CallWithRetries(std::move(cluster), target, repeat, rpc::MethodInfo::Of(method),
                  rpc::Serialize(request),
                  [name = method.name, done = std::move(done)](Result<Bytes> answer) mutable {
                    Status status = answer.status();
                    Resp response;
                    if (status.ok()) status = rpc::Parse(*answer, name, &response);
                    if (!status.ok()) return done(std::move(status));
                    done(std::move(response));
                  });
}

}  // namespace strom::client
