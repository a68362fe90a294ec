#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "tests/sim/checkers/history.h"

namespace strom::prove {

// For how long something did not serve, as its clients see it: the time between a success and the
// next one, of each of a fixed number of services (writes to one bucket, say). Numbers 0, 1, ...
//
// A watch looks at a stretch of time. Pure bookkeeping, whose size does not grow with time.
class ServiceWindows {
 public:
  // Every service counts as if it had served at `now`.
  ServiceWindows(size_t services, MonoTime now);

  // An operation succeeded. In about the order in which they did.
  void OnSuccess(size_t service, const sim::Interval& time);

  // Begins a watch, in place of the one before, if there is one.
  void Open();
  // Ends it. Of each service the longest time without success that the watch saw a part of: it may
  // have begun before the watch did, and it may go on (then: until `now`).
  std::vector<MonoDuration> Close(MonoTime now);

  // One of the first `services` of which no operation that began at `since` or later has succeeded
  // yet, if any.
  std::optional<size_t> NotServedSince(MonoTime since, size_t services) const;

  size_t size() const { return services_.size(); }

 private:
  struct One {
    MonoTime served_at;      // The newest success.
    MonoTime served_asking;  // When the operation began that began last, of those that succeeded.
    MonoDuration longest;    // In the watch.
  };

  std::vector<One> services_;
};

// The shares of `windows` that are no longer than these; zeros if there are none.
struct WindowFigures {
  MonoDuration p50;
  MonoDuration p99;
  MonoDuration max;
  size_t count = 0;
};
WindowFigures FiguresOf(std::vector<MonoDuration> windows);

}  // namespace strom::prove
