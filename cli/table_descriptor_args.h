#pragma once

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "common/base/result.h"
#include "common/types/table_descriptor.h"

namespace strom::cli {

// The options with which `strom table create` is told what to create.
std::vector<OptionSpec> TableDescriptorOptions();

// The table that they ask for: --descriptor (a file, or - for the console's input) or --columns,
// and the others on top of it. Properties whose keys begin with "table." go to the server, others
// are custom ones. Errors: kInvalidConfig; kStorage for a file that cannot be read.
Result<TableDescriptor> TableDescriptorFromArguments(const Arguments& arguments, Console& console);

}  // namespace strom::cli
