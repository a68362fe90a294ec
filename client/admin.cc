#include "client/include/strom/admin.h"

#include <algorithm>
#include <utility>

#include "client/offsets.h"
#include "client/promise.h"
#include "client/retrying_call.h"
#include "client/table_codec.h"
#include "common/convert/path.h"
#include "common/rpc/methods.h"
#include "common/types/json_codec.h"
#include "proto/admin.pb.h"

namespace strom::client {
namespace {

// One admin call: `read` makes the outcome of the answer.
template <class T, class Req, class Resp, class Read>
Future<T> Ask(const std::shared_ptr<Cluster>& cluster, Target target, Repeat repeat,
              const rpc::Method<Req, Resp>& method, const Req& request, std::string what,
              Read read) {
  Promise<T> promise;
  Future<T> future = promise.future();
  CallWithRetries<Req, Resp>(cluster, target, repeat, method, request,
                             [promise = std::move(promise), what = std::move(what),
                              read = std::move(read)](Result<Resp> response) mutable {
                               if (!response.ok())
                                 return promise.Set(response.status().WithContext(what));
                               promise.Set(read(*response));
                             });
  return future;
}

template <class Req, class Resp>
Future<void> Change(const std::shared_ptr<Cluster>& cluster, const rpc::Method<Req, Resp>& method,
                    const Req& request, std::string what) {
  return Ask<void>(cluster, Target::kCoordinator, Repeat::kIfNotApplied, method, request,
                   std::move(what), [](const Resp&) { return Status::Ok(); });
}

template <class T, class Req, class Resp, class Read>
Future<T> Question(const std::shared_ptr<Cluster>& cluster, const rpc::Method<Req, Resp>& method,
                   const Req& request, std::string what, Read read) {
  return Ask<T>(cluster, Target::kAnyServer, Repeat::kAlways, method, request, std::move(what),
                std::move(read));
}

template <class Names>
Result<std::vector<std::string>> Sorted(const Names& names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

Admin::Admin(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}
Admin::~Admin() = default;

Future<void> Admin::CreateDatabase(const std::string& name, const DatabaseDescriptor& descriptor,
                                   IfExists if_exists) {
  pb::CreateDatabaseRequest request;
  request.set_database_name(name);
  request.set_ignore_if_exists(if_exists == IfExists::kIgnore);
  request.set_database_json(ToJson(descriptor));
  return Change(cluster_, rpc::kCreateDatabase, request, "create database " + name);
}

Future<void> Admin::DropDatabase(const std::string& name, IfMissing if_missing, bool cascade) {
  pb::DropDatabaseRequest request;
  request.set_database_name(name);
  request.set_ignore_if_not_exists(if_missing == IfMissing::kIgnore);
  request.set_cascade(cascade);
  return Change(cluster_, rpc::kDropDatabase, request, "drop database " + name);
}

Future<std::vector<std::string>> Admin::ListDatabases() {
  return Question<std::vector<std::string>>(
      cluster_, rpc::kListDatabases, pb::ListDatabasesRequest(), "list databases",
      [](const pb::ListDatabasesResponse& r) { return Sorted(r.database_name()); });
}

Future<bool> Admin::DatabaseExists(const std::string& name) {
  pb::DatabaseExistsRequest request;
  request.set_database_name(name);
  return Question<bool>(
      cluster_, rpc::kDatabaseExists, request, "database " + name,
      [](const pb::DatabaseExistsResponse& r) { return Result<bool>(r.exists()); });
}

Future<DatabaseInfo> Admin::GetDatabase(const std::string& name) {
  pb::GetDatabaseInfoRequest request;
  request.set_database_name(name);
  return Question<DatabaseInfo>(
      cluster_, rpc::kGetDatabaseInfo, request, "database " + name,
      [name](const pb::GetDatabaseInfoResponse& r) { return DatabaseInfoFromPb(name, r); });
}

Future<void> Admin::CreateTable(const TablePath& path, const TableDescriptor& descriptor,
                                IfExists if_exists) {
  pb::CreateTableRequest request;
  *request.mutable_table_path() = convert::ToPb(path);
  request.set_table_json(ToJson(descriptor));
  request.set_ignore_if_exists(if_exists == IfExists::kIgnore);
  return Change(cluster_, rpc::kCreateTable, request, fmt::format("create table {}", path));
}

Future<void> Admin::DropTable(const TablePath& path, IfMissing if_missing) {
  pb::DropTableRequest request;
  *request.mutable_table_path() = convert::ToPb(path);
  request.set_ignore_if_not_exists(if_missing == IfMissing::kIgnore);
  return Change(cluster_, rpc::kDropTable, request, fmt::format("drop table {}", path));
}

Future<std::vector<std::string>> Admin::ListTables(const std::string& database) {
  pb::ListTablesRequest request;
  request.set_database_name(database);
  return Question<std::vector<std::string>>(
      cluster_, rpc::kListTables, request, "list tables of " + database,
      [](const pb::ListTablesResponse& r) { return Sorted(r.table_name()); });
}

Future<bool> Admin::TableExists(const TablePath& path) {
  pb::TableExistsRequest request;
  *request.mutable_table_path() = convert::ToPb(path);
  return Question<bool>(cluster_, rpc::kTableExists, request, fmt::format("table {}", path),
                        [](const pb::TableExistsResponse& r) { return Result<bool>(r.exists()); });
}

Future<TableInfo> Admin::GetTable(const TablePath& path) {
  pb::GetTableInfoRequest request;
  *request.mutable_table_path() = convert::ToPb(path);
  return Question<TableInfo>(
      cluster_, rpc::kGetTableInfo, request, fmt::format("table {}", path),
      [path](const pb::GetTableInfoResponse& r) { return TableInfoFromPb(path, r); });
}

Future<TableSchema> Admin::GetSchema(const TablePath& path, std::optional<SchemaId> id) {
  pb::GetTableSchemaRequest request;
  *request.mutable_table_path() = convert::ToPb(path);
  if (id) request.set_schema_id(id->value());
  return Question<TableSchema>(
      cluster_, rpc::kGetTableSchema, request, fmt::format("schema of table {}", path),
      [path](const pb::GetTableSchemaResponse& r) { return TableSchemaFromPb(path, r); });
}

Future<std::map<BucketId, LogOffset>> Admin::ListOffsets(const TablePath& path, OffsetSpec spec) {
  return ListAllOffsets(cluster_, path, spec);
}

Future<ClusterServers> Admin::ListServers() {
  Promise<ClusterServers> promise;
  Future<ClusterServers> future = promise.future();
  cluster_->Refresh(std::nullopt, [cluster = cluster_,
                                   promise = std::move(promise)](const Status& status) mutable {
    if (!status.ok()) return promise.Set(status.WithContext("list servers"));
    const std::shared_ptr<const ClusterMetadata> metadata = cluster->metadata();
    ClusterServers servers{.coordinator = metadata->coordinator, .tablet_servers = {}};
    for (const auto& [id, server] : metadata->tablet_servers) {
      servers.tablet_servers.push_back(server);
    }
    promise.Set(std::move(servers));
  });
  return future;
}

Future<TableLeaders> Admin::ListLeaders(const TablePath& path) {
  Promise<TableLeaders> promise;
  Future<TableLeaders> future = promise.future();
  cluster_->Refresh(
      path, [cluster = cluster_, path, promise = std::move(promise)](const Status& status) mutable {
        const std::shared_ptr<const ClusterMetadata> metadata = cluster->metadata();
        const TableLocation* table = status.ok() ? metadata->Find(path) : nullptr;
        if (table == nullptr) {
          return promise.Set(status.ok() ? Error(ErrorCode::kTableNotExist, "table {}", path)
                                         : status.WithContext(fmt::format("leaders of {}", path)));
        }
        promise.Set(TableLeaders{
            .table = table->id, .buckets = table->leaders, .replicas = table->replicas});
      });
  return future;
}

}  // namespace strom::client
