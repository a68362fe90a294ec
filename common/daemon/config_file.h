#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"

namespace strom::daemon {

// The configuration of a process: the file at `path`, a server.yaml with Fluss's keys (empty: no
// file), with key=value `overrides` on top of it. Numbers that no server could run with are
// refused, whichever server it is for.
// Errors: kInvalidConfig naming the file and the option; kStorage for a file that cannot be read.
Result<config::Config> LoadConfig(const std::string& path,
                                  const std::vector<std::string>& overrides);

// One sentence for each key of the configuration that is accepted and means nothing: those that
// Fluss has and Strom does not, and those of `foreign` that are set: options of other processes.
std::vector<std::string> IgnoredOptionWarnings(const config::Config& config,
                                               const std::vector<config::OptionInfo>& foreign = {});

}  // namespace strom::daemon
