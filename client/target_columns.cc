#include "client/target_columns.h"

#include <algorithm>

namespace strom::client {

Result<TargetColumns> TargetColumns::Make(const TableInfo& table,
                                          const std::vector<std::string>& names) {
  const Schema& schema = table.descriptor.schema;
  const size_t width = schema.columns().size();
  const std::optional<std::string>& numbered = schema.auto_increment_column();
  if (names.empty() && numbered) {
    return Error(ErrorCode::kInvalidTargetColumn,
                 "table {}: column '{}' numbers itself, so the others have to be named", table.path,
                 *numbered);
  }
  if (names.empty()) return TargetColumns(schema.columns(), {}, width);

  std::vector<Column> columns;
  std::vector<int32_t> positions;
  std::vector<bool> is_target(width);
  for (const std::string& name : names) {
    const std::optional<size_t> position = schema.Find(name);
    const std::string_view wrong = !position              ? "does not exist"
                                   : is_target[*position] ? "comes twice"
                                   : numbered == name     ? "numbers itself"
                                                          : "";
    if (!wrong.empty()) {
      return Error(ErrorCode::kInvalidTargetColumn, "table {}: column '{:.200}' {}", table.path,
                   name, wrong);
    }
    is_target[*position] = true;
    columns.push_back(schema.columns()[*position]);
    positions.push_back(static_cast<int32_t>(*position));
  }
  const std::vector<size_t>& key = schema.primary_key_indexes();
  for (size_t i = 0; i < width; ++i) {
    const Column& column = schema.columns()[i];
    const bool in_key = std::find(key.begin(), key.end(), i) != key.end();
    if (in_key && !is_target[i]) {
      return Error(ErrorCode::kInvalidTargetColumn,
                   "table {}: column '{}' of the primary key is missing", table.path, column.name);
    }
    if (names.size() < width && !in_key && !column.type.nullable()) {
      return Error(ErrorCode::kInvalidTargetColumn,
                   "table {}: column '{}' is NOT NULL, so rows are written whole", table.path,
                   column.name);
    }
  }
  const bool whole =
      positions.size() == width && std::is_sorted(positions.begin(), positions.end());
  if (whole) positions.clear();  // Rows as they are: nobody need put them together again.
  return TargetColumns(std::move(columns), std::move(positions), width);
}

Result<const Row*> TargetColumns::Widen(const Row& row, Row& scratch) const {
  if (row.size() != columns_.size()) {
    return Error(ErrorCode::kCorruptRecord, "a row of {} values, {} columns are written",
                 row.size(), columns_.size());
  }
  if (places_.empty()) return &row;
  scratch.assign(width_, Value::Null());
  for (size_t i = 0; i < row.size(); ++i) scratch[static_cast<size_t>(places_[i])] = row[i];
  return &scratch;
}

}  // namespace strom::client
