#pragma once

#include <concepts>
#include <optional>

#include "common/types/table_bucket.h"
#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::convert {

// Conversions of buckets cannot fail: an id that no bucket has (a negative one, say) is found out
// where the bucket is looked up, and is then the error of that bucket alone, as clients need it.

// An entry about one bucket in a request or answer about one table: PbPutKvReqForBucket and its
// like. Its table stands once for all entries, or the other side knows it.
template <class Entry>
concept BucketEntry = requires(const Entry& entry, Entry& target) {
  { entry.has_partition_id() } -> std::same_as<bool>;
  { entry.partition_id() } -> std::convertible_to<int64_t>;
  { entry.bucket_id() } -> std::convertible_to<int32_t>;
  target.set_partition_id(0);
  target.clear_partition_id();
  target.set_bucket_id(0);
};

// The bucket of `table` that `entry` is about.
template <BucketEntry Entry>
TableBucket BucketOf(TableId table, const Entry& entry) {
  return {.table = table,
          .partition = entry.has_partition_id()
                           ? std::optional<PartitionId>(PartitionId(entry.partition_id()))
                           : std::nullopt,
          .bucket = BucketId(entry.bucket_id())};
}

// Makes `entry` be about `bucket`. What an answer echoes is present exactly when the request had
// it.
template <BucketEntry Entry>
void SetBucket(const TableBucket& bucket, Entry* entry) {
  if (bucket.partition) {
    entry->set_partition_id(bucket.partition->value());
  } else {
    entry->clear_partition_id();
  }
  entry->set_bucket_id(bucket.bucket.value());
}

TableBucket FromPb(const pb::PbTableBucket& bucket);
pb::PbTableBucket ToPb(const TableBucket& bucket);

}  // namespace strom::convert
