#pragma once

#include <memory>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/types/table_validation.h"
#include "coordinator/server/candidate.h"

namespace strom::coordinator {

// The calls that change databases and tables, which only the leading coordinator answers; others
// say kNotCoordinatorLeader. Rules: fluss-wire-protocol.md, section 5.10.
//
// Handlers run on transport threads: they read and check the request and hand it to the term on its
// strand. Outlives the dispatcher's listeners, as `authorizer` does.
class AdminService {
 public:
  AdminService(std::shared_ptr<runtime::Strand> strand, std::shared_ptr<Candidate> candidate,
               const rpc::Authorizer& authorizer, TablePolicy policy);

  void Register(rpc::Dispatcher& dispatcher);

 private:
  template <class T>
  using Responder = rpc::Responder<T>;
  using Context = rpc::RequestContext;

  void CreateDatabase(const Context& ctx, rpc::Ref<pb::CreateDatabaseRequest> request,
                      Responder<pb::CreateDatabaseResponse> respond);
  void DropDatabase(const Context& ctx, rpc::Ref<pb::DropDatabaseRequest> request,
                    Responder<pb::DropDatabaseResponse> respond);
  void CreateTable(const Context& ctx, rpc::Ref<pb::CreateTableRequest> request,
                   Responder<pb::CreateTableResponse> respond);
  void DropTable(const Context& ctx, rpc::Ref<pb::DropTableRequest> request,
                 Responder<pb::DropTableResponse> respond);
  void CreatePartition(const Context& ctx, rpc::Ref<pb::CreatePartitionRequest> request,
                       Responder<pb::CreatePartitionResponse> respond);
  void DropPartition(const Context& ctx, rpc::Ref<pb::DropPartitionRequest> request,
                     Responder<pb::DropPartitionResponse> respond);

  Result<DatabaseDescriptor> CheckCreateDatabase(const Context& ctx,
                                                 const pb::CreateDatabaseRequest& request) const;
  Result<NewTable> CheckCreateTable(const Context& ctx,
                                    const pb::CreateTableRequest& request) const;
  Result<TablePath> CheckTable(const Context& ctx, rpc::Operation operation,
                               const pb::PbTablePath& path) const;
  template <class Request, class Response>
  void ChangePartition(const Context& ctx, const Request& request, Responder<Response> respond);

  // Runs `command` on the strand with the leading term, the deadline and the duty to answer.
  template <class Response, class Command>
  void Submit(const Context& ctx, Responder<Response> respond, Command command);

  const std::shared_ptr<runtime::Strand> strand_;
  const std::shared_ptr<Candidate> candidate_;
  const rpc::Authorizer& authorizer_;
  const TablePolicy policy_;
};

}  // namespace strom::coordinator
