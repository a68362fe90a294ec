#pragma once

#include "cli/command.h"

namespace strom::cli {

// The whole tree of actions of `strom`.
const Command& CommandTree();

// Its branches, each made by the file of the same name.
Command DevCommand();
Command DatabaseCommands();
Command TableCommands();
Command ClusterCommands();
Command JobCommands();
Command SqlCommand();

}  // namespace strom::cli
