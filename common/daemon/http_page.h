#pragma once

#include <memory>

#include "common/config/config.h"
#include "common/http/http_server.h"

namespace strom::daemon {

// The page at strom.http.listen; nullptr if that is empty. `registry` and what `health` uses
// outlive it. Errors: kInvalidConfig, kNetwork.
Result<std::unique_ptr<http::HttpServer>> StartHttpPage(const config::Config& config,
                                                        const metrics::Registry& registry,
                                                        http::HealthFn health);

// A part for the page: well, or what its problem is.
http::HealthPart Health(const char* name, bool well, const char* problem);

}  // namespace strom::daemon
