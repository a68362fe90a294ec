#pragma once

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/strand.h"
#include "tablet/server/writer_ids.h"

namespace strom::tablet {

// Serves InitWriter: a writer id for a client. Same rules as Fluss: fluss-wire-protocol.md, section
// 5.4. Any thread; outlives the dispatcher's listeners, as do its arguments.
class WriterService {
 public:
  // `ids` is used on `strand`.
  WriterService(WriterIds& ids, runtime::Strand& strand, const rpc::Authorizer& authorizer)
      : ids_(ids), strand_(strand), authorizer_(authorizer) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void InitWriter(const rpc::RequestContext& ctx, rpc::Ref<pb::InitWriterRequest> request,
                  rpc::Responder<pb::InitWriterResponse> respond);
  // Whoever may write one of the tables may be a writer; who names none must be allowed to write
  // anywhere.
  Status Check(const rpc::RequestContext& ctx, const pb::InitWriterRequest& request) const;

  WriterIds& ids_;
  runtime::Strand& strand_;
  const rpc::Authorizer& authorizer_;
};

}  // namespace strom::tablet
