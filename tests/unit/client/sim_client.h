#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "client/include/strom/strom.h"
#include "common/rpc/network.h"
#include "tests/sim/world/sim_network.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/unit/client/scripted_cluster.h"

namespace strom::client {

inline const TablePath kOrders{"db", "orders"};

// Columns id BIGINT, name STRING.
inline Schema OrdersSchema() {
  return Schema::Make({.columns = {{.name = "id", .type = DataType::BigInt()},
                                   {.name = "name", .type = DataType::String()}}})
      .value();
}

inline TableDescriptor Orders(int32_t buckets, std::vector<std::string> bucket_keys = {}) {
  return {.schema = OrdersSchema(),
          .distribution = TableDistribution{std::move(bucket_keys), buckets},
          .properties = {{"table.replication.factor", "1"}}};
}

inline Row Order(int64_t id) {
  return {Value::Int(id), Value::String("order " + std::to_string(id))};
}

inline const TablePath kUsers{"db", "users"};

// Columns city STRING, id BIGINT, name STRING, age INT, with a primary key. Keyed by id, or by
// (city, id) in the bucket of the city.
inline TableDescriptor Users(int32_t buckets, bool by_city = false) {
  const std::vector<std::string> key =
      by_city ? std::vector<std::string>{"city", "id"} : std::vector<std::string>{"id"};
  return {.schema = Schema::Make({.columns = {{.name = "city", .type = DataType::String()},
                                              {.name = "id", .type = DataType::BigInt()},
                                              {.name = "name", .type = DataType::String()},
                                              {.name = "age", .type = DataType::Int()}},
                                  .primary_key = key})
                        .value(),
          .distribution = TableDistribution{{key.front()}, buckets},
          .properties = {{"table.replication.factor", "1"}, {"table.kv.format-version", "2"}}};
}

inline Row User(int64_t id, const std::string& name = "somebody", int64_t age = 30) {
  return {Value::String(id % 2 == 0 ? "Bern" : "Chur"), Value::Int(id), Value::String(name),
          Value::Int(age)};
}

// A client and scripted servers s0, s1, ... in a simulated world of its own, in virtual time.
class SimClient {
 public:
  explicit SimClient(uint64_t seed, int servers = 1, ConnectionOptions options = {})
      : scheduler(seed),
        clock_(scheduler),
        random_(seed),
        server_executor_(scheduler),
        client_executor_(scheduler),
        network(scheduler, {.seed = seed}),
        cluster(server_executor_, clock_),
        client_network_(network.AddHost("client", client_executor_, clock_)) {
    for (int i = 0; i < servers; ++i) {
      const std::string host = "s" + std::to_string(i);
      networks_.push_back(network.AddHost(host, server_executor_, clock_));
      listeners_.push_back(
          networks_.back()->Listen({.endpoint = {.host = host}}, cluster.AddServer()).value());
      cluster.SetAddress(i, listeners_.back()->endpoint());
      if (i == 0) options.bootstrap_servers = {listeners_.back()->endpoint().ToString()};
    }
    connection = Connection::Create(options, environment()).value();
  }

  ~SimClient() { cluster.FailHeld(); }

  Environment environment() { return {client_executor_, clock_, random_, *client_network_}; }

  // Where a server is reached, "host:port".
  std::string address(int server) const {
    return listeners_[static_cast<size_t>(server)]->endpoint().ToString();
  }

  // Runs the world until the future is ready.
  template <class T>
  Outcome<T> Await(Future<T> future, MonoDuration limit = Seconds(300)) {
    REQUIRE(scheduler.RunUntil([&] { return future.ready(); }, limit));
    return future.Get();
  }

  std::unique_ptr<AppendWriter> Writer(const TablePath& path, AppendWriterOptions options = {}) {
    return connection->NewAppendWriter(cluster.table(path).info, options).value();
  }
  std::unique_ptr<LogScanner> Scanner(const TablePath& path, LogScannerOptions options = {}) {
    return connection->NewLogScanner(cluster.table(path).info, std::move(options)).value();
  }

  std::unique_ptr<UpsertWriter> Upserter(const TablePath& path, UpsertWriterOptions options = {}) {
    return connection->NewUpsertWriter(cluster.table(path).info, std::move(options)).value();
  }
  std::unique_ptr<Lookup> Finder(const TablePath& path, LookupOptions options = {}) {
    return connection->NewLookup(cluster.table(path).info, std::move(options)).value();
  }
  std::unique_ptr<TableReader> Reader(const TablePath& path, TableReaderOptions options = {}) {
    return connection->NewTableReader(cluster.table(path).info, std::move(options)).value();
  }

  // Polls until `count` records came, or until an error.
  Result<std::vector<LogRecord>> Read(LogScanner& scanner, size_t count) {
    std::vector<LogRecord> all;
    while (all.size() < count) {
      auto records = Await(scanner.PollAsync(Seconds(60)));
      if (!records.ok()) return records.status();
      REQUIRE_FALSE(records->empty());
      for (LogRecord& record : *records) all.push_back(std::move(record));
    }
    return all;
  }

  sim::SimScheduler scheduler;

 private:
  sim::SimClock clock_;
  sim::SimRandom random_;
  sim::SimExecutor server_executor_;
  sim::SimExecutor client_executor_;

 public:
  sim::SimNetwork network;
  ScriptedCluster cluster;

 private:
  std::vector<std::unique_ptr<rpc::Network>> networks_;
  std::vector<std::unique_ptr<rpc::Listener>> listeners_;
  std::unique_ptr<rpc::Network> client_network_;

 public:
  std::unique_ptr<Connection> connection;
};

}  // namespace strom::client
