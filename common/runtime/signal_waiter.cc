#include "common/runtime/signal_waiter.h"

#include <cerrno>

#include <time.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/runtime/system_clock.h"

namespace strom::runtime {

SignalWaiter::SignalWaiter() {
  sigemptyset(&waited_for_);
  sigaddset(&waited_for_, SIGINT);
  sigaddset(&waited_for_, SIGTERM);
  STROM_CHECK(pthread_sigmask(SIG_BLOCK, &waited_for_, &before_) == 0) << errno;
}

SignalWaiter::~SignalWaiter() { Release(); }

std::optional<int> SignalWaiter::WaitUntil(MonoTime deadline) {
  while (true) {
    int signal = -1;
    if (deadline == MonoTime::Infinite()) {
      signal = sigwaitinfo(&waited_for_, nullptr);
    } else {
      const int64_t left = std::max<int64_t>(0, (deadline - SystemNow()).nanos());
      const timespec timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
      signal = sigtimedwait(&waited_for_, nullptr, &timeout);
    }
    if (signal > 0) return signal;
    if (errno == EAGAIN) return std::nullopt;
    STROM_CHECK(errno == EINTR) << "waiting for a signal: errno " << errno;
  }
}

void SignalWaiter::Release() {
  STROM_CHECK(pthread_sigmask(SIG_SETMASK, &before_, nullptr) == 0) << errno;
}

void SignalWaiter::Raise(int signal) { STROM_CHECK(kill(getpid(), signal) == 0) << errno; }

const char* SignalName(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "signal";
  }
}

}  // namespace strom::runtime
