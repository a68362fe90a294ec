#pragma once

#include <memory>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "proto/log.pb.h"
#include "proto/pb.h"
#include "tablet/replica/follower_fetch.h"

// FetchLog between a follower and its leader: Fluss's message, and fields of ours (from 1000 on) in
// the entries of the buckets, which only the internal listener serves.
namespace strom::tablet {

// The follower's side ---------------------------------------------------------------------------

// A request of `follower` without buckets. As it is, it asks for nothing but the end of the wait of
// the request before it on the same connection.
pb::FetchLogRequest MakeFollowerRequest(ServerId follower);

// Adds a bucket. Those of one table that follow each other share the table's entry, so a table may
// come more than once; answers are matched by place.
void AddBucket(const FollowerFetchRequest::Bucket& bucket, pb::FetchLogRequest* request);

// What `answer` gives each bucket of `request`, in order; records are moved out.
// Errors: kCorruptMessage if it is not about the very buckets of `request`, or if one of its parts
// cannot be.
Result<FollowerResults> TakeFollowerResults(const pb::FetchLogRequest& request,
                                            pb::FetchLogResponse* answer);

// The leader's side -----------------------------------------------------------------------------

// The buckets of `request`, in order; sizes are never above `size_max`. The caller sets how long to
// wait. Errors: kCorruptMessage for a bucket without the follower's leader epoch, for offsets and
// epochs that cannot be.
Result<FollowerFetchRequest> FollowerFetchOf(const pb::FetchLogRequest& request, size_t size_max);

// One result a bucket, as FollowerFetchOf had them.
pb::FetchLogResponse MakeFollowerAnswer(const pb::FetchLogRequest& request,
                                        FollowerResults results);

}  // namespace strom::tablet
