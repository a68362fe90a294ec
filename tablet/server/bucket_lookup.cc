#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

Result<std::shared_ptr<Replica>> BucketLookup::Find(const TableBucket& bucket) const {
  if (auto replica = replicas_.Find(bucket)) return replica;
  return Missing(bucket);
}

Result<std::shared_ptr<Replica>> BucketLookup::FindKv(const TableBucket& bucket,
                                                      int16_t api_version) const {
  STROM_ASSIGN_OR_RETURN(auto replica, Find(bucket));
  const BucketSpec& spec = replica->spec();
  if (!spec.has_primary_key()) {
    return Error(ErrorCode::kNonPrimaryKeyTable, "table {} of {} has no primary key", spec.path,
                 bucket);
  }
  if (api_version < 1 && spec.old_clients_keys_differ) {
    return Error(ErrorCode::kUnsupportedVersion,
                 "table {} needs clients that know {} = 2: version 1 of the call, not {}",
                 spec.path, kKvFormatVersionKey, api_version);
  }
  return replica;
}

Status BucketLookup::Missing(const TableBucket& bucket) const {
  const auto view = views_.Get();
  const service::TableView* const table = view->Find(bucket.table);
  if (table && !bucket.partition && table->buckets.contains(bucket.bucket)) {
    return Error(ErrorCode::kNotLeaderOrFollower, "{} of {} is not on this server", bucket,
                 table->info.path);
  }
  return Error(ErrorCode::kUnknownTableOrBucket, "there is no {}", bucket);
}

}  // namespace strom::tablet
