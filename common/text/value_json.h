#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/data_type.h"
#include "common/types/schema.h"
#include "common/types/value.h"

namespace strom {

// Values and rows as JSON, and back. The JSON of a value:
//
//   NULL null; BOOLEAN true; integers, FLOAT, DOUBLE numbers (NaN and infinities as texts);
//   DECIMAL a text, "12.50", since most readers of JSON numbers would round it;
//   all other scalar types the text of value_text.h;
//   ARRAY an array; ROW an object; MAP an object if its keys are texts, else an array of
//   {"key":…,"value":…}.
//
// Text that is no UTF-8 is written with U+FFFD in its place.

std::string ValueToJson(const Value& value, const DataType& type);

// A compact object with the columns in their order: {"id":1,"name":"水"}.
std::string RowToJson(const Row& row, const std::vector<Column>& columns);

// Reads what ValueToJson writes; also a DECIMAL as a number of at most 15 digits. Errors:
// kCorruptRecord saying what was expected.
Result<Value> ValueFromJson(std::string_view json, const DataType& type);

// A row of `schema` from an object. A column that is left out is NULL. Errors: kCorruptRecord
// naming the column, also for one that the table does not have (with the nearest that it has).
Result<Row> RowFromJson(std::string_view json, const Schema& schema);

}  // namespace strom
