#include "common/types/schema.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "common/base/bytes.h"
#include "common/types/field_ids.h"
#include "common/types/utf8.h"

namespace strom {
namespace {

constexpr int64_t kIdMax = INT32_MAX - 1;

Status Invalid(std::string message) { return Status(ErrorCode::kInvalidTable, std::move(message)); }

// The first text that occurs twice, or nullptr.
const std::string* FindDuplicate(std::vector<const std::string*> texts) {
  std::ranges::sort(texts, {}, [](const std::string* t) -> const std::string& { return *t; });
  const auto found = std::ranges::adjacent_find(
      texts, [](const std::string* a, const std::string* b) { return *a == *b; });
  return found != texts.end() ? *found : nullptr;
}

// Names of the columns of a table, or of the fields of a ROW.
template <class Named>
Status CheckNames(const std::vector<Named>& named, std::string_view what) {
  std::vector<const std::string*> names;
  for (const Named& item : named) {
    if (item.name.empty()) return Invalid(fmt::format("a {} has an empty name", what));
    if (!IsUtf8(item.name)) {
      return Invalid(fmt::format("the name of a {} is no UTF-8: {}", what, ToHex(item.name)));
    }
    names.push_back(&item.name);
  }
  if (const std::string* twice = FindDuplicate(std::move(names))) {
    return Invalid(fmt::format("there are two {}s '{}'", what, *twice));
  }
  return Status::Ok();
}

Status CheckNestedNames(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kArray:
      return CheckNestedNames(type.element());
    case TypeKind::kMap:
      STROM_RETURN_IF_ERROR(CheckNestedNames(type.key()));
      return CheckNestedNames(type.value());
    case TypeKind::kRow:
      STROM_RETURN_IF_ERROR(CheckNames(type.fields(), "field"));
      for (const RowField& field : type.fields()) {
        STROM_RETURN_IF_ERROR(CheckNestedNames(field.type).WithContext(field.name));
      }
      return Status::Ok();
    default:
      return Status::Ok();
  }
}

// All ids in the order in which one counter would assign them.
std::vector<int32_t> AllIds(const std::vector<Column>& columns) {
  std::vector<int32_t> ids;
  for (const Column& column : columns) {
    ids.push_back(column.id);
    CollectFieldIds(column.type, ids);
  }
  return ids;
}

// Gives ids to a new column and everything inside it, whatever ids it had.
void AssignNewIds(Column& column, int32_t& highest) {
  const auto next = [&highest](int32_t) { return ++highest; };
  column.id = next(-1);
  column.type = MapFieldIds(column.type, next);
}

Status AssignIds(SchemaSpec& spec) {
  const auto assigned = std::ranges::count_if(spec.columns, [](auto& c) { return c.id != -1; });
  if (assigned == 0) {
    int32_t highest = -1;
    for (Column& column : spec.columns) AssignNewIds(column, highest);
    spec.highest_field_id = std::max(spec.highest_field_id, highest);
    return Status::Ok();
  }
  if (static_cast<size_t>(assigned) != spec.columns.size()) {
    return Invalid(fmt::format("only {} of {} columns have ids", assigned, spec.columns.size()));
  }

  std::vector<int32_t> ids = AllIds(spec.columns);
  std::ranges::sort(ids);
  if (ids.front() < -1) return Invalid(fmt::format("{} is no column id", ids.front()));
  const int32_t highest = std::max(spec.highest_field_id, ids.back());
  const auto missing = std::ranges::count(ids, -1);
  if (highest > kIdMax - missing) {
    return Invalid(fmt::format("column ids end at {}, {} is too large", kIdMax, highest));
  }
  const auto twice = std::adjacent_find(ids.begin() + missing, ids.end());
  if (twice != ids.end()) return Invalid(fmt::format("two columns or fields have id {}", *twice));

  // Fields without id inside columns with one: some clients do not write them.
  spec.highest_field_id = highest;
  for (Column& column : spec.columns) {
    column.type = MapFieldIds(column.type,
                              [&](int32_t id) { return id == -1 ? ++spec.highest_field_id : id; });
  }
  return Status::Ok();
}

Status CheckAutoIncrement(const SchemaSpec& spec, const Column* column) {
  const std::string& name = *spec.auto_increment_column;
  if (column == nullptr) {
    return Invalid(fmt::format("auto-increment column '{}' does not exist", name));
  }
  if (spec.primary_key.empty()) {
    return Invalid(fmt::format("auto-increment column '{}' needs a primary key", name));
  }
  if (std::ranges::find(spec.primary_key, name) != spec.primary_key.end()) {
    return Invalid(fmt::format("auto-increment column '{}' is in the primary key", name));
  }
  if (column->type.kind() != TypeKind::kInt && column->type.kind() != TypeKind::kBigInt) {
    return Invalid(fmt::format("auto-increment column '{}' is {}, not INT or BIGINT", name,
                               column->type.ToString()));
  }
  return Status::Ok();
}

// Makes the column of a primary key what it must be.
Status MakeKeyColumn(Column& column) {
  if (column.type.IsNested()) {
    return Invalid(fmt::format("primary-key column '{}' is {}, which cannot be a key", column.name,
                               column.type.ToString()));
  }
  if (column.aggregate) {
    return Invalid(fmt::format("primary-key column '{}' has aggregation function {}", column.name,
                               AggregateKindName(column.aggregate->kind)));
  }
  column.type = column.type.NotNull();
  return Status::Ok();
}

RowField ToField(const Column& column) {
  return {column.name, column.type, column.comment, column.id};
}

std::optional<size_t> FindByName(const std::vector<Column>& columns,
                                 const std::vector<size_t>& by_name, std::string_view name) {
  const auto name_at = [&](size_t i) -> std::string_view { return columns[i].name; };
  const auto found = std::ranges::lower_bound(by_name, name, {}, name_at);
  if (found == by_name.end() || name_at(*found) != name) return std::nullopt;
  return *found;
}

}  // namespace

Result<Schema> Schema::Make(SchemaSpec spec) {
  std::vector<Column>& columns = spec.columns;
  if (columns.empty()) return Invalid("a table needs at least one column");
  STROM_RETURN_IF_ERROR(CheckNames(columns, "column"));
  for (const Column& column : columns) {
    STROM_RETURN_IF_ERROR(CheckNestedNames(column.type).WithContext("column " + column.name));
  }
  STROM_RETURN_IF_ERROR(AssignIds(spec));

  std::vector<size_t> by_name(columns.size());
  std::iota(by_name.begin(), by_name.end(), size_t{0});
  std::ranges::sort(by_name, {}, [&](size_t i) -> std::string_view { return columns[i].name; });

  std::vector<size_t> key;
  for (const std::string& name : spec.primary_key) {
    const auto position = FindByName(columns, by_name, name);
    if (!position) return Invalid(fmt::format("primary-key column '{}' does not exist", name));
    if (std::ranges::find(key, *position) != key.end()) {
      return Invalid(fmt::format("column '{}' is twice in the primary key", name));
    }
    STROM_RETURN_IF_ERROR(MakeKeyColumn(columns[*position]));
    key.push_back(*position);
  }
  if (spec.auto_increment_column) {
    const auto position = FindByName(columns, by_name, *spec.auto_increment_column);
    STROM_RETURN_IF_ERROR(CheckAutoIncrement(spec, position ? &columns[*position] : nullptr));
  }

  std::vector<RowField> fields;
  std::ranges::transform(columns, std::back_inserter(fields), ToField);
  return Schema(std::make_shared<const Rep>(Rep{std::move(spec), std::move(key),
                                                DataType::Row(std::move(fields)).NotNull(),
                                                std::move(by_name)}));
}

std::optional<size_t> Schema::Find(std::string_view name) const {
  return FindByName(columns(), rep_->by_name, name);
}

std::optional<size_t> Schema::FindById(int32_t id) const {
  const auto found = std::ranges::find(columns(), id, &Column::id);
  if (found == columns().end()) return std::nullopt;
  return found - columns().begin();
}

Result<std::vector<size_t>> Schema::IndexesOf(std::span<const std::string> names) const {
  std::vector<size_t> positions;
  for (const std::string& name : names) {
    const auto position = Find(name);
    if (!position) return Invalid(fmt::format("column '{}' does not exist", name));
    positions.push_back(*position);
  }
  return positions;
}

Result<DataType> Schema::Project(std::span<const size_t> positions) const {
  std::vector<bool> taken(columns().size());
  std::vector<RowField> fields;
  for (const size_t position : positions) {
    if (position >= columns().size()) {
      return Error(ErrorCode::kInvalidColumnProjection, "there is no column {}, only {} columns",
                   position, columns().size());
    }
    if (taken[position]) {
      return Error(ErrorCode::kInvalidColumnProjection, "column {} is projected twice", position);
    }
    taken[position] = true;
    fields.push_back(ToField(columns()[position]));
  }
  return DataType::Row(std::move(fields)).NotNull();
}

Result<Schema> Schema::WithColumn(Column column) const {
  if (Find(column.name)) {
    return Error(ErrorCode::kInvalidAlterTable, "column '{}' exists already", column.name);
  }
  if (!column.type.nullable()) {
    return Error(ErrorCode::kInvalidAlterTable,
                 "column '{}' cannot be added as {}: old rows have no value for it", column.name,
                 column.type.ToString());
  }
  if (const size_t ids = AllIds({column}).size();
      highest_field_id() > kIdMax - static_cast<int64_t>(ids)) {
    return Error(ErrorCode::kInvalidAlterTable,
                 "column '{}' needs {} ids above {}, but ids end at {}", column.name, ids,
                 highest_field_id(), kIdMax);
  }
  SchemaSpec spec = rep_->spec;
  AssignNewIds(column, spec.highest_field_id);
  spec.columns.push_back(std::move(column));
  return Make(std::move(spec));
}

bool operator==(const Schema& a, const Schema& b) {
  return a.rep_ == b.rep_ || (a.columns() == b.columns() && a.primary_key() == b.primary_key() &&
                              a.auto_increment_column() == b.auto_increment_column() &&
                              a.highest_field_id() == b.highest_field_id());
}

}  // namespace strom
