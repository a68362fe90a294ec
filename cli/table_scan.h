#pragma once

#include <vector>

#include "cli/command.h"

namespace strom::cli {

// `strom table scan`, `head` and `tail`.
std::vector<Command> TableScanCommands();

}  // namespace strom::cli
