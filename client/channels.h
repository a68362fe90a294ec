#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "common/rpc/network.h"
#include "common/types/server_info.h"

namespace strom::client {

// Which of the two streams to a server a request takes: answers to fetches are large, and
// acknowledgements of writes must not queue behind them. Admin calls and metadata are reads.
enum class Lane : uint8_t { kWrites, kReads };

// The channels of one connection: one for each server and lane, made when needed, made anew when
// broken. Thread-safe.
class Channels {
 public:
  Channels(rpc::Network& network, rpc::Carrier carrier) : network_(network), carrier_(carrier) {}

  // One call, as rpc::Channel::Call. After Close it fails with kNetwork.
  void Call(const HostPort& server, Lane lane, const rpc::MethodInfo& method, Bytes body,
            MonoTime deadline, rpc::Channel::Done done);

  // Breaks the channels to a server: calls in flight fail with kNetwork. Later calls connect anew.
  void Break(const HostPort& server);
  // Breaks all channels, for good.
  void Close();

 private:
  using Key = std::pair<std::string, Lane>;

  std::shared_ptr<rpc::Channel> Get(const HostPort& server, Lane lane);

  rpc::Network& network_;
  const rpc::Carrier carrier_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Key, std::shared_ptr<rpc::Channel>> channels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::client
