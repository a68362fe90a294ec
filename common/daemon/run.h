#pragma once

#include <absl/functional/function_ref.h>

#include "common/base/result.h"
#include "common/runtime/signal_waiter.h"

namespace strom::daemon {

// What a process runs: one server or several. Used by the thread of main, which may wait.
class Service {
 public:
  virtual ~Service() = default;

  // Whether it serves. Until then false, or what kept it from serving (then Stop is due).
  virtual Result<bool> Ready() = 0;

  // Lets requests under way be answered and saves what there is. Waits for it. At most once.
  // Errors: what could not be saved.
  virtual Status Stop() = 0;
};

// For requests under way when a server shall stop.
inline constexpr MonoDuration kDrain = Seconds(5);

// Runs `service` until SIGTERM or SIGINT, and stops it; a second signal meanwhile ends the process
// at once. `on_ready` is called once it serves, `on_stopping` when it was and shall stop.
// Errors: of its start, of the two functions, of its stop.
Status RunUntilSignal(Service& service, runtime::SignalWaiter& signals,
                      absl::FunctionRef<Status()> on_ready,
                      absl::FunctionRef<Status()> on_stopping);

}  // namespace strom::daemon
