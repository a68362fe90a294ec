#pragma once

#include <absl/functional/function_ref.h>

#include "client/include/strom/connection.h"
#include "common/rpc/framed/framed_network.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"

namespace strom::prove {

// The threads, clock and sockets of strom-prove, which all its clients share.
struct ProveWorld {
  client::Environment environment() { return {pool, clock, random, network}; }

  runtime::RealClock clock;
  runtime::RealRandom random;
  rpc::framed::FramedNetwork network{clock};
  runtime::ThreadPool pool{
      {.name = "strom-prove", .threads = 2}};  // Stops before the network goes.
};

// Looks fifty times a second until `condition` holds; false once `deadline` has passed. For the
// main thread.
bool Await(const ProveWorld& world, MonoTime deadline, absl::FunctionRef<bool()> condition);

}  // namespace strom::prove
