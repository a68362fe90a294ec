#include "tests/prove/workload/round_tables.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "client/keyed_table.h"
#include "client/log_table.h"

namespace strom::prove {
namespace {

constexpr const char* kDatabase = "prove";
constexpr int kReplicas = 3;

TableDescriptor Descriptor(const ProveOptions& options, bool keyed) {
  SchemaSpec spec;
  spec.columns = {{.name = "k", .type = DataType::BigInt()},
                  {.name = "v", .type = DataType::BigInt()}};
  if (keyed) spec.primary_key = {"k"};
  TableDescriptor table{.schema = Schema::Make(std::move(spec)).value(),
                        .distribution = TableDistribution{{"k"}, options.buckets}};
  table.properties["table.replication.factor"] = std::to_string(kReplicas);
  table.custom_properties["strom.durability"] = options.durability;
  return table;
}

// The bucket of the row with this key.
Result<BucketId> BucketOf(const TableInfo& info, int64_t key) {
  const Row row{Value::Int(key), Value::Int(0)};
  if (info.descriptor.has_primary_key()) {
    STROM_ASSIGN_OR_RETURN(const auto table, client::KeyedTable::Make(info));
    STROM_ASSIGN_OR_RETURN(const client::EncodedKey encoded, table.KeyOfRow(row));
    return encoded.bucket;
  }
  STROM_ASSIGN_OR_RETURN(const auto table, client::LogTable::Make(info));
  STROM_ASSIGN_OR_RETURN(const std::optional<BucketId> bucket, table.BucketOf(row));
  return *bucket;
}

// The first keys of each bucket.
Result<std::vector<std::vector<int64_t>>> KeysOf(const TableInfo& info, int count) {
  std::vector<std::vector<int64_t>> keys(static_cast<size_t>(*info.descriptor.bucket_count()));
  size_t missing = keys.size() * static_cast<size_t>(count);
  for (int64_t key = 0; missing > 0; ++key) {
    STROM_ASSIGN_OR_RETURN(const BucketId bucket, BucketOf(info, key));
    auto& of_bucket = keys[static_cast<size_t>(bucket.value())];
    if (of_bucket.size() == static_cast<size_t>(count)) continue;
    of_bucket.push_back(key);
    --missing;
  }
  return keys;
}

Result<RoundTable> Make(client::Admin& admin, const ProveOptions& options, const TablePath& path,
                        bool keyed, int keys_of_bucket) {
  STROM_RETURN_IF_ERROR(
      admin.CreateTable(path, Descriptor(options, keyed), client::IfExists::kIgnore).Get());
  STROM_ASSIGN_OR_RETURN(TableInfo info, admin.GetTable(path).Get());
  STROM_ASSIGN_OR_RETURN(auto keys, KeysOf(info, keys_of_bucket));
  std::vector<DataType> types;
  for (const Column& column : info.descriptor.schema.columns()) types.push_back(column.type);
  record::RecordSchema schema(LogFormat::kArrow, std::move(types));
  return RoundTable{.info = std::move(info), .schema = std::move(schema), .keys = std::move(keys)};
}

}  // namespace

Result<RoundTables> MakeRoundTables(client::Admin& admin, const ProveOptions& options, int round,
                                    int keys_of_bucket) {
  STROM_RETURN_IF_ERROR(admin.CreateDatabase(kDatabase, {}, client::IfExists::kIgnore).Get());
  STROM_ASSIGN_OR_RETURN(RoundTable log,
                         Make(admin, options, {kDatabase, fmt::format("log_{}", round)},
                              /*keyed=*/false, keys_of_bucket));
  STROM_ASSIGN_OR_RETURN(RoundTable keyed,
                         Make(admin, options, {kDatabase, fmt::format("keyed_{}", round)},
                              /*keyed=*/true, keys_of_bucket));
  return RoundTables{.log = std::move(log), .keyed = std::move(keyed)};
}

Status DropRoundTables(client::Admin& admin, const RoundTables& tables) {
  // The client makes no change twice whose fate it does not know, and the coordinator that it knows
  // may be gone since the round began.
  STROM_RETURN_IF_ERROR(admin.ListServers().Get().status());
  STROM_RETURN_IF_ERROR(admin.DropTable(tables.log.info.path, client::IfMissing::kIgnore).Get());
  return admin.DropTable(tables.keyed.info.path, client::IfMissing::kIgnore).Get();
}

}  // namespace strom::prove
