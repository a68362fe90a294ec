#include "tablet/server/writer_service.h"

#include <utility>

#include "proto/log.pb.h"

namespace strom::tablet {

void WriterService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kInitWriter, *this, &WriterService::InitWriter);
}

Status WriterService::Check(const rpc::RequestContext& ctx,
                            const pb::InitWriterRequest& request) const {
  if (request.table_path().empty()) {
    return authorizer_.Check(ctx, rpc::Operation::kWrite, rpc::Resource::Cluster());
  }
  Status refused;
  for (const pb::PbTablePath& path : request.table_path()) {
    refused = authorizer_.Check(ctx, rpc::Operation::kWrite,
                                rpc::Resource::Table(path.database_name(), path.table_name()));
    if (refused.ok()) break;
  }
  return refused;
}

void WriterService::InitWriter(const rpc::RequestContext& ctx,
                               rpc::Ref<pb::InitWriterRequest> request,
                               rpc::Responder<pb::InitWriterResponse> respond) {
  if (Status s = Check(ctx, *request); !s.ok()) return std::move(respond).Fail(std::move(s));
  strand_.Dispatch([this, respond = std::move(respond)]() mutable {
    ids_.Take([respond = std::move(respond)](Result<WriterId> id) mutable {
      if (!id.ok()) return std::move(respond).Fail(id.status());
      pb::InitWriterResponse response;
      response.set_writer_id(id->value());
      std::move(respond).Ok(response);
    });
  });
}

}  // namespace strom::tablet
