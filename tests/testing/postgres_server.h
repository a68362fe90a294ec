#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "tests/testing/child_process.h"
#include "tests/testing/temp_dir.h"

namespace strom::testing {

// A PostgreSQL server of a test's own, in a directory of its own, on a port of the loopback
// interface: for sources (wal_level logical) and sinks. Unsynced, small, and gone at the end of the
// scope or of the test. Root runs it as user `postgres`.
//
// The role `postgres` is a superuser; the loopback interface asks for passwords (SCRAM).
//
// One thread, the one that made it. Broken set-ups end the process: there is nothing to test then.
class PostgresServer {
 public:
  struct Options {
    bool logical = true;  // wal_level logical, or replica.
  };

  PostgresServer() : PostgresServer(Options()) {}
  explicit PostgresServer(Options options);
  ~PostgresServer();

  std::string host() const { return "127.0.0.1"; }
  uint16_t port() const { return port_; }
  std::string user() const { return "postgres"; }
  std::string password() const { return "not-for-messages"; }
  std::string database() const { return "postgres"; }

  // What psql prints for it (unaligned, rows only). Errors: kStorage with the server's message.
  Result<std::string> Psql(const std::string& sql, const std::string& database = "postgres");

  // Ends all sessions and the server (fast shutdown). It waits for streams to be read to the end.
  void Stop();
  // Ends it as if the machine had failed.
  void Crash();
  // Again, on the same data and port.
  void Start();

 private:
  const Options options_;
  TempDir dir_;
  uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace strom::testing
