#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/time.h"

namespace strom::testing {

// A program that a test runs beside itself: a ZooKeeper or PostgreSQL server, a tool. Killed
// (SIGKILL) at the end of the scope, and by the kernel if the test itself dies.
//
// Used by one thread: the one that started it, which must live as long.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> command;  // The program, looked up in PATH, and its arguments.
    std::string output_file;           // Its stdout and stderr are appended there.
    std::string directory;             // To run in; empty: the test's.
    std::vector<std::pair<std::string, std::string>> environment;  // Beside the test's own.
  };

  // Errors: kStorage if the process or its output file cannot be made. A program that is not there
  // is a process that ends with 127.
  static Result<std::unique_ptr<ChildProcess>> Start(const Options& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int pid() const { return pid_; }

  // Nothing if it has ended already.
  void Signal(int signal);

  // How it ended: its exit code, or 128 + the signal that ended it. None if it still runs after
  // `timeout`.
  std::optional<int> Wait(MonoDuration timeout);
  bool running() { return !Wait(MonoDuration()).has_value(); }

  // Signal and wait until it is gone; after `grace`, with SIGKILL. How it ended.
  int Stop(int signal, MonoDuration grace = Seconds(10));

 private:
  ChildProcess(int pid, int pid_fd) : pid_(pid), pid_fd_(pid_fd) {}

  const int pid_;
  const int pid_fd_;
  std::optional<int> ended_;
};

// Runs a command to its end. Errors: kStorage as Start, if it takes longer than `timeout`, or if it
// ends with anything but 0; the message has the end of its output.
Status RunCommand(const ChildProcess::Options& options, MonoDuration timeout = Seconds(60));

// A port of the loopback interface that nobody listened on a moment ago, for servers that cannot
// tell which one they took.
int FreeLoopbackPort();

}  // namespace strom::testing
