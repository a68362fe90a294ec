#pragma once

#include <memory>

#include "client/include/strom/connection.h"
#include "common/rpc/framed/framed_network.h"
#include "common/rpc/grpc/grpc_network.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/unit/client/scripted_cluster.h"

namespace strom::client {

// A scripted server on a real port, with threads of its own: for what blocks its caller.
struct RealServer {
  explicit RealServer(Carrier carrier)
      : pool({.name = "server", .threads = 2}), cluster(pool, clock) {
    if (carrier == Carrier::kFramed) {
      network = std::make_unique<rpc::framed::FramedNetwork>(clock);
    } else {
      network = std::make_unique<rpc::GrpcNetwork>(clock, pool, pool);
    }
    listener = network
                   ->Listen({.endpoint = {.host = "127.0.0.1",
                                          .carrier = carrier == Carrier::kFramed
                                                         ? rpc::Carrier::kFramed
                                                         : rpc::Carrier::kGrpcSession},
                             .listener = {.audience = rpc::Audience::kStromClients}},
                            cluster.AddServer())
                   .value();
    cluster.SetAddress(0, listener->endpoint());
  }
  ~RealServer() {
    cluster.FailHeld();
    listener = nullptr;
    network = nullptr;
    pool.Shutdown();
  }

  runtime::RealClock clock;
  runtime::ThreadPool pool;
  ScriptedCluster cluster;
  std::unique_ptr<rpc::Network> network;
  std::unique_ptr<rpc::Listener> listener;
};

}  // namespace strom::client
