#include <string>
#include <utility>

#include "common/types/table_validation.h"

namespace strom {
namespace {

constexpr int32_t kNewKvFormatVersion = 2;

// Sets a property that is not there yet.
void SetDefault(PropertyMap& properties, std::string_view key, std::string_view value) {
  properties.try_emplace(std::string(key), value);
}

void CompletePrimaryKeyTable(const TableProperties& given, const TablePolicy& policy,
                             PropertyMap& properties) {
  SetDefault(properties, kKvFormatVersionKey, std::to_string(kNewKvFormatVersion));
  if (given.merge_engine != MergeEngine::kLastRow) {
    SetDefault(properties, kDeleteBehaviorKey, ToName(DeleteBehavior::kIgnore));
  }
  if (policy.kv_standby_replicas) SetDefault(properties, kKvStandbyReplicaKey, "true");
}

}  // namespace

Result<TableDescriptor> CompleteTableDescriptor(TableDescriptor table, const TablePolicy& policy) {
  STROM_ASSIGN_OR_RETURN(const TableProperties given, TableProperties::Parse(table.properties));

  TableDistribution distribution = table.distribution.value_or(TableDistribution());
  distribution.bucket_keys = table.BucketKeys();
  if (!distribution.bucket_count) distribution.bucket_count = policy.default_bucket_count;
  table.distribution = std::move(distribution);

  SetDefault(table.properties, kReplicationFactorKey,
             std::to_string(policy.default_replication_factor));
  if (given.auto_partition.enabled && table.partition_keys.size() > 1) {
    SetDefault(table.properties, kPrecreateKey, "0");
  }
  // Recorded even while the lake is off for the table, so that its buckets stay compatible.
  if (policy.lake_format) {
    SetDefault(table.properties, kLakeFormatKey, ToName(*policy.lake_format));
  }
  if (table.has_primary_key()) CompletePrimaryKeyTable(given, policy, table.properties);
  return table;
}

}  // namespace strom
