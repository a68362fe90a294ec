#include "tablet/server/produce_service.h"

#include <map>
#include <utility>
#include <vector>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "proto/log.pb.h"
#include "tablet/server/join.h"

namespace strom::tablet {
namespace {

// What one bucket gets of a request.
struct BucketAppend {
  TableBucket bucket;
  Bytes records;
};

// Takes the records out of the request without copying them. A bucket that comes twice (no official
// client does that) gets its records in their order, as one append with one answer.
std::vector<BucketAppend> TakeAppends(pb::ProduceLogRequest& request) {
  std::vector<BucketAppend> appends;
  std::map<TableBucket, size_t> places;
  for (auto& entry : *request.mutable_buckets_req()) {
    const TableBucket bucket = convert::BucketOf(TableId(request.table_id()), entry);
    const auto [place, is_new] = places.emplace(bucket, appends.size());
    if (is_new) {
      appends.push_back({bucket, std::move(*entry.mutable_records())});
    } else {
      appends[place->second].records += entry.records();
    }
  }
  return appends;
}

Result<Acks> AcksOf(int32_t acks) {
  if (acks >= -1 && acks <= 1) return static_cast<Acks>(acks);
  return Error(ErrorCode::kInvalidRequiredAcks, "acks is {}, must be -1, 0 or 1", acks);
}

// Trouble with the disk has a code of its own here, after which all clients try again; Rust takes
// the others for final.
Status ForClient(Status status) {
  if (status.code() != ErrorCode::kStorage && status.code() != ErrorCode::kDiskWriteLocked) {
    return status;
  }
  return Status(ErrorCode::kLogStorage, std::string(status.message()));
}

}  // namespace

void ProduceService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kProduceLog, *this, &ProduceService::ProduceLog);
}

void ProduceService::ProduceLog(const rpc::RequestContext& ctx,
                                rpc::Ref<pb::ProduceLogRequest> request,
                                rpc::Responder<pb::ProduceLogResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kWrite, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  const Result<Acks> acks = AcksOf(request->acks());
  if (!acks.ok()) return std::move(respond).Fail(acks.status());

  // The dispatcher made the request for this call alone: it may be taken apart.
  STROM_CHECK(request.use_count() == 1);
  auto appends = TakeAppends(const_cast<pb::ProduceLogRequest&>(*request));
  std::vector<TableBucket> buckets;
  for (const BucketAppend& append : appends) buckets.push_back(append.bucket);
  const auto join = Join<Result<AppendInfo>>::Of(
      appends.size(),
      [buckets, respond = std::move(respond)](std::vector<Result<AppendInfo>> results) mutable {
        pb::ProduceLogResponse response;
        for (size_t i = 0; i < results.size(); ++i) {
          pb::PbProduceLogRespForBucket& entry = *response.add_buckets_resp();
          convert::SetBucket(buckets[i], &entry);
          convert::SetError(ForClient(results[i].status()), &entry);
          if (results[i].ok()) entry.set_base_offset(results[i]->base_offset.value());
        }
        std::move(respond).Ok(response);
      });
  for (size_t i = 0; i < appends.size(); ++i) {
    const auto replica = buckets_.Find(appends[i].bucket);
    if (!replica.ok()) {
      join->Set(i, replica.status());
      continue;
    }
    (*replica)->Append(std::move(appends[i].records), *acks,
                       [join, i](Result<AppendInfo> info) { join->Set(i, std::move(info)); });
  }
}

}  // namespace strom::tablet
