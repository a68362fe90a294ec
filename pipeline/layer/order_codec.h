#pragma once

#include "common/base/bytes.h"
#include "common/types/value.h"

namespace strom::layer {

// Appends bytes that compare as the values do in an ORDER BY of DuckDB, one list of values behind
// the other: of values that CompareValues has an order for (row_filter.h). Values that DuckDB takes
// for equal give equal bytes; they do not come back from them. Never leaves the process.
void AppendInOrder(const Value& value, bool descending, bool nulls_first, Bytes& out);

}  // namespace strom::layer
