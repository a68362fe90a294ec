#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/query.h"

namespace strom::worker {

// The columns of its only source that `query` copies, in the order of its result, if it does
// nothing else: SELECT a, b FROM t. Changes of types are left to who reads the source.
// Errors: kInvalidSql naming what it does beyond that.
Result<std::vector<std::string>> CopiedColumns(const sql::BoundQuery& query);

}  // namespace strom::worker
