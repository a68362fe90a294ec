#include "common/service/rpc_metrics.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/world/sim_scheduler.h"

namespace strom::service {
namespace {

// The value of a metric's line, or an empty text.
std::string ValueOf(const metrics::Registry& registry, const std::string& line) {
  const std::string text = registry.PrometheusText();
  const size_t at = text.find(line + " ");
  if (at == std::string::npos) return "";
  const size_t begin = at + line.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("requests are counted by method, with their sizes, errors and times", "[service]") {
  sim::SimScheduler scheduler(1);
  const sim::SimClock clock(scheduler);
  metrics::Registry registry;
  RpcMetrics metrics(rpc::Role::kCoordinator, registry, clock);
  const rpc::MethodInfo& method =
      *std::find_if(rpc::AllMethods().begin(), rpc::AllMethods().end(),
                    [](const rpc::MethodInfo& info) { return info.name == "CreateTable"; });
  rpc::RequestContext ctx;
  ctx.api_key = method.api_key;
  ctx.request_size = 100;
  ctx.received_at = clock.Now();
  for (const ErrorCode code : {ErrorCode::kOk, ErrorCode::kTableAlreadyExist}) {
    metrics.OnRequest(method, ctx);
    scheduler.RunFor(Millis(2));
    metrics.OnReply(method, ctx, code, code == ErrorCode::kOk ? 30 : 0);
  }
  const std::string label = "{request=\"CreateTable\"}";
  CHECK(ValueOf(registry, "coordinator_request_requests_total" + label) == "2");
  CHECK(ValueOf(registry, "coordinator_request_errors_total" + label) == "1");
  CHECK(ValueOf(registry, "coordinator_request_request_bytes_total" + label) == "200");
  CHECK(ValueOf(registry, "coordinator_request_reply_bytes_total" + label) == "30");
  CHECK(ValueOf(registry, "coordinator_request_total_time_us_count" + label) == "2");
  CHECK(ValueOf(registry, "coordinator_request_total_time_us_sum" + label) == "6000");
}

TEST_CASE("a server has metrics of the methods of its role alone", "[service]") {
  sim::SimScheduler scheduler(1);
  const sim::SimClock clock(scheduler);
  metrics::Registry registry;
  RpcMetrics metrics(rpc::Role::kTablet, registry, clock);
  CHECK(ValueOf(registry, "tabletserver_request_requests_total{request=\"ProduceLog\"}") == "0");
  CHECK(ValueOf(registry, "tabletserver_request_requests_total{request=\"CreateTable\"}") == "");
  // One of another role does no harm.
  for (const rpc::MethodInfo& method : rpc::AllMethods()) {
    rpc::RequestContext ctx;
    ctx.api_key = method.api_key;
    ctx.received_at = clock.Now();
    metrics.OnRequest(method, ctx);
    metrics.OnReply(method, ctx, ErrorCode::kOk, 1);
  }
  CHECK(ValueOf(registry, "tabletserver_request_requests_total{request=\"ProduceLog\"}") == "1");
}

}  // namespace strom::service
