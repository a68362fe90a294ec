#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/include/strom/admin.h"
#include "client/include/strom/append_writer.h"
#include "client/include/strom/future.h"
#include "client/include/strom/jobs.h"
#include "client/include/strom/log_scanner.h"
#include "client/include/strom/lookup.h"
#include "client/include/strom/planned_writer.h"
#include "client/include/strom/table_reader.h"
#include "client/include/strom/upsert_writer.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/runtime/random.h"

namespace strom::rpc {
class Network;
}  // namespace strom::rpc

namespace strom::client {

// How requests travel: framed TCP (the fast one), or session streams over gRPC.
enum class Carrier : uint8_t { kFramed, kGrpc };

struct ConnectionOptions {
  // "host:port" of any servers of the cluster; one that answers is enough. IPv6 in brackets.
  std::vector<std::string> bootstrap_servers;
  Carrier carrier = Carrier::kFramed;
  MonoDuration request_timeout = Seconds(30);  // Of one request to one server.
  // Pause before a failed request is made again; doubles up to the maximum.
  MonoDuration retry_backoff = Millis(20);
  MonoDuration retry_backoff_max = Seconds(1);
  int threads = 2;  // Of the connection's own pool.
};

// The world of a connection that brings no threads and sockets of its own: a server's, the
// simulation's. Outlives the connection and everything made by it.
struct Environment {
  runtime::Executor& executor;
  const runtime::Clock& clock;
  runtime::Random& random;
  rpc::Network& network;
};

class Cluster;

// A client's connection to a Strom (or Fluss) cluster: where everything else comes from.
//
//   STROM_ASSIGN_OR_RETURN(auto connection, Connection::Open({.bootstrap_servers = {"db1:9123"}}));
//
// Thread-safe. It keeps two streams to each server it talks to, one for writes and one for reads,
// and follows leaders as they move. Destroyed after its writers and scanners (checked), and not in
// a callback; futures still open then end with kNetwork.
class Connection {
 public:
  // With threads and sockets of its own. Waits until a server has answered.
  // Errors: kInvalidConfig for options that make no sense, kNetwork if no server answers.
  static Result<std::unique_ptr<Connection>> Open(ConnectionOptions options);

  // In `environment`. Does not wait: servers are asked when something needs them.
  // Errors: kInvalidConfig.
  static Result<std::unique_ptr<Connection>> Create(ConnectionOptions options,
                                                    Environment environment);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Admin& admin() { return *admin_; }
  Jobs& jobs() { return *jobs_; }

  // Writers and readers of a table. The first form of each asks the cluster for the table, and
  // waits; the second takes what Admin::GetTable gave.
  //
  //                    log table   primary-key table
  //   AppendWriter     yes         kInvalidTable
  //   UpsertWriter     (20)        yes                  (20) kNonPrimaryKeyTable
  //   PlannedWriter    (20)        yes
  //   Lookup           (20)        yes
  //   TableReader      (20)        yes
  //   LogScanner       yes         its changelog
  //
  // Errors: kTableNotExist, kNetwork; kInvalidTable, too, for a table that is partitioned;
  // kInvalidConfig for options that make no sense; kInvalidColumnProjection for columns to be read
  // that do not exist, kInvalidTargetColumn for columns that cannot be those that are written.
  Result<std::unique_ptr<AppendWriter>> NewAppendWriter(const TablePath& path,
                                                        AppendWriterOptions options = {});
  Result<std::unique_ptr<AppendWriter>> NewAppendWriter(const TableInfo& table,
                                                        AppendWriterOptions options = {});
  Result<std::unique_ptr<UpsertWriter>> NewUpsertWriter(const TablePath& path,
                                                        UpsertWriterOptions options = {});
  Result<std::unique_ptr<UpsertWriter>> NewUpsertWriter(const TableInfo& table,
                                                        UpsertWriterOptions options = {});
  Result<std::unique_ptr<PlannedWriter>> NewPlannedWriter(const TableInfo& table,
                                                          UpsertWriterOptions options = {});
  Result<std::unique_ptr<LogScanner>> NewLogScanner(const TablePath& path,
                                                    LogScannerOptions options = {});
  Result<std::unique_ptr<LogScanner>> NewLogScanner(const TableInfo& table,
                                                    LogScannerOptions options = {});
  Result<std::unique_ptr<Lookup>> NewLookup(const TablePath& path, LookupOptions options = {});
  Result<std::unique_ptr<Lookup>> NewLookup(const TableInfo& table, LookupOptions options = {});
  Result<std::unique_ptr<TableReader>> NewTableReader(const TablePath& path,
                                                      TableReaderOptions options = {});
  Result<std::unique_ptr<TableReader>> NewTableReader(const TableInfo& table,
                                                      TableReaderOptions options = {});

 private:
  struct World;  // The threads and sockets of a connection that has its own.

  Connection(std::unique_ptr<World> world, std::shared_ptr<Cluster> cluster);

  const std::unique_ptr<World> world_;  // Null in somebody else's environment.
  const std::shared_ptr<Cluster> cluster_;
  const std::unique_ptr<Admin> admin_;
  const std::unique_ptr<Jobs> jobs_;
};

}  // namespace strom::client
