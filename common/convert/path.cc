#include "common/convert/path.h"

#include <algorithm>
#include <string_view>

namespace strom::convert {
namespace {

// Errors: kTableNotExist if no table can have this name.
Result<TablePath> ExistingPath(const std::string& database, const std::string& table) {
  if (const auto problem = NameProblem(database)) {
    return Error(ErrorCode::kTableNotExist, "there is no such table: its database's name {}",
                 *problem);
  }
  if (const auto problem = NameProblem(table)) {
    return Error(ErrorCode::kTableNotExist, "there is no such table in database {}: its name {}",
                 database, *problem);
  }
  return TablePath{database, table};
}

// What is wrong with one of the values in a partition's name.
std::optional<std::string> PartitionNameProblem(std::string_view name) {
  while (true) {
    const size_t end = std::min(name.find('$'), name.size());
    if (auto problem = NameProblem(name.substr(0, end))) return problem;
    if (end == name.size()) return std::nullopt;
    name.remove_prefix(end + 1);
  }
}

}  // namespace

Result<TablePath> FromPb(const pb::PbTablePath& path) {
  return ExistingPath(path.database_name(), path.table_name());
}

Result<TablePath> NewTablePathFromPb(const pb::PbTablePath& path) {
  TablePath result{path.database_name(), path.table_name()};
  STROM_RETURN_IF_ERROR(result.Validate());
  return result;
}

Result<PhysicalTablePath> FromPb(const pb::PbPhysicalTablePath& path) {
  STROM_ASSIGN_OR_RETURN(TablePath table, ExistingPath(path.database_name(), path.table_name()));
  PhysicalTablePath result{std::move(table), std::nullopt};
  if (!path.has_partition_name()) return result;
  if (const auto problem = PartitionNameProblem(path.partition_name())) {
    return Error(ErrorCode::kPartitionNotExists, "there is no such partition of {}: a value {}",
                 result.table, *problem);
  }
  result.partition = path.partition_name();
  return result;
}

pb::PbTablePath ToPb(const TablePath& path) {
  pb::PbTablePath result;
  result.set_database_name(path.database);
  result.set_table_name(path.table);
  return result;
}

pb::PbPhysicalTablePath ToPb(const PhysicalTablePath& path) {
  pb::PbPhysicalTablePath result;
  result.set_database_name(path.table.database);
  result.set_table_name(path.table.table);
  if (path.partition) result.set_partition_name(*path.partition);
  return result;
}

}  // namespace strom::convert
