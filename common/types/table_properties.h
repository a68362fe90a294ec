#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/property_map.h"
#include "common/types/table_options.h"

namespace strom {

// The most partitions a table may ask to be created ahead of time.
inline constexpr int32_t kPrecreatedPartitionsMax = 10000;

// The table.auto-partition.* properties. See auto_partition.h.
struct AutoPartitionOptions {
  bool enabled = false;
  std::optional<std::string> key;  // The time column; needed with several partition keys.
  PartitionTimeUnit unit = PartitionTimeUnit::kDay;
  std::optional<std::string> time_format;  // Pattern; absent: the unit's.
  std::optional<std::string> time_zone;    // Absent: the server's.
  std::optional<int32_t> num_precreate;    // 0..kPrecreatedPartitionsMax, the current one included.
  int32_t num_retention = 7;               // Past partitions to keep; negative: all.

  int32_t precreate() const { return num_precreate.value_or(2); }
};

// The table.datalake.* properties.
struct LakeOptions {
  bool enabled = false;
  bool historical_partition = false;
  std::optional<LakeFormat> format;
  int64_t freshness_ms = 3 * 60 * 1000;
  bool auto_compaction = false;
  bool auto_expire_snapshot = false;
};

// Columns with min/max statistics in log batches.
struct StatisticsColumns {
  bool all = false;                // "*": all of a supported type.
  std::vector<std::string> names;  // If not all; empty: none.
};

// The table.* properties of a table, read and defaulted, and those of its custom ones that are
// ours. Each value by itself is valid; how values and columns fit together is checked in
// table_validation.h.
// Same keys, units and defaults as Fluss: ConfigOptions.java.
struct TableProperties {
  std::optional<int32_t> replication_factor;

  LogFormat log_format = LogFormat::kArrow;
  ArrowCompression arrow_compression = ArrowCompression::kZstd;
  int32_t zstd_level = 3;                              // 1..22.
  int64_t log_ttl_ms = int64_t{7} * 24 * 3600 * 1000;  // <= 0: for ever.
  std::optional<int64_t> log_local_ttl_ms;             // Absent: log_ttl_ms; 0: no deletion by age.
  int32_t log_tiered_local_segments = 2;               // > 0.
  StatisticsColumns statistics;

  KvFormat kv_format = KvFormat::kCompacted;
  std::optional<int32_t> kv_format_version;  // 1 or 2.
  bool kv_standby_replica = false;
  MergeEngine merge_engine = MergeEngine::kLastRow;
  std::optional<std::string> version_column;  // Of the versioned merge engine.
  std::optional<DeleteBehavior> delete_behavior;
  ChangelogImage changelog_image = ChangelogImage::kFull;
  int64_t auto_increment_cache_size = 100000;  // Ids a bucket leader reserves at once, > 0.

  AutoPartitionOptions auto_partition;
  LakeOptions lake;

  std::optional<Durability> durability;  // Custom property strom.durability; absent: the cluster's.

  // Version of the key encoding: 1 unless a server wrote another one.
  int32_t key_encoding_version() const { return kv_format_version.value_or(1); }

  // What a delete does: as set, else kAllow, or kIgnore with a merge engine.
  DeleteBehavior EffectiveDeleteBehavior() const;

  enum class UnknownKeys { kRefuse, kIgnore };

  // Reads the `properties` of a table descriptor. kRefuse is for new and altered tables; kIgnore
  // for stored ones, which a newer server may have written. Errors: kInvalidConfig naming key and
  // value; for an unknown key, the nearest known one.
  static Result<TableProperties> Parse(const PropertyMap& properties,
                                       UnknownKeys unknown = UnknownKeys::kRefuse);

  // Reads those of a table's custom properties that are ours; the others mean nothing here.
  // Errors: kInvalidConfig naming key and value.
  Status ReadCustom(const PropertyMap& custom_properties);
};

// Keys of properties that other files write or mention in messages.
inline constexpr std::string_view kReplicationFactorKey = "table.replication.factor";
inline constexpr std::string_view kKvFormatVersionKey = "table.kv.format-version";
inline constexpr std::string_view kKvStandbyReplicaKey = "table.kv.standby-replica.enabled";
inline constexpr std::string_view kDeleteBehaviorKey = "table.delete.behavior";
inline constexpr std::string_view kLakeFormatKey = "table.datalake.format";
inline constexpr std::string_view kDurabilityKey = "strom.durability";
inline constexpr std::string_view kPrecreateKey = "table.auto-partition.num-precreate";

// Checks that ALTER_TABLE may set or reset `key`: a custom property, or a table.* property that
// servers can change while the table is in use. Errors: kInvalidAlterTable naming the key.
Status CheckAlterableProperty(std::string_view key);

}  // namespace strom
