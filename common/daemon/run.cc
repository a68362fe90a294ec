#include "common/daemon/run.h"

#include <malloc.h>

#include "common/base/logging.h"
#include "common/runtime/system_clock.h"

namespace strom::daemon {
namespace {

// How often it looks whether it serves: often at first, when that is a matter of milliseconds.
constexpr MonoDuration kLookFirst = Millis(5);
constexpr MonoDuration kLookLater = Millis(100);
constexpr MonoDuration kFirst = Seconds(5);
// How often memory that is free goes back to the system: what a burst took is not kept for the next.
constexpr MonoDuration kTrim = Seconds(20);

// Until it serves: true; or until a signal comes: false.
Result<bool> WaitUntilReady(Service& service, runtime::SignalWaiter& signals) {
  const MonoTime start = runtime::SystemNow();
  while (true) {
    STROM_ASSIGN_OR_RETURN(const bool ready, service.Ready());
    if (ready) return true;
    const MonoTime now = runtime::SystemNow();
    if (signals.WaitUntil(now + (now - start < kFirst ? kLookFirst : kLookLater))) return false;
  }
}

// From the first moment it serves until a signal.
Status Serve(Service& service, runtime::SignalWaiter& signals, absl::FunctionRef<Status()> on_ready,
             absl::FunctionRef<Status()> on_stopping) {
  STROM_ASSIGN_OR_RETURN(const bool ready, WaitUntilReady(service, signals));
  if (!ready) return Status::Ok();
  STROM_RETURN_IF_ERROR(on_ready());
  std::optional<int> signal;
  while (!(signal = signals.WaitUntil(runtime::SystemNow() + kTrim))) malloc_trim(0);
  STROM_LOG(kInfo, "{}: stopping", runtime::SignalName(*signal));
  return on_stopping();
}

}  // namespace

Status RunUntilSignal(Service& service, runtime::SignalWaiter& signals,
                      absl::FunctionRef<Status()> on_ready,
                      absl::FunctionRef<Status()> on_stopping) {
  const Status served = Serve(service, signals, on_ready, on_stopping);
  if (!served.ok()) STROM_LOG(kWarn, "stopping: {}", served.ToString());
  signals.Release();  // A second signal ends the process at once.
  const Status stopped = service.Stop();
  STROM_LOG(kInfo, "stopped");
  return served.ok() ? stopped : served;
}

}  // namespace strom::daemon
