#pragma once

#include <string_view>

#include <absl/functional/function_ref.h>

#include "common/base/result.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/service/cluster_view.h"
#include "proto/metadata.pb.h"
#include "proto/pb.h"

namespace strom::service {

// The answer to GetMetadata: all live servers with their addresses for a caller on `listener`
// (servers that have none for it are left out), and the tables that were asked for. `may_describe`
// is asked for each of them; those it refuses are left out silently.
// Same rules as Fluss: fluss-wire-protocol.md, sections 5.1 and 5.2.
// Errors: kTableNotExist, kPartitionNotExists naming what was asked for and is not there.
Result<pb::MetadataResponse> AnswerMetadata(const ClusterView& view,
                                            const pb::MetadataRequest& request,
                                            std::string_view listener,
                                            absl::FunctionRef<bool(const TablePath&)> may_describe);

// Serves GetMetadata (api key 1012) from the view of the server it runs in. Coordinators and tablet
// servers alike. A server that has no view yet, just started or without a coordinator, answers when
// it has one, or after kKnowWait with kLeaderNotAvailable, upon which clients try again: "no such
// table" would end a writer that lives through the restart. A coordinator that stands by says so at
// once: who asks it has others to ask. Thread-safe; outlives the dispatcher's
// listeners, as do its arguments.
class MetadataService {
 public:
  static constexpr MonoDuration kKnowWait = Seconds(10);

  MetadataService(const ClusterViewHolder& views, const rpc::Authorizer& authorizer,
                  runtime::Executor& executor, const runtime::Clock& clock)
      : views_(views), authorizer_(authorizer), executor_(executor), clock_(clock) {}

  void Register(rpc::Dispatcher& dispatcher);

 private:
  void Metadata(const rpc::RequestContext& ctx, rpc::Ref<pb::MetadataRequest> request,
                rpc::Responder<pb::MetadataResponse> respond);

  const ClusterViewHolder& views_;
  const rpc::Authorizer& authorizer_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
};

}  // namespace strom::service
