#include "common/types/table_path.h"

#include <algorithm>

#include <fmt/format.h>

namespace strom {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

Status CheckNewName(std::string_view name, ErrorCode code, std::string_view what) {
  if (const auto problem = NameProblem(name)) {
    return Error(code, "{} name {}", what, *problem);
  }
  if (name.starts_with(kReservedNamePrefix)) {
    return Error(code, "{} name '{}' begins with '{}', which is reserved for the system", what,
                 name, kReservedNamePrefix);
  }
  return Status::Ok();
}

}  // namespace

std::optional<std::string> NameProblem(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name == "." || name == "..") return fmt::format("cannot be '{}'", name);
  if (name.size() > kNameLengthMax) {
    return fmt::format("'{}...' has {} characters, at most {} are allowed", name.substr(0, 40),
                       name.size(), kNameLengthMax);
  }
  if (!std::ranges::all_of(name, IsNameCharacter)) {
    return fmt::format("'{}' has characters other than A-Z a-z 0-9 _ -", name);
  }
  return std::nullopt;
}

Status CheckDatabaseName(std::string_view name) {
  return CheckNewName(name, ErrorCode::kInvalidDatabase, "database");
}

Status CheckTableName(std::string_view name) {
  return CheckNewName(name, ErrorCode::kInvalidTable, "table");
}

Status TablePath::Validate() const {
  STROM_RETURN_IF_ERROR(CheckDatabaseName(database));
  return CheckTableName(table);
}

Result<TablePath> TablePath::Parse(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos || text.find('.', point + 1) != std::string_view::npos) {
    return Error(ErrorCode::kInvalidTable, "'{}' is not written as database.table",
                 text.substr(0, 2 * kNameLengthMax));
  }
  return TablePath{std::string(text.substr(0, point)), std::string(text.substr(point + 1))};
}

std::string PhysicalTablePath::ToString() const {
  return partition ? fmt::format("{}(p={})", table, *partition) : table.ToString();
}

}  // namespace strom
