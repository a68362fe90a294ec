#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/daemon/program.h"
#include "pipeline/worker/worker_service.h"

namespace strom::worker {

// The program strom-worker.
daemon::Program WorkerProgram();

// `strom-worker cdc …` is `strom-worker -D strom.worker.kinds=cdc …`; "all" is all kinds.
std::vector<std::string> KindArgument(std::vector<std::string> arguments);

// What the configuration asks for. Errors: kInvalidConfig.
Result<WorkerOptions> WorkerOptionsOf(const config::Config& config);

}  // namespace strom::worker
