#include "common/types/table_validation.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "common/types/auto_partition.h"
#include "common/types/partition.h"

namespace strom {
namespace {

using Names = std::vector<std::string>;

// Columns that readers see beside a table's own.
constexpr std::string_view kSystemColumns[] = {"__offset",     "__timestamp", "__bucket",
                                               "_change_type", "_log_offset", "_commit_timestamp"};

template <class... Args>
Status InvalidTable(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kInvalidTable, format, std::forward<Args>(args)...);
}

template <class... Args>
Status InvalidConfig(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kInvalidConfig, format, std::forward<Args>(args)...);
}

bool Contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The columns exist, and none comes twice.
Status CheckKeyColumns(const Schema& schema, const Names& names, std::string_view what) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (!schema.Find(names[i])) return InvalidTable("{} '{}' is no column", what, names[i]);
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<ptrdiff_t>(i)) {
      return InvalidTable("{} '{}' is given twice", what, names[i]);
    }
  }
  return Status::Ok();
}

const DataType& TypeOf(const Schema& schema, std::string_view column) {
  return schema.columns()[*schema.Find(column)].type;
}

Status CheckColumns(const Schema& schema) {
  for (const std::string_view name : kSystemColumns) {
    if (schema.Find(name)) return InvalidTable("column name '{}' is reserved", name);
  }
  return Status::Ok();
}

Status CheckPartitionKeys(const TableDescriptor& table) {
  STROM_RETURN_IF_ERROR(CheckKeyColumns(table.schema, table.partition_keys, "partition key"));
  for (const std::string& key : table.partition_keys) {
    const DataType& type = TypeOf(table.schema, key);
    if (!IsPartitionType(type)) {
      return InvalidTable("partition key '{}' is {}, which cannot be a partition key", key,
                          type.ToString());
    }
    if (table.has_primary_key() && !Contains(table.schema.primary_key(), key)) {
      return InvalidTable("partition key '{}' is not in the primary key", key);
    }
  }
  if (table.has_primary_key() && table.PhysicalPrimaryKey().empty()) {
    return InvalidTable("the primary key has no column that is no partition key");
  }
  return Status::Ok();
}

Status CheckDistribution(const TableDescriptor& table, const TablePolicy& policy) {
  const auto count = table.bucket_count();
  if (!count) return InvalidTable("the bucket count is missing");
  if (*count < 1) return InvalidTable("the bucket count is {}, at least 1 is needed", *count);
  if (*count > policy.bucket_count_max) {
    return Error(ErrorCode::kBucketMaxNum, "{} buckets are asked for, at most {} are allowed",
                 *count, policy.bucket_count_max);
  }
  const Names& keys = table.distribution->bucket_keys;
  STROM_RETURN_IF_ERROR(CheckKeyColumns(table.schema, keys, "bucket key"));
  for (const std::string& key : keys) {
    const DataType& type = TypeOf(table.schema, key);
    if (type.IsNested()) {
      return InvalidTable("bucket key '{}' is {}, which cannot be a key", key, type.ToString());
    }
    if (Contains(table.partition_keys, key)) {
      return InvalidTable("bucket key '{}' is a partition key", key);
    }
    if (table.has_primary_key() && !Contains(table.schema.primary_key(), key)) {
      return InvalidTable("bucket key '{}' is not in the primary key", key);
    }
  }
  return Status::Ok();
}

Status CheckFormats(const TableDescriptor& table, const TableProperties& p) {
  if (table.has_primary_key() && p.kv_format == KvFormat::kCompacted &&
      p.log_format == LogFormat::kIndexed) {
    return InvalidConfig("log format INDEXED does not go with kv format COMPACTED");
  }
  if (p.log_local_ttl_ms.value_or(0) > p.log_ttl_ms && p.log_ttl_ms > 0) {
    return InvalidConfig("table.log.local-ttl of {} ms is longer than table.log.ttl of {} ms",
                         *p.log_local_ttl_ms, p.log_ttl_ms);
  }
  return Status::Ok();
}

Status CheckVersionColumn(const Schema& schema, const TableProperties& p) {
  if (!p.version_column) {
    return InvalidConfig(
        "the versioned merge engine needs "
        "table.merge-engine.versioned.ver-column");
  }
  if (!schema.Find(*p.version_column)) {
    return InvalidConfig("version column '{}' does not exist", *p.version_column);
  }
  const DataType& type = TypeOf(schema, *p.version_column);
  switch (type.kind()) {
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Status::Ok();
    default:
      return InvalidConfig("version column '{}' is {}, not INT, BIGINT, TIMESTAMP, TIMESTAMP_LTZ",
                           *p.version_column, type.ToString());
  }
}

Status CheckAggregates(const Schema& schema, MergeEngine engine) {
  for (const Column& column : schema.columns()) {
    if (!column.aggregate) continue;
    if (engine != MergeEngine::kAggregation) {
      return InvalidConfig(
          "column '{}' has aggregation function {}, but the table has no "
          "aggregation merge engine",
          column.name, AggregateKindName(column.aggregate->kind));
    }
    STROM_RETURN_IF_ERROR(
        CheckAggregate(*column.aggregate, column.type).WithContext("column " + column.name));
  }
  return Status::Ok();
}

Status CheckMerging(const TableDescriptor& table, const TableProperties& p) {
  const MergeEngine engine = p.merge_engine;
  if (!table.has_primary_key() && engine != MergeEngine::kLastRow) {
    return InvalidConfig("merge engine {} needs a primary key", ToName(engine));
  }
  if (!table.has_primary_key() && p.delete_behavior) {
    return InvalidConfig("{} needs a primary key", kDeleteBehaviorKey);
  }
  if (engine == MergeEngine::kVersioned) {
    STROM_RETURN_IF_ERROR(CheckVersionColumn(table.schema, p));
  }
  if (engine == MergeEngine::kAggregation && p.changelog_image != ChangelogImage::kFull) {
    return InvalidConfig("the aggregation merge engine needs changelog image FULL");
  }
  if ((engine == MergeEngine::kFirstRow || engine == MergeEngine::kVersioned) &&
      p.EffectiveDeleteBehavior() == DeleteBehavior::kAllow) {
    return InvalidConfig("{} ALLOW does not go with merge engine {}", kDeleteBehaviorKey,
                         ToName(engine));
  }
  return CheckAggregates(table.schema, engine);
}

Status CheckAutoPartition(const TableDescriptor& table, const AutoPartitionOptions& options) {
  if (!options.enabled) return Status::Ok();
  const Names& keys = table.partition_keys;
  if (keys.empty()) return InvalidConfig("automatic partitions need a partition key");
  if (options.key && !Contains(keys, *options.key)) {
    return InvalidTable("table.auto-partition.key '{}' is no partition key", *options.key);
  }
  if (keys.size() > 1 && !options.key) {
    return InvalidTable("table.auto-partition.key must name one of {} partition keys", keys.size());
  }
  if (keys.size() > 1 && options.precreate() != 0) {
    return InvalidTable("{} is {}, but must be 0 with {} partition keys", kPrecreateKey,
                        options.precreate(), keys.size());
  }
  const std::string& key = options.key ? *options.key : keys.front();
  if (TypeOf(table.schema, key).kind() == TypeKind::kDate &&
      (options.unit != PartitionTimeUnit::kDay || options.time_format != "yyyy-MM-dd")) {
    return InvalidTable(
        "automatic partitions by DATE column '{}' need unit DAY and "
        "table.auto-partition.time-format yyyy-MM-dd",
        key);
  }
  return AutoPartitioner::Make(options, "UTC").status();
}

Status CheckLake(const TableDescriptor& table, const TableProperties& p,
                 const TablePolicy& policy) {
  const LakeOptions& lake = p.lake;
  if (lake.enabled) {
    if (!policy.lake_enabled || !policy.lake_format) {
      return InvalidTable("table.datalake.enabled is set, but the cluster has no lake");
    }
    if (lake.format && lake.format != policy.lake_format) {
      return InvalidConfig("{} is {}, the cluster's lake is {}", kLakeFormatKey,
                           ToName(*lake.format), ToName(*policy.lake_format));
    }
  }
  const bool historical_fits = p.auto_partition.enabled && lake.enabled &&
                               lake.format == LakeFormat::kPaimon && table.has_primary_key() &&
                               table.partition_keys.size() == 1;
  if (lake.historical_partition && !historical_fits) {
    return InvalidConfig(
        "a historical partition needs a primary key, one partition key, automatic partitions and "
        "a Paimon lake");
  }
  return Status::Ok();
}

bool HasStatistics(const DataType& type) {
  return !type.IsNested() && type.kind() != TypeKind::kBinary && type.kind() != TypeKind::kBytes;
}

Status CheckStatistics(const Schema& schema, const StatisticsColumns& statistics) {
  for (const std::string& name : statistics.names) {
    if (!schema.Find(name)) return InvalidConfig("statistics column '{}' does not exist", name);
    if (!HasStatistics(TypeOf(schema, name))) {
      return InvalidConfig("statistics column '{}' is {}, which has no minimum", name,
                           TypeOf(schema, name).ToString());
    }
  }
  return Status::Ok();
}

}  // namespace

Status ValidateTableDescriptor(const TableDescriptor& table, const TablePolicy& policy) {
  STROM_ASSIGN_OR_RETURN(TableProperties properties, TableProperties::Parse(table.properties));
  STROM_RETURN_IF_ERROR(properties.ReadCustom(table.custom_properties));
  STROM_RETURN_IF_ERROR(CheckColumns(table.schema));
  STROM_RETURN_IF_ERROR(CheckPartitionKeys(table));
  STROM_RETURN_IF_ERROR(CheckDistribution(table, policy));
  STROM_RETURN_IF_ERROR(CheckFormats(table, properties));
  STROM_RETURN_IF_ERROR(CheckMerging(table, properties));
  STROM_RETURN_IF_ERROR(CheckAutoPartition(table, properties.auto_partition));
  STROM_RETURN_IF_ERROR(CheckLake(table, properties, policy));
  return CheckStatistics(table.schema, properties.statistics);
}

}  // namespace strom
