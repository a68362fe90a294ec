#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"
#include "common/types/to_string_formatter.h"

namespace strom {

// Name rules shared by databases, tables and partition values: 1 to 200 characters of A-Z a-z 0-9 _
// and -, neither "." nor "..". Names that begin with "__" are for the system alone.
// Same rules as Fluss: TablePath.java.
inline constexpr size_t kNameLengthMax = 200;
inline constexpr std::string_view kReservedNamePrefix = "__";

// Where jobs keep their progress. Our own clients may make it and tables in it; official ones do not
// see it in lists.
inline constexpr std::string_view kSystemDatabase = "__strom";

// Why `name` breaks the rules, or nullopt if it keeps them. The prefix is not looked at.
std::optional<std::string> NameProblem(std::string_view name);

// For names a client gives to something new: the rules, and no "__" in front.
// Errors: kInvalidDatabase, kInvalidTable.
Status CheckDatabaseName(std::string_view name);
Status CheckTableName(std::string_view name);

// Full name of a table.
struct TablePath {
  std::string database;
  std::string table;

  std::string ToString() const { return database + "." + table; }

  // Both names keep the rules for new tables.
  // Errors: kInvalidDatabase, kInvalidTable.
  Status Validate() const;

  // Reads "database.table". Errors: kInvalidTable if there is not exactly one point.
  static Result<TablePath> Parse(std::string_view text);

  friend auto operator<=>(const TablePath&, const TablePath&) = default;
  template <class H>
  friend H AbslHashValue(H h, const TablePath& path) {
    return H::combine(std::move(h), path.database, path.table);
  }
  friend std::ostream& operator<<(std::ostream& out, const TablePath& path) {
    return out << path.ToString();
  }
};

// A table, or one partition of a partitioned table, by name: what owns buckets.
struct PhysicalTablePath {
  TablePath table;
  std::optional<std::string> partition;  // Partition name: "2024$us". See partition.h.

  // "db.table", or "db.table(p=2024$us)".
  std::string ToString() const;

  friend auto operator<=>(const PhysicalTablePath&, const PhysicalTablePath&) = default;
  template <class H>
  friend H AbslHashValue(H h, const PhysicalTablePath& path) {
    return H::combine(std::move(h), path.table, path.partition);
  }
  friend std::ostream& operator<<(std::ostream& out, const PhysicalTablePath& path) {
    return out << path.ToString();
  }
};

}  // namespace strom

template <>
struct std::hash<strom::TablePath> {
  size_t operator()(const strom::TablePath& path) const {
    const size_t first = std::hash<std::string>()(path.database);
    return first * 31 + std::hash<std::string>()(path.table);
  }
};

template <>
struct std::hash<strom::PhysicalTablePath> {
  size_t operator()(const strom::PhysicalTablePath& path) const {
    const size_t first = std::hash<strom::TablePath>()(path.table);
    return first * 31 + std::hash<std::optional<std::string>>()(path.partition);
  }
};

template <>
struct fmt::formatter<strom::TablePath> : strom::ToStringFormatter {};

template <>
struct fmt::formatter<strom::PhysicalTablePath> : strom::ToStringFormatter {};
