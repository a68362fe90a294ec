#include "common/service/catalog_service.h"

#include <string>
#include <utility>
#include <vector>

#include "common/convert/key_values.h"
#include "common/convert/path.h"
#include "common/types/json_codec.h"
#include "common/types/partition.h"
#include "proto/admin.pb.h"
#include "proto/cluster.pb.h"
#include "proto/types.pb.h"

namespace strom::service {
namespace {

using metadata::DatabaseInfo;
using metadata::PartitionInfo;
using rpc::Ref;
using rpc::RequestContext;
using rpc::Resource;
using rpc::Responder;
using Names = std::vector<std::string>;

// Whether a database appears in lists made for `audience`.
bool IsListed(std::string_view database, rpc::Audience audience) {
  return audience != rpc::Audience::kFlussClients || !database.starts_with(kReservedNamePrefix);
}

// The partitions of `table` that `filter` lets through, with their values by key.
Result<pb::ListPartitionInfosResponse> PartitionsToPb(
    const TableInfo& table, const std::vector<std::optional<std::string>>& filter,
    const std::vector<PartitionInfo>& partitions) {
  const std::vector<std::string>& keys = table.descriptor.partition_keys;
  pb::ListPartitionInfosResponse response;
  for (const PartitionInfo& partition : partitions) {
    if (partition.name == kHistoricalPartition) continue;
    STROM_ASSIGN_OR_RETURN(const std::vector<std::string> values,
                           SplitPartitionName(partition.name, keys.size()));
    PartitionSpec spec;
    bool wanted = true;
    for (size_t i = 0; i < keys.size(); ++i) {
      wanted = wanted && (filter.empty() || !filter[i] || *filter[i] == values[i]);
      spec.emplace_back(keys[i], values[i]);
    }
    if (!wanted) continue;
    pb::PbPartitionInfo* info = response.add_partitions_info();
    info->set_partition_id(partition.id.value());
    *info->mutable_partition_spec() = convert::ToPb(spec);
    if (partition.remote_data_dir) info->set_remote_data_dir(*partition.remote_data_dir);
  }
  return response;
}

pb::GetTableInfoResponse ToPb(const TableInfo& table) {
  pb::GetTableInfoResponse response;
  response.set_table_id(table.id.value());
  response.set_schema_id(table.schema_id.value());
  response.set_table_json(ToJson(table.descriptor));
  response.set_created_time(table.created_ms);
  response.set_modified_time(table.modified_ms);
  if (table.remote_data_dir) response.set_remote_data_dir(*table.remote_data_dir);
  return response;
}

}  // namespace

// Handlers are called on transport threads, everything behind OnStrand runs on the strand.
class CatalogService::Handlers : public std::enable_shared_from_this<Handlers> {
 public:
  Handlers(rpc::Role role, metadata::Catalog& catalog, runtime::Strand& strand,
           const rpc::Authorizer& authorizer)
      : role_(role), catalog_(catalog), strand_(strand), authorizer_(authorizer) {}

  // Nothing touches the catalog afterwards.
  void Stop() { stopped_ = true; }

  void ApiVersions(const rpc::Dispatcher& dispatcher, const RequestContext& ctx,
                   Responder<pb::ApiVersionsResponse> respond) const {
    pb::ApiVersionsResponse response;
    rpc::FillApiVersions(dispatcher, ctx.listener().audience, &response);
    if (role_ != rpc::Role::kBoth) {
      response.set_server_type(role_ == rpc::Role::kCoordinator ? 1 : 2);
    }
    std::move(respond).Ok(response);
  }

  // Nothing is remote yet: files need no token. Every client asks when it makes a scanner.
  void GetFileSystemSecurityToken(const RequestContext&, Ref<pb::GetFileSystemSecurityTokenRequest>,
                                  Responder<pb::GetFileSystemSecurityTokenResponse> respond) {
    pb::GetFileSystemSecurityTokenResponse response;
    response.set_schema("file");
    response.set_token("");
    std::move(respond).Ok(response);
  }

  void ListDatabases(const RequestContext& ctx, Ref<pb::ListDatabasesRequest> request,
                     Responder<pb::ListDatabasesResponse> respond) {
    OnStrand(std::move(respond), [this, ctx, request](auto respond) {
      catalog_.ListDatabases(
          [this, ctx, request, respond = std::move(respond)](Result<Names> names) mutable {
            if (!names.ok()) return std::move(respond).Fail(names.status());
            std::erase_if(*names, [&](const std::string& name) {
              return !IsListed(name, ctx.listener().audience) ||
                     !MayDescribe(ctx, Resource::Database(name)).ok();
            });
            if (request->include_summary()) return Summarise(*std::move(names), std::move(respond));
            pb::ListDatabasesResponse response;
            for (std::string& name : *names) response.add_database_name(std::move(name));
            std::move(respond).Ok(response);
          });
    });
  }

  void DatabaseExists(const RequestContext& ctx, Ref<pb::DatabaseExistsRequest> request,
                      Responder<pb::DatabaseExistsResponse> respond) {
    if (!MayDescribe(ctx, Resource::Database(request->database_name())).ok()) {
      return AnswerExists(false, std::move(respond));
    }
    OnStrand(std::move(respond), [this, request](auto respond) {
      catalog_.DatabaseExists(request->database_name(),
                              [respond = std::move(respond)](Result<bool> exists) mutable {
                                AnswerExists(std::move(exists), std::move(respond));
                              });
    });
  }

  void GetDatabaseInfo(const RequestContext& ctx, Ref<pb::GetDatabaseInfoRequest> request,
                       Responder<pb::GetDatabaseInfoResponse> respond) {
    Status allowed = MayDescribe(ctx, Resource::Database(request->database_name()));
    if (!allowed.ok()) return std::move(respond).Fail(std::move(allowed));
    OnStrand(std::move(respond), [this, request](auto respond) {
      catalog_.GetDatabase(request->database_name(),
                           [respond = std::move(respond)](Result<DatabaseInfo> database) mutable {
                             if (!database.ok()) return std::move(respond).Fail(database.status());
                             pb::GetDatabaseInfoResponse response;
                             response.set_database_json(ToJson(database->descriptor));
                             response.set_created_time(database->created_ms);
                             response.set_modified_time(database->modified_ms);
                             std::move(respond).Ok(response);
                           });
    });
  }

  void ListTables(const RequestContext& ctx, Ref<pb::ListTablesRequest> request,
                  Responder<pb::ListTablesResponse> respond) {
    OnStrand(std::move(respond), [this, ctx, request](auto respond) {
      catalog_.ListTables(
          request->database_name(),
          [this, ctx, request, respond = std::move(respond)](Result<Names> tables) mutable {
            if (!tables.ok()) return std::move(respond).Fail(tables.status());
            pb::ListTablesResponse response;
            for (std::string& table : *tables) {
              if (!MayDescribe(ctx, Resource::Table(request->database_name(), table)).ok())
                continue;
              response.add_table_name(std::move(table));
            }
            std::move(respond).Ok(response);
          });
    });
  }

  void TableExists(const RequestContext& ctx, Ref<pb::TableExistsRequest> request,
                   Responder<pb::TableExistsResponse> respond) {
    const Result<TablePath> path = convert::FromPb(request->table_path());
    if (!path.ok() || !MayDescribe(ctx, *path).ok()) {
      return AnswerExists(false, std::move(respond));
    }
    OnStrand(std::move(respond), [this, path = *path](auto respond) {
      catalog_.TableExists(path, [respond = std::move(respond)](Result<bool> exists) mutable {
        AnswerExists(std::move(exists), std::move(respond));
      });
    });
  }

  void GetTableInfo(const RequestContext& ctx, Ref<pb::GetTableInfoRequest> request,
                    Responder<pb::GetTableInfoResponse> respond) {
    Result<TablePath> path = Describable(ctx, request->table_path());
    if (!path.ok()) return std::move(respond).Fail(path.status());
    OnStrand(std::move(respond), [this, path = *std::move(path)](auto respond) {
      catalog_.GetKnownTable(path, [respond = std::move(respond)](Result<TableInfo> table) mutable {
        if (!table.ok()) return std::move(respond).Fail(table.status());
        std::move(respond).Ok(ToPb(*table));
      });
    });
  }

  void GetTableSchema(const RequestContext& ctx, Ref<pb::GetTableSchemaRequest> request,
                      Responder<pb::GetTableSchemaResponse> respond) {
    Result<TablePath> path = Describable(ctx, request->table_path());
    if (!path.ok()) return std::move(respond).Fail(path.status());
    std::optional<SchemaId> id;
    if (request->has_schema_id()) {
      if (request->schema_id() < 1 || request->schema_id() > INT16_MAX) {
        return std::move(respond).Fail(Error(
            ErrorCode::kSchemaNotExist, "table {} has no schema {}", *path, request->schema_id()));
      }
      id = SchemaId(static_cast<int16_t>(request->schema_id()));
    }
    OnStrand(std::move(respond), [this, path = *std::move(path), id](auto respond) {
      catalog_.GetKnownSchema(
          path, id,
          [respond = std::move(respond)](Result<std::pair<SchemaId, Schema>> schema) mutable {
            // A table that is not there has no schema either: Fluss answers so, and clients rely on
            // it.
            if (schema.status().code() == ErrorCode::kTableNotExist) {
              return std::move(respond).Fail(
                  Status(ErrorCode::kSchemaNotExist, std::string(schema.status().message())));
            }
            if (!schema.ok()) return std::move(respond).Fail(schema.status());
            pb::GetTableSchemaResponse response;
            response.set_schema_id(schema->first.value());
            response.set_schema_json(ToJson(schema->second));
            std::move(respond).Ok(response);
          });
    });
  }

  void ListPartitionInfos(const RequestContext& ctx, Ref<pb::ListPartitionInfosRequest> request,
                          Responder<pb::ListPartitionInfosResponse> respond) {
    Result<TablePath> path = Describable(ctx, request->table_path());
    if (!path.ok()) return std::move(respond).Fail(path.status());
    OnStrand(std::move(respond), [this, request, path = *std::move(path)](auto respond) {
      catalog_.GetTable(
          path, [this, request, respond = std::move(respond)](Result<TableInfo> table) mutable {
            if (!table.ok()) return std::move(respond).Fail(table.status());
            ListPartitions(*std::move(table), *request, std::move(respond));
          });
    });
  }

 private:
  template <class Resp, class Run>
  void OnStrand(Responder<Resp> respond, Run run) {
    strand_.Post(
        [self = shared_from_this(), respond = std::move(respond), run = std::move(run)]() mutable {
          if (self->stopped_) {
            return std::move(respond).Fail(Error(ErrorCode::kNetwork, "the server is stopping"));
          }
          run(std::move(respond));
        });
  }

  Status MayDescribe(const RequestContext& ctx, const Resource& resource) const {
    return authorizer_.Check(ctx, rpc::Operation::kDescribe, resource);
  }
  Status MayDescribe(const RequestContext& ctx, const TablePath& path) const {
    return MayDescribe(ctx, Resource::Table(path.database, path.table));
  }

  // The table that is asked about. Errors: kAuthorization; kTableNotExist for a name of nothing.
  Result<TablePath> Describable(const RequestContext& ctx, const pb::PbTablePath& table) const {
    STROM_RETURN_IF_ERROR(
        MayDescribe(ctx, Resource::Table(table.database_name(), table.table_name())));
    return convert::FromPb(table);
  }

  template <class Resp>
  static void AnswerExists(Result<bool> exists, Responder<Resp> respond) {
    if (!exists.ok()) return std::move(respond).Fail(exists.status());
    Resp response;
    response.set_exists(*exists);
    std::move(respond).Ok(response);
  }

  // Answers with the databases' times and numbers of tables; one that goes meanwhile is left out.
  void Summarise(Names names, Responder<pb::ListDatabasesResponse> respond) {
    using Summary = Result<std::optional<pb::PbDatabaseSummary>>;
    const size_t count = names.size();
    metadata::Gather<Summary>(
        count,
        [this, names = std::move(names)](size_t i, absl::AnyInvocable<void(Summary)> done) {
          SummariseOne(names[i], std::move(done));
        },
        [respond = std::move(respond)](std::vector<Summary> summaries) mutable {
          pb::ListDatabasesResponse response;
          for (Summary& summary : summaries) {
            if (!summary.ok()) return std::move(respond).Fail(summary.status());
            if (*summary) *response.add_database_summary() = **std::move(summary);
          }
          std::move(respond).Ok(response);
        });
  }

  void SummariseOne(const std::string& name,
                    absl::AnyInvocable<void(Result<std::optional<pb::PbDatabaseSummary>>)> done) {
    using Summary = std::optional<pb::PbDatabaseSummary>;
    const auto gone = [](const Status& status) {
      return status.code() == ErrorCode::kDatabaseNotExist;
    };
    catalog_.GetDatabase(
        name, [this, gone, name, done = std::move(done)](Result<DatabaseInfo> database) mutable {
          if (gone(database.status())) return done(Summary());
          if (!database.ok()) return done(database.status());
          pb::PbDatabaseSummary summary;
          summary.set_database_name(name);
          summary.set_created_time(database->created_ms);
          catalog_.ListTables(name, [gone, summary = std::move(summary),
                                     done = std::move(done)](Result<Names> tables) mutable {
            if (gone(tables.status())) return done(Summary());
            if (!tables.ok()) return done(tables.status());
            summary.set_table_count(static_cast<int32_t>(tables->size()));
            done(Summary(std::move(summary)));
          });
        });
  }

  void ListPartitions(TableInfo table, const pb::ListPartitionInfosRequest& request,
                      Responder<pb::ListPartitionInfosResponse> respond) {
    if (!table.descriptor.is_partitioned()) {
      return std::move(respond).Fail(
          Error(ErrorCode::kTableNotPartitioned, "table {} is not partitioned", table.path));
    }
    std::vector<std::optional<std::string>> filter;
    if (request.has_partial_partition_spec()) {
      Result<PartitionSpec> spec = convert::FromPb(request.partial_partition_spec(), false);
      if (!spec.ok()) return std::move(respond).Fail(spec.status());
      auto values = ResolvePartialPartitionSpec(*spec, table.descriptor.partition_keys);
      if (!values.ok()) return std::move(respond).Fail(values.status());
      filter = *std::move(values);
    }
    const TablePath path = table.path;
    catalog_.ListPartitions(
        path, [table = std::move(table), filter = std::move(filter),
               respond = std::move(respond)](Result<std::vector<PartitionInfo>> all) mutable {
          if (!all.ok()) return std::move(respond).Fail(all.status());
          auto response = PartitionsToPb(table, filter, *all);
          if (!response.ok()) return std::move(respond).Fail(response.status());
          std::move(respond).Ok(*response);
        });
  }

  const rpc::Role role_;
  metadata::Catalog& catalog_;
  runtime::Strand& strand_;
  const rpc::Authorizer& authorizer_;
  bool stopped_ = false;
};

CatalogService::CatalogService(rpc::Role role, metadata::Catalog& catalog, runtime::Strand& strand,
                               const rpc::Authorizer& authorizer)
    : handlers_(std::make_shared<Handlers>(role, catalog, strand, authorizer)) {}

CatalogService::~CatalogService() { handlers_->Stop(); }

void CatalogService::Register(rpc::Dispatcher& dispatcher) {
  Handlers& handlers = *handlers_;
  dispatcher.Handle(
      rpc::kApiVersions,
      rpc::Handler<pb::ApiVersionsRequest, pb::ApiVersionsResponse>(
          [&handlers, &dispatcher](const RequestContext& ctx, Ref<pb::ApiVersionsRequest>,
                                   Responder<pb::ApiVersionsResponse> respond) {
            handlers.ApiVersions(dispatcher, ctx, std::move(respond));
          }));
  dispatcher.Handle(rpc::kGetFileSystemSecurityToken, handlers,
                    &Handlers::GetFileSystemSecurityToken);
  dispatcher.Handle(rpc::kListDatabases, handlers, &Handlers::ListDatabases);
  dispatcher.Handle(rpc::kDatabaseExists, handlers, &Handlers::DatabaseExists);
  dispatcher.Handle(rpc::kGetDatabaseInfo, handlers, &Handlers::GetDatabaseInfo);
  dispatcher.Handle(rpc::kListTables, handlers, &Handlers::ListTables);
  dispatcher.Handle(rpc::kTableExists, handlers, &Handlers::TableExists);
  dispatcher.Handle(rpc::kGetTableInfo, handlers, &Handlers::GetTableInfo);
  dispatcher.Handle(rpc::kGetTableSchema, handlers, &Handlers::GetTableSchema);
  dispatcher.Handle(rpc::kListPartitionInfos, handlers, &Handlers::ListPartitionInfos);
}

}  // namespace strom::service
