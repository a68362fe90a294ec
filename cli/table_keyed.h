#pragma once

#include <vector>

#include "cli/command.h"
#include "cli/session.h"
#include "common/types/table_descriptor.h"

namespace strom::cli {

// `strom table lookup` and `delete`.
std::vector<Command> TableKeyedCommands();

// Prints the rows that a primary-key table has now, for `strom table scan`: --columns, --limit.
Status PrintRows(Session& session, const TableInfo& table, const Arguments& arguments,
                 Console& console);

}  // namespace strom::cli
