#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/result.h"
#include "common/metrics/metrics.h"

namespace strom::http {

// One part of a process that can be well or not: "coordinator", "tablet-server".
struct HealthPart {
  std::string name;
  Status status;
};

// Asked at every request to /health, on a thread of the HTTP server: callable from any thread, and
// quick.
using HealthFn = absl::AnyInvocable<std::vector<HealthPart>() const>;

// What a process tells about itself over HTTP, for Prometheus, load balancers and people:
//
//   GET /metrics   all metrics of the registry, Prometheus text 0.0.4
//   GET /health    200 if every part is well, else 503; either way
//                  {"status":"ok","parts":[{"name":"coordinator","status":"ok"}]}, and for a part
//                  that is not: {"name":…,"status":"failed","error":"kStorage: …"}
//
// Everything else is 404. Nothing can be changed through it and nobody is asked who he is: bind it
// where only those who may see this can connect; by default the local machine.
//
// Runs on threads of its own: an accepting one and a few that answer. A connection serves one
// request. If kConnectionsWaitingMax of them wait, the accepting thread answers itself, and the
// kernel's queue fills meanwhile.
class HttpServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // Name or numeric address.
    uint16_t port = 0;               // 0: any free one.
  };
  static constexpr int kConnectionsWaitingMax = 64;

  // Serves at once. `registry` and what `health` uses outlive the server. Errors: kNetwork naming
  // host and port.
  static Result<std::unique_ptr<HttpServer>> Start(const Options& options,
                                                   const metrics::Registry& registry,
                                                   HealthFn health);
  // Stops accepting and waits for the answers under way: at most a few seconds for a slow peer.
  ~HttpServer();

  const std::string& host() const;
  // The port that is really bound.
  uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace strom::http
