#include "client/include/strom/connection.h"

#include <utility>

#include "client/cluster.h"
#include "client/kv_target.h"
#include "client/log_target.h"
#include "client/lookup_core.h"
#include "client/scan_reader.h"
#include "client/table_scan.h"
#include "client/writer_core.h"
#include "common/rpc/framed/framed_network.h"
#include "common/rpc/grpc/grpc_network.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"

namespace strom::client {

struct Connection::World {
  World(Carrier carrier, int threads) : pool({.name = "strom-client", .threads = threads}) {
    if (carrier == Carrier::kFramed) {
      network = std::make_unique<rpc::framed::FramedNetwork>(clock);
    } else {
      network_pool = std::make_unique<runtime::ThreadPool>(
          runtime::ThreadPool::Options{.name = "strom-client-rpc", .threads = 1});
      network = std::make_unique<rpc::GrpcNetwork>(clock, *network_pool, *network_pool);
    }
  }

  Environment environment() { return {pool, clock, random, *network}; }

  runtime::RealClock clock;
  runtime::RealRandom random;
  runtime::ThreadPool pool;                           // Stops before the network goes ...
  std::unique_ptr<runtime::ThreadPool> network_pool;  // ... and the network before its own.
  std::unique_ptr<rpc::Network> network;
};

Result<std::unique_ptr<Connection>> Connection::Open(ConnectionOptions options) {
  STROM_ASSIGN_OR_RETURN(Cluster::Settings settings, Cluster::SettingsOf(options));
  auto world = std::make_unique<World>(options.carrier, options.threads);
  auto cluster = std::make_shared<Cluster>(std::move(settings), world->environment());
  std::unique_ptr<Connection> connection(new Connection(std::move(world), std::move(cluster)));
  const Result<ClusterServers> servers = connection->admin().ListServers().Get();
  if (!servers.ok()) return servers.status();
  return connection;
}

Result<std::unique_ptr<Connection>> Connection::Create(ConnectionOptions options,
                                                       Environment environment) {
  STROM_ASSIGN_OR_RETURN(Cluster::Settings settings, Cluster::SettingsOf(options));
  auto cluster = std::make_shared<Cluster>(std::move(settings), environment);
  return std::unique_ptr<Connection>(new Connection(nullptr, std::move(cluster)));
}

Connection::Connection(std::unique_ptr<World> world, std::shared_ptr<Cluster> cluster)
    : world_(std::move(world)),
      cluster_(std::move(cluster)),
      admin_(std::make_unique<Admin>(cluster_)),
      jobs_(std::make_unique<Jobs>(cluster_)) {}

Connection::~Connection() {
  STROM_CHECK(cluster_->open_handles() == 0)
      << cluster_->open_handles() << " writers and scanners outlive their connection";
  cluster_->Close();
  // What is still queued is dropped, and what it promised ends with kNetwork. The network then ends
  // the calls under way, whose continuations find no pool any more.
  if (world_) world_->pool.Shutdown();
}

Result<std::unique_ptr<AppendWriter>> Connection::NewAppendWriter(const TablePath& path,
                                                                  AppendWriterOptions options) {
  STROM_ASSIGN_OR_RETURN(const TableInfo table, admin_->GetTable(path).Get());
  return NewAppendWriter(table, options);
}

Result<std::unique_ptr<AppendWriter>> Connection::NewAppendWriter(const TableInfo& table,
                                                                  AppendWriterOptions options) {
  STROM_ASSIGN_OR_RETURN(LogTable log_table, LogTable::Make(table));
  auto target = std::make_shared<const LogTarget>(std::move(log_table));
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<WriterCore> core,
                         WriterCore::Make(cluster_, target, options));
  return std::make_unique<AppendWriter>(std::move(target), std::move(core));
}

Result<std::unique_ptr<UpsertWriter>> Connection::NewUpsertWriter(const TablePath& path,
                                                                  UpsertWriterOptions options) {
  STROM_ASSIGN_OR_RETURN(const TableInfo table, admin_->GetTable(path).Get());
  return NewUpsertWriter(table, std::move(options));
}

Result<std::unique_ptr<UpsertWriter>> Connection::NewUpsertWriter(const TableInfo& table,
                                                                  UpsertWriterOptions options) {
  STROM_ASSIGN_OR_RETURN(KeyedTable keyed, KeyedTable::Make(table));
  STROM_ASSIGN_OR_RETURN(TargetColumns columns, TargetColumns::Make(table, options.columns));
  auto target = std::make_shared<const KvTarget>(std::move(keyed), std::move(columns));
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<WriterCore> core,
                         WriterCore::Make(cluster_, target, options.writing));
  return std::make_unique<UpsertWriter>(std::move(target), std::move(core));
}

Result<std::unique_ptr<PlannedWriter>> Connection::NewPlannedWriter(const TableInfo& table,
                                                                    UpsertWriterOptions options) {
  STROM_ASSIGN_OR_RETURN(KeyedTable keyed, KeyedTable::Make(table));
  STROM_ASSIGN_OR_RETURN(TargetColumns columns, TargetColumns::Make(table, options.columns));
  STROM_RETURN_IF_ERROR(CheckWriterOptions(options.writing));
  if (!options.writing.idempotent) {
    return Error(ErrorCode::kInvalidConfig, "table {}: a planned writer is idempotent", table.path);
  }
  return std::make_unique<PlannedWriter>(
      cluster_, std::make_shared<const KvTarget>(std::move(keyed), std::move(columns)),
      std::move(options.writing));
}

Result<std::unique_ptr<LogScanner>> Connection::NewLogScanner(const TablePath& path,
                                                              LogScannerOptions options) {
  STROM_ASSIGN_OR_RETURN(const TableInfo table, admin_->GetTable(path).Get());
  return NewLogScanner(table, std::move(options));
}

Result<std::unique_ptr<LogScanner>> Connection::NewLogScanner(const TableInfo& table,
                                                              LogScannerOptions options) {
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<ScanReader> reader,
                         ScanReader::Make(cluster_, table, options));
  return std::make_unique<LogScanner>(std::move(reader));
}

Result<std::unique_ptr<Lookup>> Connection::NewLookup(const TablePath& path,
                                                      LookupOptions options) {
  STROM_ASSIGN_OR_RETURN(const TableInfo table, admin_->GetTable(path).Get());
  return NewLookup(table, std::move(options));
}

Result<std::unique_ptr<Lookup>> Connection::NewLookup(const TableInfo& table,
                                                      LookupOptions options) {
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<LookupCore> core,
                         LookupCore::Make(cluster_, table, options));
  return std::make_unique<Lookup>(std::move(core));
}

Result<std::unique_ptr<TableReader>> Connection::NewTableReader(const TablePath& path,
                                                                TableReaderOptions options) {
  STROM_ASSIGN_OR_RETURN(const TableInfo table, admin_->GetTable(path).Get());
  return NewTableReader(table, std::move(options));
}

Result<std::unique_ptr<TableReader>> Connection::NewTableReader(const TableInfo& table,
                                                                TableReaderOptions options) {
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<TableScan> scan,
                         TableScan::Make(cluster_, table, options));
  return std::make_unique<TableReader>(std::move(scan));
}

}  // namespace strom::client
