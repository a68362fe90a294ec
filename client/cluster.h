#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "client/backoff.h"
#include "client/call_watch.h"
#include "client/channels.h"
#include "client/include/strom/connection.h"
#include "client/metadata_cache.h"
#include "common/rpc/message.h"
#include "common/types/server_node.h"

namespace strom::client {

// What the parts of a connection share: its world, its channels, its metadata. Thread-safe; kept
// alive by operations under way.
class Cluster {
 public:
  struct Settings {
    std::vector<HostPort> bootstrap;
    rpc::Carrier carrier = rpc::Carrier::kFramed;
    MonoDuration request_timeout;
    Backoff backoff;
  };

  // The settings that `options` ask for. Errors: kInvalidConfig.
  static Result<Settings> SettingsOf(const ConnectionOptions& options);

  Cluster(Settings settings, Environment environment);

  runtime::Executor& executor() const { return environment_.executor; }
  runtime::Random& random() const { return environment_.random; }
  MonoTime Now() const { return environment_.clock.Now(); }
  // When a request made now must have its answer.
  MonoTime Deadline() const { return Now() + settings_.request_timeout; }
  MonoDuration request_timeout() const { return settings_.request_timeout; }
  MonoDuration Pause(int failures) const {
    return settings_.backoff.After(failures, environment_.random);
  }

  std::shared_ptr<const ClusterMetadata> metadata() const { return metadata_->Get(); }
  // As MetadataCache::Refresh.
  void Refresh(std::optional<TablePath> table, MetadataCache::Refreshed done) {
    metadata_->Refresh(std::move(table), std::move(done));
  }

  // As Channel::Call, to a server of metadata(). If it leaves the cluster before it has answered,
  // kNetwork: see CallWatch.
  void Call(const ServerNode& server, Lane lane, const rpc::MethodInfo& method, Bytes body,
            MonoTime deadline, rpc::Channel::Done done) {
    channels_->Call({server.host, server.port}, lane, method, std::move(body), deadline,
                    watch_->Watch(server, std::move(done)));
  }
  // A typed call; both messages are complete types here. `done` on a transport thread, or before
  // this returns. Errors name the method and the server.
  template <class Req, class Resp>
  void Call(const ServerNode& server, Lane lane, const rpc::Method<Req, Resp>& method,
            const Req& request, MonoTime deadline, absl::AnyInvocable<void(Result<Resp>)> done);

  // Calls fail from now on; retries end.
  void Close();
  bool closed() const { return closed_; }

  // Writers and scanners that were made and not destroyed.
  std::atomic<int>& open_handles() { return open_handles_; }

 private:
  const Settings settings_;
  const Environment environment_;
  const std::shared_ptr<Channels> channels_;
  const std::shared_ptr<MetadataCache> metadata_;
  const std::shared_ptr<CallWatch> watch_;
  std::atomic<bool> closed_ = false;
  std::atomic<int> open_handles_ = 0;
};

template <class Req, class Resp>
void Cluster::Call(const ServerNode& server, Lane lane, const rpc::Method<Req, Resp>& method,
                   const Req& request, MonoTime deadline,
                   absl::AnyInvocable<void(Result<Resp>)> done) {
  Call(server, lane, rpc::MethodInfo::Of(method), rpc::Serialize(request), deadline,
       [name = method.name, server, done = std::move(done)](Result<Bytes> answer) mutable {
         Status status = answer.status();
         Resp response;
         if (status.ok()) status = rpc::Parse(*answer, name, &response);
         if (!status.ok()) return done(status.WithContext(fmt::format("{} at {}", name, server)));
         done(std::move(response));
       });
}

}  // namespace strom::client
