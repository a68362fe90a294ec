#include "common/daemon/http_page.h"

#include <utility>

#include "common/config/options.h"
#include "common/daemon/address.h"

namespace strom::daemon {

Result<std::unique_ptr<http::HttpServer>> StartHttpPage(const config::Config& config,
                                                        const metrics::Registry& registry,
                                                        http::HealthFn health) {
  const std::string text = config.Get(config::kHttpListen);
  if (text.empty()) return std::unique_ptr<http::HttpServer>();
  Result<HostPort> address = ParseAddress(text);
  if (!address.ok()) {
    return address.status().WithContext(fmt::format("option {}", config::kHttpListen.info.key));
  }
  return http::HttpServer::Start({.host = address->host, .port = address->port}, registry,
                                 std::move(health));
}

http::HealthPart Health(const char* name, bool well, const char* problem) {
  return {name, well ? Status::Ok() : Error(ErrorCode::kLeaderNotAvailable, "{}", problem)};
}

}  // namespace strom::daemon
