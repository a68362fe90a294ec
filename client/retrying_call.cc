#include "client/retrying_call.h"

#include <utility>

#include "client/promise.h"
#include "common/rpc/greeting.h"
#include "common/rpc/methods.h"

namespace strom::client {
namespace {

bool SurelyNotApplied(ErrorCode code) {
  return code == ErrorCode::kNotCoordinatorLeader || code == ErrorCode::kOperationNotAttempted;
}

bool MayPass(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSchemaNotExist:  // These say "retriable", but not of a question.
    case ErrorCode::kCorruptMessage:
    case ErrorCode::kCorruptRecord:
      return false;
    default:
      return IsRetriable(code) || SurelyNotApplied(code);
  }
}

// One call until its end; owned by the continuation that will bring it on.
class RetryingCall : public std::enable_shared_from_this<RetryingCall> {
 public:
  RetryingCall(std::shared_ptr<Cluster> cluster, Target target, Repeat repeat,
               const rpc::MethodInfo& method, Bytes body, Promise<Bytes> promise)
      : cluster_(std::move(cluster)),
        target_(target),
        repeat_(repeat),
        method_(method),
        body_(std::move(body)),
        promise_(std::move(promise)),
        deadline_(cluster_->Deadline()) {}

  void Try() {
    const std::optional<ServerNode> server = Choose();
    if (!server) return RefreshFirst();
    repeat_ == Repeat::kAlways ? Send(*server) : GreetFirst(*server);
  }

 private:
  void Send(const ServerNode& server) {
    cluster_->Call(
        server, Lane::kReads, method_, body_, deadline_,
        [self = shared_from_this(), server](Result<Bytes> answer) {
          if (answer.ok()) return self->promise_.Set(std::move(answer));
          const ErrorCode code = answer.status().code();
          self->OnError(
              answer.status().WithContext(fmt::format("{} at {}", self->method_.name, server)),
              self->repeat_ == Repeat::kAlways ? MayPass(code) : SurelyNotApplied(code));
        });
  }

  // A server that is not there any more, as the metadata may still name it, is found out before it
  // is told to change something: so that it surely did not.
  void GreetFirst(const ServerNode& server) {
    const MonoTime now = cluster_->Now();
    const MonoTime until = now + MonoDuration::FromNanos((deadline_ - now).nanos() / 4);
    cluster_->Call(server, Lane::kReads, rpc::MethodInfo::Of(rpc::kApiVersions),
                   rpc::Serialize(rpc::Greeting()), until,
                   [self = shared_from_this(), server](const Result<Bytes>& answer) {
                     if (answer.ok()) return self->Send(server);
                     self->OnError(answer.status().WithContext(
                                       fmt::format("{} at {}", self->method_.name, server)),
                                   MayPass(answer.status().code()));
                   });
  }

  std::optional<ServerNode> Choose() const {
    const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
    if (target_ == Target::kCoordinator) return metadata->coordinator;
    if (metadata->tablet_servers.empty()) {
      return target_ == Target::kAnyServer ? metadata->coordinator : std::nullopt;
    }
    auto server = metadata->tablet_servers.begin();
    std::advance(server, cluster_->random().Uniform(metadata->tablet_servers.size()));
    return server->second;
  }

  // Nobody to ask is known.
  void RefreshFirst() {
    cluster_->Refresh(std::nullopt, [self = shared_from_this()](const Status& status) {
      if (!status.ok()) {
        return self->OnError(status.WithContext(self->method_.name), MayPass(status.code()));
      }
      if (self->Choose()) return self->Try();
      self->OnError(self->target_ == Target::kTabletServer
                        ? Error(ErrorCode::kLeaderNotAvailable, "{}: no tablet server is alive",
                                self->method_.name)
                        : Error(ErrorCode::kNotCoordinatorLeader, "{}: no coordinator leads now",
                                self->method_.name),
                    true);
    });
  }

  void OnError(Status status, bool again) {
    const MonoTime next = cluster_->Now() + cluster_->Pause(++failures_);
    if (!again || next >= deadline_ || cluster_->closed()) {
      return promise_.Set(std::move(status));
    }
    cluster_->executor().PostAt(next, [self = shared_from_this()] {
      self->cluster_->Refresh(std::nullopt, [self](const Status&) { self->Try(); });
    });
  }

  const std::shared_ptr<Cluster> cluster_;
  const Target target_;
  const Repeat repeat_;
  const rpc::MethodInfo method_;
  const Bytes body_;
  Promise<Bytes> promise_;
  const MonoTime deadline_;
  int failures_ = 0;
};

}  // namespace

void CallWithRetries(std::shared_ptr<Cluster> cluster, Target target, Repeat repeat,
                     const rpc::MethodInfo& method, Bytes body, rpc::Channel::Done done) {
  Promise<Bytes> promise;
  promise.future().Then(std::move(done));
  std::make_shared<RetryingCall>(std::move(cluster), target, repeat, method, std::move(body),
                                 std::move(promise))
      ->Try();
}

}  // namespace strom::client
