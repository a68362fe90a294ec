#include "common/service/rpc_metrics.h"

#include <string>

namespace strom::service {

RpcMetrics::RpcMetrics(rpc::Role role, metrics::Registry& registry, const runtime::Clock& clock)
    : clock_(clock) {
  const std::string prefix =
      role == rpc::Role::kTablet ? "tabletserver_request_" : "coordinator_request_";
  for (const rpc::MethodInfo& method : rpc::AllMethods()) {
    if (!rpc::Serves(role, method.role)) continue;
    const metrics::Labels labels{{"request", std::string(method.name)}};
    const auto counter = [&](const char* name, const char* help) -> metrics::Counter& {
      return registry.GetCounter(prefix + name, help, labels);
    };
    methods_.emplace(
        method.api_key,
        OfMethod{counter("requests_total", "requests"),
                 counter("errors_total", "requests answered by an error"),
                 counter("request_bytes_total", "bytes of requests"),
                 counter("reply_bytes_total", "bytes of answers"),
                 registry.GetHistogram(prefix + "total_time_us",
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

}  // namespace strom::service
