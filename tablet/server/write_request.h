#pragma once

#include <map>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/check.h"
#include "common/convert/bucket.h"
#include "common/rpc/request_context.h"
#include "common/rpc/responder.h"
#include "tablet/replica/replica.h"

// What ProduceLog and PutKv have in common.
namespace strom::tablet {

// What one bucket gets of a request.
struct BucketWrite {
  TableBucket bucket;
  Bytes records;
};

// Takes the records out of the request without copying them: the dispatcher made it for this call
// alone. A bucket that comes twice (no official client does that) gets its records in their order,
// as one write with one answer.
template <class Request>
std::vector<BucketWrite> TakeWrites(const rpc::Ref<Request>& request) {
  STROM_CHECK(request.use_count() == 1) << "the request is somebody else's too";
  std::vector<BucketWrite> writes;
  std::map<TableBucket, size_t> places;
  for (auto& entry : *const_cast<Request&>(*request).mutable_buckets_req()) {
    const TableBucket bucket = convert::BucketOf(TableId(request->table_id()), entry);
    const auto [place, is_new] = places.emplace(bucket, writes.size());
    if (is_new) {
      writes.push_back({bucket, std::move(*entry.mutable_records())});
    } else {
      writes[place->second].records += entry.records();
    }
  }
  return writes;
}

std::vector<TableBucket> BucketsOf(const std::vector<BucketWrite>& writes);

// Errors: kInvalidRequiredAcks.
Result<Acks> AcksOf(int32_t acks);

// Until when a write waits to be committed: as long as the request says, counted from its arrival,
// and not longer than anybody waits for the answer.
MonoTime DeadlineOf(const rpc::RequestContext& ctx, int32_t timeout_ms);

// A bucket's error as its client should see it: trouble with the disk has a code of its own here,
// after which all clients try again; Rust takes the others for final.
Status WriteErrorForClient(Status status);

}  // namespace strom::tablet
