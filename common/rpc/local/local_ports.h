#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>

#include "common/rpc/local/local_link.h"
#include "common/rpc/network.h"
#include "common/runtime/wait.h"

namespace strom::rpc {

// A port that is open in this process: what a connection to it needs, and the connections there
// are. Internal to this folder.
struct LocalPort {
  LocalPort(const ListenOptions& options, const Dispatcher& served)
      : listen(options), dispatcher(served) {}

  // A gRPC port serves sessions, whatever it was opened as. Unary calls have no session: they are
  // not for us.
  bool Serves(Carrier carrier) const {
    return carrier != Carrier::kGrpc &&
           (carrier == Carrier::kFramed) == (listen.endpoint.carrier == Carrier::kFramed);
  }

  const ListenOptions listen;
  const Dispatcher& dispatcher;  // Until the listener is gone; then `links` takes nobody any more.
  const std::shared_ptr<OpenSet<LocalLink>> links = std::make_shared<OpenSet<LocalLink>>();
};

// The ports that take connections, by address. Thread-safe.
class LocalPorts {
 public:
  void Add(const Endpoint& bound, std::shared_ptr<LocalPort> port) {
    const runtime::WaitLock lock(mutex_);
    ports_[bound.ToString()] = std::move(port);
  }

  // Nothing happens if another port is open there by now.
  void Remove(const Endpoint& bound, const LocalPort* port) {
    const runtime::WaitLock lock(mutex_);
    const auto it = ports_.find(bound.ToString());
    if (it != ports_.end() && it->second.get() == port) ports_.erase(it);
  }

  // Null if none is open there, or none for this carrier.
  std::shared_ptr<LocalPort> Find(const Endpoint& endpoint) const {
    const runtime::WaitLock lock(mutex_);
    const auto it = ports_.find(endpoint.ToString());
    return it != ports_.end() && it->second->Serves(endpoint.carrier) ? it->second : nullptr;
  }

 private:
  mutable runtime::WaitMutex mutex_;
  std::map<std::string, std::shared_ptr<LocalPort>> ports_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::rpc
