#include "tablet/server/lookup_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "proto/kv.pb.h"

namespace strom::tablet {
namespace {

// Between two looks at how large the answer has become.
constexpr int kKeysAtOnce = 64;

struct Rows {
  std::shared_ptr<Replica> replica;
  std::shared_ptr<const KvTablet> tablet;
};

// The rows of each bucket of a request, in its place. Keeps them open.
template <class Request>
std::vector<Result<Rows>> FindRows(const BucketLookup& buckets, const Request& request,
                                   int16_t api_version) {
  const auto find = [&](const TableBucket& bucket) -> Result<Rows> {
    STROM_ASSIGN_OR_RETURN(auto replica, buckets.FindKv(bucket, api_version));
    STROM_ASSIGN_OR_RETURN(auto tablet, replica->Rows());
    return Rows{std::move(replica), std::move(tablet)};
  };
  std::vector<Result<Rows>> rows;
  for (const auto& asked : request.buckets_req()) {
    rows.push_back(find(convert::BucketOf(TableId(request.table_id()), asked)));
  }
  return rows;
}

// `left` is what the answer may still take.
Status LookUp(const KvTablet& rows, const pb::PbLookupReqForBucket& asked, size_t& left,
              pb::PbLookupRespForBucket* entry) {
  for (int from = 0; from < asked.keys_size(); from += kKeysAtOnce) {
    const auto begin = asked.keys().begin() + from;
    const std::vector<BytesView> keys(begin,
                                      begin + std::min(kKeysAtOnce, asked.keys_size() - from));
    STROM_ASSIGN_OR_RETURN(auto values, rows.Lookup(keys));
    for (std::optional<Bytes>& value : values) {
      pb::PbValue& found = *entry->add_values();
      if (!value) continue;
      if (value->size() > left) {
        return Error(ErrorCode::kRecordTooLarge,
                     "the rows of {} keys are too large for one answer, {} keys fit",
                     asked.keys_size(), entry->values_size() - 1);
      }
      left -= value->size();
      found.set_values(*std::move(value));
    }
  }
  return Status::Ok();
}

Status LookUp(const KvTablet& rows, const pb::PbPrefixLookupReqForBucket& asked, size_t& left,
              pb::PbPrefixLookupRespForBucket* entry) {
  for (const std::string& prefix : asked.keys()) {
    STROM_ASSIGN_OR_RETURN(auto values, rows.PrefixLookup(prefix, left));
    pb::PbValueList& list = *entry->add_value_lists();
    for (Bytes& value : values) {
      left -= value.size();
      list.add_values(std::move(value));
    }
  }
  return Status::Ok();
}

void ClearValues(pb::PbLookupRespForBucket* entry) { entry->clear_values(); }
void ClearValues(pb::PbPrefixLookupRespForBucket* entry) { entry->clear_value_lists(); }

// Clients find expired partitions by it.
void Echo(const pb::PbLookupReqForBucket& asked, pb::PbLookupRespForBucket* entry) {
  if (asked.has_original_partition_name()) {
    entry->set_original_partition_name(asked.original_partition_name());
  }
}
void Echo(const pb::PbPrefixLookupReqForBucket&, pb::PbPrefixLookupRespForBucket*) {}

template <class Response, class Request>
Response Answer(const Request& request, const std::vector<Result<Rows>>& rows, size_t size_max) {
  Response response;
  size_t left = size_max;
  for (int i = 0; i < request.buckets_req_size(); ++i) {
    const auto& asked = request.buckets_req(i);
    const Result<Rows>& of_bucket = rows[static_cast<size_t>(i)];
    auto& entry = *response.add_buckets_resp();
    convert::SetBucket(convert::BucketOf(TableId(request.table_id()), asked), &entry);
    Echo(asked, &entry);
    Status status = of_bucket.status();
    if (status.ok()) status = LookUp(*of_bucket->tablet, asked, left, &entry);
    if (status.ok()) status = of_bucket->replica->CheckShows();
    if (!status.ok()) ClearValues(&entry);
    convert::SetError(status, &entry);
  }
  return response;
}

}  // namespace

void LookupService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kLookup, *this, &LookupService::Lookup);
  dispatcher.Handle(rpc::kPrefixLookup, *this, &LookupService::PrefixLookup);
}

void LookupService::Lookup(const rpc::RequestContext& ctx, rpc::Ref<pb::LookupRequest> request,
                           rpc::Responder<pb::LookupResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kRead, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  if (request->insert_if_not_exists()) {
    return std::move(respond).Fail(Error(ErrorCode::kUnsupportedVersion,
                                         "Lookup in table {} with insert_if_not_exists is not "
                                         "supported yet; upsert the rows instead",
                                         table));
  }
  blocking_.Post([request, rows = FindRows(buckets_, *request, ctx.api_version),
                  size_max = size_max_, respond = std::move(respond)]() mutable {
    std::move(respond).Ok(Answer<pb::LookupResponse>(*request, rows, size_max));
  });
}

void LookupService::PrefixLookup(const rpc::RequestContext& ctx,
                                 rpc::Ref<pb::PrefixLookupRequest> request,
                                 rpc::Responder<pb::PrefixLookupResponse> respond) {
  const TableId table(request->table_id());
  if (Status s = authorizer_.Check(ctx, rpc::Operation::kRead, table); !s.ok()) {
    return std::move(respond).Fail(std::move(s));
  }
  blocking_.Post([request, rows = FindRows(buckets_, *request, ctx.api_version),
                  size_max = size_max_, respond = std::move(respond)]() mutable {
    std::move(respond).Ok(Answer<pb::PrefixLookupResponse>(*request, rows, size_max));
  });
}

}  // namespace strom::tablet
