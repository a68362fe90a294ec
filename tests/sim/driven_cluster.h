#pragma once

#include <memory>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "client/include/strom/connection.h"
#include "tests/sim/cluster/sim_cluster.h"

namespace strom::sim {

// A simulated cluster and one client, which a test drives step by step. The servers are not started
// yet.
class DrivenCluster {
 public:
  // The bootstrap servers of `options` are those of the cluster.
  DrivenCluster(uint64_t seed, const SimConfig& config, client::ConnectionOptions options = {})
      : world_(seed, {.seed = seed * 3 + 1}, {.seed = seed * 3 + 2}),
        cluster_(world_, config, [](const std::string&) {}),
        client_(world_, "client", seed) {
    client_.Boot();
    options.bootstrap_servers = cluster_.Addresses();
    connection_ = client::Connection::Create(options, {client_.executor(), client_.clock(),
                                                       client_.random(), client_.network()})
                      .value();
  }

  // After everything that was made by the connection.
  ~DrivenCluster() {
    connection_.reset();
    client_.Kill();
    client_.AfterKill(/*power_failed=*/false);
  }

  SimWorld& world() { return world_; }
  SimScheduler& scheduler() { return world_.scheduler; }
  SimCluster& cluster() { return cluster_; }
  SimHost& client() { return client_; }
  client::Connection& connection() { return *connection_; }
  client::Admin& admin() { return connection_->admin(); }

  void StartAll() {
    for (int i = 0; i < cluster_.coordinator_count(); ++i) cluster_.StartCoordinator(i);
    for (int i = 0; i < cluster_.tablet_count(); ++i) cluster_.StartTablet(i);
  }
  void KillAll(bool power_failed) {
    for (int i = 0; i < cluster_.coordinator_count(); ++i) cluster_.KillCoordinator(i);
    for (int i = 0; i < cluster_.tablet_count(); ++i) cluster_.KillTablet(i, power_failed);
  }
  void Run(MonoDuration duration) { world_.scheduler.RunFor(duration); }

  template <class T>
  client::Outcome<T> Await(client::Future<T> future, MonoDuration within = Seconds(60)) {
    REQUIRE(world_.scheduler.RunUntil([&] { return future.ready(); }, within));
    return future.Get();
  }

 private:
  SimWorld world_;
  SimCluster cluster_;
  SimHost client_;
  std::unique_ptr<client::Connection> connection_;
};

// Of columns k and v, both BIGINT, keyed by k or not, at replication factor 3.
inline TableDescriptor PairsTable(bool keyed, int buckets) {
  SchemaSpec spec;
  spec.columns = {{.name = "k", .type = DataType::BigInt().WithNullable(!keyed)},
                  {.name = "v", .type = DataType::BigInt()}};
  if (keyed) spec.primary_key = {"k"};
  TableDescriptor table{.schema = Schema::Make(std::move(spec)).value(),
                        .distribution = TableDistribution{{}, buckets}};
  table.properties["table.replication.factor"] = "3";
  return table;
}

}  // namespace strom::sim
