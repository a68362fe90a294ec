#include "tests/prove/workload/prove_world.h"

#include "common/runtime/notification.h"

namespace strom::prove {

bool Await(const ProveWorld& world, MonoTime deadline, absl::FunctionRef<bool()> condition) {
  const runtime::Notification never;
  while (!condition()) {
    if (world.clock.Now() > deadline) return false;
    never.WaitFor(Millis(20));
  }
  return true;
}

}  // namespace strom::prove
