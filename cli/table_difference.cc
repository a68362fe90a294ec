#include "cli/table_difference.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/types/table_properties.h"
#include "common/types/table_validation.h"

namespace strom::cli {
namespace {

using Difference = std::optional<std::string>;

std::string Shown(const std::optional<std::string>& text) {
  return text ? "'" + *text + "'" : std::string("none");
}

std::string Shown(const std::vector<std::string>& names) {
  return names.empty() ? std::string("none") : fmt::format("({})", fmt::join(names, ", "));
}

template <class T>
Difference Differ(std::string_view what, const T& existing, const T& wanted) {
  if (existing == wanted) return std::nullopt;
  return fmt::format("{} is {} there, {} here", what, Shown(existing), Shown(wanted));
}

Difference ColumnDifference(const std::vector<Column>& existing,
                            const std::vector<Column>& wanted) {
  for (size_t i = 0; i < std::max(existing.size(), wanted.size()); ++i) {
    if (i >= existing.size()) return fmt::format("column {} is not there", wanted[i].name);
    if (i >= wanted.size()) return fmt::format("column {} is not here", existing[i].name);
    const Column& a = existing[i];
    const Column& b = wanted[i];
    if (a.name != b.name) {
      return fmt::format("column {} is {} there, {} here", i + 1, a.name, b.name);
    }
    if (!(a.type == b.type)) {
      return fmt::format("column {} is {} there, {} here", a.name, a.type.ToString(),
                         b.type.ToString());
    }
    if (a.comment != b.comment) {
      return Differ("the comment of column " + a.name, a.comment, b.comment);
    }
  }
  return std::nullopt;
}

Difference PropertyDifference(const PropertyMap& existing, const PropertyMap& wanted) {
  std::set<std::string> keys;
  for (const auto& [key, value] : existing) keys.insert(key);
  for (const auto& [key, value] : wanted) keys.insert(key);
  const auto value_of = [](const PropertyMap& map, const std::string& key) {
    const auto it = map.find(key);
    return it == map.end() ? std::optional<std::string>() : it->second;
  };
  for (const std::string& key : keys) {
    if (auto found = Differ("'" + key + "'", value_of(existing, key), value_of(wanted, key))) {
      return found;
    }
  }
  return std::nullopt;
}

// What the cluster must have been told to fill in, going by a table that it filled in.
Result<TablePolicy> PolicyBehind(const TableDescriptor& existing) {
  STROM_ASSIGN_OR_RETURN(const TableProperties properties,
                         TableProperties::Parse(existing.properties));
  TablePolicy policy;
  policy.default_bucket_count = existing.bucket_count().value_or(policy.default_bucket_count);
  policy.default_replication_factor = properties.replication_factor.value_or(1);
  const auto format = existing.properties.find(kLakeFormatKey);
  if (format != existing.properties.end()) policy.lake_format = properties.lake.format;
  policy.kv_standby_replicas = existing.properties.contains(kKvStandbyReplicaKey);
  return policy;
}

}  // namespace

Result<std::optional<std::string>> TableDifference(const TableDescriptor& existing,
                                                   const TableDescriptor& wanted) {
  STROM_ASSIGN_OR_RETURN(const TablePolicy policy, PolicyBehind(existing));
  STROM_ASSIGN_OR_RETURN(const TableDescriptor whole, CompleteTableDescriptor(wanted, policy));
  if (auto found = ColumnDifference(existing.schema.columns(), whole.schema.columns())) {
    return found;
  }
  if (auto found =
          Differ("the primary key", existing.schema.primary_key(), whole.schema.primary_key())) {
    return found;
  }
  if (auto found = Differ("PARTITIONED BY", existing.partition_keys, whole.partition_keys)) {
    return found;
  }
  if (auto found = Differ("'bucket.key'", existing.BucketKeys(), whole.BucketKeys())) return found;
  if (existing.bucket_count() != whole.bucket_count()) {
    return Difference(fmt::format("'bucket.num' is {} there, {} here",
                                  existing.bucket_count().value_or(0),
                                  whole.bucket_count().value_or(0)));
  }
  if (auto found = Differ("the comment", existing.comment, whole.comment)) return found;
  if (auto found = PropertyDifference(existing.properties, whole.properties)) return found;
  return PropertyDifference(existing.custom_properties, whole.custom_properties);
}

Status AnotherTable(const TablePath& path, const std::string& difference) {
  return Error(ErrorCode::kTableAlreadyExist, "table {} exists, but another one: {}", path,
               difference);
}

}  // namespace strom::cli
