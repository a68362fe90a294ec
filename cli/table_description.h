#pragma once

#include <ostream>

#include "cli/row_printer.h"
#include "common/types/table_descriptor.h"

namespace strom::cli {

// Prints all that is known of a table: for people its facts and its columns; as JSON one object
// with Fluss's descriptor in it; as CSV its columns.
void PrintTableDescription(const TableInfo& table, Format format, std::ostream& out);

}  // namespace strom::cli
