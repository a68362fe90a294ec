#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "common/base/result.h"
#include "common/types/table_descriptor.h"
#include "common/types/value.h"

namespace strom::cli {

// Appends `rows` to a log table, or upserts them; waits until all are written. They have the values
// of `columns`, or of all if that is empty. The others of a log table are NULL, those of a row with
// a primary key keep what they have. Errors: those of the writers; after one, some may be written.
Status WriteRows(Session& session, const TableInfo& table, const std::vector<std::string>& columns,
                 const std::vector<Row>& rows);

}  // namespace strom::cli
