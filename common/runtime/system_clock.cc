#include "common/runtime/system_clock.h"

#include <chrono>

#include <time.h>

#include "common/base/check.h"
#include "common/runtime/thread_waits.h"

namespace strom::runtime {

MonoTime SystemNow() {
  thread_local int64_t latest_ns = INT64_MIN;  // Per thread: a shared one would be a hot line.
  timespec now{};
  STROM_CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  const int64_t now_ns = int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  STROM_CHECK(now_ns >= latest_ns)
      << "monotonic clock went back from " << latest_ns << " to " << now_ns;
  latest_ns = now_ns;
  return MonoTime(now_ns);
}

MonoDuration ThreadCpuTime() {
  if (ThreadWaits::Current()) return MonoDuration();
  timespec worked = {};
  STROM_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked) == 0);
  return Seconds(worked.tv_sec) + MonoDuration::FromNanos(worked.tv_nsec);
}

WallMillis RealClock::WallNow() const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace strom::runtime
