#pragma once

#include <map>
#include <memory>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "client/cluster.h"
#include "client/include/strom/future.h"
#include "client/include/strom/offset_spec.h"

namespace strom::client {

using BucketOffsets = std::map<BucketId, Result<LogOffset>>;

// Asks the leaders, as far as they are known, once. `spec` is not At. `done` is called once, on any
// thread, with one entry for each of `buckets`.
// Errors in the entries: kLeaderNotAvailable, those of the call, those of the server. None names
// the bucket; each is for the caller to judge and repeat.
void ListOffsetsOnce(const std::shared_ptr<Cluster>& cluster, const TablePath& path, TableId table,
                     std::vector<BucketId> buckets, OffsetSpec spec,
                     absl::AnyInvocable<void(BucketOffsets)> done);

// Of all buckets of a table, asked for again until all have answered: see Admin::ListOffsets.
Future<std::map<BucketId, LogOffset>> ListAllOffsets(std::shared_ptr<Cluster> cluster,
                                                     const TablePath& path, OffsetSpec spec);

}  // namespace strom::client
