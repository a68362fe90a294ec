#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/types/ids.h"
#include "common/types/property_map.h"
#include "common/types/schema.h"
#include "common/types/table_path.h"

namespace strom {

// How rows spread over buckets.
struct TableDistribution {
  std::vector<std::string> bucket_keys;  // Empty: rows of a log table go to any bucket.
  std::optional<int32_t> bucket_count;   // Absent: the cluster's default.

  friend bool operator==(const TableDistribution&, const TableDistribution&) = default;
};

// What CREATE_TABLE asks for and GET_TABLE_INFO returns. Plain data: nothing here is checked, see
// table_validation.h. Same content as Fluss: TableDescriptor.java.
struct TableDescriptor {
  Schema schema;
  std::optional<std::string> comment;
  std::vector<std::string> partition_keys;
  std::optional<TableDistribution> distribution;
  PropertyMap properties;         // table.* keys: TableProperties reads them.
  PropertyMap custom_properties;  // Anything else; see TableProperties::ReadCustom.

  bool has_primary_key() const { return schema.has_primary_key(); }
  bool is_partitioned() const { return !partition_keys.empty(); }
  std::optional<int32_t> bucket_count() const {
    return distribution ? distribution->bucket_count : std::nullopt;
  }

  // The primary key without the partition keys, in primary-key order: what tells rows of one
  // partition apart. Empty for log tables.
  std::vector<std::string> PhysicalPrimaryKey() const;

  // The columns whose hash chooses the bucket: as declared, else the physical primary key.
  std::vector<std::string> BucketKeys() const;

  // Whether a primary-key table's bucket key is its physical primary key.
  bool HasDefaultBucketKey() const { return BucketKeys() == PhysicalPrimaryKey(); }

  // Whether rows can be looked up by bucket key alone: it is a leading part of the physical primary
  // key, but not all of it.
  bool SupportsPrefixLookup() const;

  friend bool operator==(const TableDescriptor&, const TableDescriptor&) = default;
};

// A table that exists, at its newest schema.
struct TableInfo {
  TablePath path;
  TableId id;
  SchemaId schema_id;
  TableDescriptor descriptor;  // Complete: bucket count and replication factor are there.
  int64_t created_ms = 0;      // Since the Unix epoch.
  int64_t modified_ms = 0;
  std::optional<std::string> remote_data_dir;  // If the cluster has several.

  friend bool operator==(const TableInfo&, const TableInfo&) = default;
};

struct DatabaseDescriptor {
  std::optional<std::string> comment;
  PropertyMap custom_properties;

  friend bool operator==(const DatabaseDescriptor&, const DatabaseDescriptor&) = default;
};

}  // namespace strom
