#pragma once

#include <optional>

#include <signal.h>

#include "common/runtime/time.h"

namespace strom::runtime {

// How the main of a server hears that it shall end: SIGTERM and SIGINT become something to wait for
// instead of something that interrupts.
//
// Made by main before any other thread is started, since threads inherit the blocked signals; one
// per process, used by the thread that made it.
class SignalWaiter {
 public:
  SignalWaiter();
  // Signals act as before again.
  ~SignalWaiter();
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

  // The number of the next signal, also of one that came before the call; nullopt once `deadline`
  // has passed without any.
  std::optional<int> WaitUntil(MonoTime deadline);

  // From here on a signal ends the process at once: for the time of an orderly stop, so that a
  // second Ctrl-C helps if that hangs.
  void Release();

  // What WaitUntil returns next, as if it came from outside. Any thread: for a part of the process
  // that cannot go on.
  static void Raise(int signal);

 private:
  sigset_t waited_for_;
  sigset_t before_;
};

// "SIGINT", "SIGTERM"; "signal" for all others.
const char* SignalName(int signal);

}  // namespace strom::runtime
