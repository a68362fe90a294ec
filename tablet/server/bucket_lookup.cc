#include "tablet/server/bucket_lookup.h"

namespace strom::tablet {

Result<std::shared_ptr<Replica>> BucketLookup::Find(const TableBucket& bucket) const {
  if (auto replica = replicas_.Find(bucket)) return replica;
  return Missing(bucket);
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
