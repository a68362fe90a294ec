#include "common/runtime/signal_waiter.h"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <sys/wait.h>

#include "common/runtime/system_clock.h"

namespace strom::runtime {
namespace {

// Runs `child` in a process of its own and returns how that ended, as waitpid tells.
template <class Child>
int StatusOfChild(Child child) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    for (const int number : {SIGINT, SIGTERM}) signal(number, SIG_DFL);  // Catch2 handles them.
    child();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return status;
}

}  // namespace

TEST_CASE("a signal is something to wait for, and ends nothing", "[runtime]") {
  SignalWaiter waiter;
  SignalWaiter::Raise(SIGTERM);
  CHECK(waiter.WaitUntil(MonoTime::Infinite()) == SIGTERM);
  SignalWaiter::Raise(SIGINT);
  CHECK(waiter.WaitUntil(SystemNow() + Seconds(60)) == SIGINT);
}

TEST_CASE("waiting for a signal ends at the deadline", "[runtime]") {
  SignalWaiter waiter;
  const MonoTime deadline = SystemNow() + Millis(3);
  CHECK(waiter.WaitUntil(deadline) == std::nullopt);
  CHECK(SystemNow() >= deadline);
  CHECK(waiter.WaitUntil(MonoTime(0)) == std::nullopt);
}

TEST_CASE("after the release a signal ends the process at once", "[runtime]") {
  const int status = StatusOfChild([] {
    SignalWaiter waiter;
    SignalWaiter::Raise(SIGTERM);
    if (waiter.WaitUntil(MonoTime::Infinite()) != SIGTERM) _exit(7);
    waiter.Release();
    SignalWaiter::Raise(SIGINT);
    _exit(8);
  });
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("signals that are waited for have names", "[runtime]") {
  CHECK(std::string(SignalName(SIGINT)) == "SIGINT");
  CHECK(std::string(SignalName(SIGTERM)) == "SIGTERM");
  CHECK(std::string(SignalName(SIGUSR1)) == "signal");
}

}  // namespace strom::runtime
