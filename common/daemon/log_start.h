#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"

namespace strom::daemon {

// Sends the process's log where strom.log.* says; to `default_file` if they name no file, which may
// be empty: standard error then. With a file, errors go to standard error too.
Status StartLogging(const config::Config& config, const std::string& default_file);

// The first lines of every log: `what` starts, the effective options, the warnings.
void LogStart(std::string_view what, const config::Config& config,
              const std::vector<std::string>& warnings);

}  // namespace strom::daemon
