#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "common/types/schema.h"

namespace strom::cli {

// A table's columns as SQL writes them:
//
//   id INT NOT NULL, name STRING COMMENT 'family name', tags ARRAY<STRING>, PRIMARY KEY (id)
//
// Names may stand in back-ticks, words in any case. Types are those DataType::ToString writes, with
// SQL's defaults for what is left out: DECIMAL is DECIMAL(10, 0), TIMESTAMP is TIMESTAMP(6), TIME
// is TIME(0), CHAR is CHAR(1); INTEGER is INT. Errors: kInvalidConfig saying what was expected, and
// at which column of the text.
Result<Schema> ParseColumnList(std::string_view text);

// One type: "MAP<STRING, DECIMAL(10, 2) NOT NULL>". Errors as above.
Result<DataType> ParseDataType(std::string_view text);

}  // namespace strom::cli
