#pragma once

#include <memory>
#include <string>

#include "tests/testing/child_process.h"
#include "tests/testing/temp_dir.h"

namespace strom::testing {

// A real ZooKeeper server (Debian's package) on the loopback interface: standalone, with a data
// directory of its own that outlives Stop. Start does not wait until it answers: clients try again
// until it does, after about half a second.
class ZooKeeperServer {
 public:
  // Whether this machine has one. If not: SKIP(kMissing).
  static bool Installed();
  static constexpr const char* kMissing =
      "no ZooKeeper server on this machine (Debian packages zookeeper and a Java runtime)";

  ZooKeeperServer();

  void Start();
  // kill -9.
  void Stop();

  // "127.0.0.1:port".
  std::string address() const;

  // Of this server: it grants sessions from 2 to 20 of them.
  static constexpr int kTickMs = 200;

 private:
  TempDir dir_;
  const int port_ = FreeLoopbackPort();
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace strom::testing
