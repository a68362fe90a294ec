#include "coordinator/server/admin_service.h"

#include <utility>

#include "common/convert/path.h"
#include "common/types/json_codec.h"
#include "proto/admin.pb.h"

namespace strom::coordinator {

using rpc::Operation;
using rpc::Resource;

namespace {

// Whether the name is that of the database that our own clients, and nobody else, may make.
bool IsOwnSystemDatabase(const rpc::RequestContext& ctx, std::string_view name) {
  return name == kSystemDatabase && ctx.listener().audience != rpc::Audience::kFlussClients;
}

Result<TablePath> NewTablePath(const rpc::RequestContext& ctx, const pb::PbTablePath& path) {
  if (!IsOwnSystemDatabase(ctx, path.database_name())) return convert::NewTablePathFromPb(path);
  STROM_ASSIGN_OR_RETURN(TablePath table, convert::FromPb(path));
  STROM_RETURN_IF_ERROR(CheckTableName(table.table));
  return table;
}

}  // namespace

AdminService::AdminService(std::shared_ptr<runtime::Strand> strand,
                           std::shared_ptr<Candidate> candidate, const rpc::Authorizer& authorizer,
                           TablePolicy policy)
    : strand_(std::move(strand)),
      candidate_(std::move(candidate)),
      authorizer_(authorizer),
      policy_(std::move(policy)) {}

void AdminService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kCreateDatabase, *this, &AdminService::CreateDatabase);
  dispatcher.Handle(rpc::kDropDatabase, *this, &AdminService::DropDatabase);
  dispatcher.Handle(rpc::kCreateTable, *this, &AdminService::CreateTable);
  dispatcher.Handle(rpc::kDropTable, *this, &AdminService::DropTable);
  dispatcher.Handle(rpc::kCreatePartition, *this, &AdminService::CreatePartition);
  dispatcher.Handle(rpc::kDropPartition, *this, &AdminService::DropPartition);
}

template <class Response, class Command>
void AdminService::Submit(const Context& ctx, Responder<Response> respond, Command command) {
  Answer answer([respond = std::move(respond)](Status status) mutable {
    if (!status.ok()) return std::move(respond).Fail(std::move(status));
    std::move(respond).Ok(Response());
  });
  strand_->Post([candidate = candidate_, deadline = ctx.deadline, answer = std::move(answer),
                 command = std::move(command)]() mutable {
    Term* term = candidate->leading_term();
    if (!term) {
      return std::move(answer)(
          Error(ErrorCode::kNotCoordinatorLeader, "this coordinator does not lead now"));
    }
    command(*term, deadline, std::move(answer));
  });
}

void AdminService::CreateDatabase(const Context& ctx, rpc::Ref<pb::CreateDatabaseRequest> request,
                                  Responder<pb::CreateDatabaseResponse> respond) {
  Result<DatabaseDescriptor> descriptor = CheckCreateDatabase(ctx, *request);
  if (!descriptor.ok()) return std::move(respond).Fail(descriptor.status());
  Submit(ctx, std::move(respond),
         [request, descriptor = *std::move(descriptor)](Term& term, MonoTime deadline,
                                                        Answer answer) mutable {
           term.CreateDatabase(request->database_name(), std::move(descriptor),
                               request->ignore_if_exists(), deadline, std::move(answer));
         });
}

Result<DatabaseDescriptor> AdminService::CheckCreateDatabase(
    const Context& ctx, const pb::CreateDatabaseRequest& request) const {
  if (!IsOwnSystemDatabase(ctx, request.database_name())) {
    STROM_RETURN_IF_ERROR(CheckDatabaseName(request.database_name()));
  }
  STROM_RETURN_IF_ERROR(authorizer_.Check(ctx, Operation::kCreate, Resource::Cluster()));
  if (!request.has_database_json()) return DatabaseDescriptor();
  return DatabaseDescriptorFromJson(request.database_json());
}

void AdminService::DropDatabase(const Context& ctx, rpc::Ref<pb::DropDatabaseRequest> request,
                                Responder<pb::DropDatabaseResponse> respond) {
  const std::string& name = request->database_name();
  if (const auto problem = NameProblem(name)) {
    if (request->ignore_if_not_exists()) return std::move(respond).Ok({});
    return std::move(respond).Fail(
        Error(ErrorCode::kDatabaseNotExist, "database '{}' does not exist: {}", name, *problem));
  }
  if (Status s = authorizer_.Check(ctx, Operation::kDrop, Resource::Database(name)); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  Submit(ctx, std::move(respond), [request](Term& term, MonoTime deadline, Answer answer) {
    term.DropDatabase(request->database_name(), request->ignore_if_not_exists(), request->cascade(),
                      deadline, std::move(answer));
  });
}

void AdminService::CreateTable(const Context& ctx, rpc::Ref<pb::CreateTableRequest> request,
                               Responder<pb::CreateTableResponse> respond) {
  Result<NewTable> table = CheckCreateTable(ctx, *request);
  if (!table.ok()) return std::move(respond).Fail(table.status());
  Submit(ctx, std::move(respond),
         [table = *std::move(table), ignore = request->ignore_if_exists()](
             Term& term, MonoTime deadline, Answer answer) mutable {
           term.CreateTable(std::move(table), ignore, deadline, std::move(answer));
         });
}

Result<NewTable> AdminService::CheckCreateTable(const Context& ctx,
                                                const pb::CreateTableRequest& request) const {
  STROM_ASSIGN_OR_RETURN(TablePath path, NewTablePath(ctx, request.table_path()));
  STROM_RETURN_IF_ERROR(
      authorizer_.Check(ctx, Operation::kCreate, Resource::Database(path.database)));
  return ReadNewTable(std::move(path), request.table_json(), policy_);
}

void AdminService::DropTable(const Context& ctx, rpc::Ref<pb::DropTableRequest> request,
                             Responder<pb::DropTableResponse> respond) {
  Result<TablePath> path = CheckTable(ctx, Operation::kDrop, request->table_path());
  if (path.status().code() == ErrorCode::kTableNotExist && request->ignore_if_not_exists()) {
    return std::move(respond).Ok({});
  }
  if (!path.ok()) return std::move(respond).Fail(path.status());
  Submit(ctx, std::move(respond),
         [path = *std::move(path), ignore = request->ignore_if_not_exists()](
             Term& term, MonoTime deadline, Answer answer) mutable {
           term.DropTable(std::move(path), ignore, deadline, std::move(answer));
         });
}

Result<TablePath> AdminService::CheckTable(const Context& ctx, Operation operation,
                                           const pb::PbTablePath& path) const {
  STROM_ASSIGN_OR_RETURN(TablePath table, convert::FromPb(path));
  STROM_RETURN_IF_ERROR(
      authorizer_.Check(ctx, operation, Resource::Table(table.database, table.table)));
  return table;
}

void AdminService::CreatePartition(const Context& ctx, rpc::Ref<pb::CreatePartitionRequest> request,
                                   Responder<pb::CreatePartitionResponse> respond) {
  ChangePartition(ctx, *request, std::move(respond));
}

void AdminService::DropPartition(const Context& ctx, rpc::Ref<pb::DropPartitionRequest> request,
                                 Responder<pb::DropPartitionResponse> respond) {
  ChangePartition(ctx, *request, std::move(respond));
}

// No table is partitioned: CREATE_TABLE refuses that.
template <class Request, class Response>
void AdminService::ChangePartition(const Context& ctx, const Request& request,
                                   Responder<Response> respond) {
  Result<TablePath> path = CheckTable(ctx, Operation::kWrite, request.table_path());
  if (!path.ok()) return std::move(respond).Fail(path.status());
  Submit(ctx, std::move(respond),
         [path = *std::move(path)](Term& term, MonoTime /*deadline*/, Answer answer) {
           const bool exists = term.FindTable(path) != nullptr;
           std::move(answer)(
               exists ? Error(ErrorCode::kTableNotPartitioned, "table {} is not partitioned", path)
                      : Error(ErrorCode::kTableNotExist, "table {} does not exist", path));
         });
}

}  // namespace strom::coordinator
