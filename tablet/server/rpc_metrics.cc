#include "tablet/server/rpc_metrics.h"

#include "common/rpc/methods.h"

namespace strom::tablet {

RpcMetrics::RpcMetrics(metrics::Registry& registry, const runtime::Clock& clock) : clock_(clock) {
  for (const rpc::MethodInfo& method : rpc::AllMethods()) {
    if (!rpc::Serves(rpc::Role::kTablet, method.role)) continue;
    const metrics::Labels labels{{"request", std::string(method.name)}};
    methods_.emplace(
        method.api_key,
        OfMethod{registry.GetCounter("tabletserver_request_requests_total", "requests", labels),
                 registry.GetCounter("tabletserver_request_errors_total",
                                     "requests answered by an error", labels),
                 registry.GetCounter("tabletserver_request_request_bytes_total",
                                     "bytes of requests", labels),
                 registry.GetCounter("tabletserver_request_reply_bytes_total", "bytes of answers",
                                     labels),
                 registry.GetHistogram("tabletserver_request_total_time_us",
                                       "microseconds from a request to its answer", labels)});
  }
}

void RpcMetrics::OnRequest(const rpc::MethodInfo& method, const rpc::RequestContext& ctx) {
  const auto it = methods_.find(method.api_key);
  if (it == methods_.end()) return;
  it->second.requests.Add();
  it->second.request_bytes.Add(ctx.request_size);
}

void RpcMetrics::OnReply(const rpc::MethodInfo& method, const rpc::RequestContext& ctx,
                         ErrorCode code, size_t reply_bytes) {
  const auto it = methods_.find(method.api_key);
  if (it == methods_.end()) return;
  if (code != ErrorCode::kOk) it->second.errors.Add();
  it->second.reply_bytes.Add(reply_bytes);
  it->second.total_time_us.Record(static_cast<uint64_t>((clock_.Now() - ctx.received_at).micros()));
}

}  // namespace strom::tablet
