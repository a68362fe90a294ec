#pragma once

#include <istream>
#include <memory>
#include <optional>

#include "common/base/result.h"
#include "common/types/schema.h"
#include "common/types/value.h"

namespace strom::cli {

// Rows of a table out of a text, one after the other.
class RowReader {
 public:
  virtual ~RowReader() = default;

  // The next row, checked against the schema; none at the end. Errors: kCorruptRecord naming line
  // and column. Reading can go on behind a wrong row.
  virtual Result<std::optional<Row>> Next() = 0;
};

// One JSON object a line (value_json.h); empty lines are skipped. `in` outlives the reader.
std::unique_ptr<RowReader> MakeJsonRowReader(std::istream& in, Schema schema);

// CSV whose first record names the columns, in any order; columns left out are NULL. A field that
// is empty and not in quotes is NULL too; others are read as value_text.h says. Empty lines are
// skipped, unless there is one column only.
std::unique_ptr<RowReader> MakeCsvRowReader(std::istream& in, Schema schema);

}  // namespace strom::cli
