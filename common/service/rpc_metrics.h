#pragma once

#include <map>

#include "common/metrics/metrics.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/clock.h"

namespace strom::service {

// Counts the requests of a server by method: how many, how many failed, how large they are and how
// long they take from the last byte read to the answer. Errors inside an answer do not count.
class RpcMetrics final : public rpc::DispatchObserver {
 public:
  // Of the methods that servers in `role` serve. `registry` and `clock` outlive it.
  RpcMetrics(rpc::Role role, metrics::Registry& registry, const runtime::Clock& clock);

  void OnRequest(const rpc::MethodInfo& method, const rpc::RequestContext& ctx) override;
  void OnReply(const rpc::MethodInfo& method, const rpc::RequestContext& ctx, ErrorCode code,
               size_t reply_bytes) override;

 private:
  struct OfMethod {
    metrics::Counter& requests;
    metrics::Counter& errors;
    metrics::Counter& request_bytes;
    metrics::Counter& reply_bytes;
    metrics::Histogram& total_time_us;
  };

  const runtime::Clock& clock_;
  std::map<int16_t, OfMethod> methods_;  // By api key; all there are, so it never changes.
};

}  // namespace strom::service
