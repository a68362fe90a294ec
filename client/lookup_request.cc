#include "client/lookup_request.h"

#include <utility>

#include "common/convert/error.h"
#include "common/row/stored_value.h"
#include "common/rpc/methods.h"
#include "proto/kv.pb.h"

namespace strom::client {
namespace {

using Found = std::vector<std::vector<record::ValueRecord>>;

Status Add(BytesView bytes, std::vector<record::ValueRecord>* values) {
  STROM_ASSIGN_OR_RETURN(const StoredValue value, ParseStoredValue(bytes));
  values->push_back({.schema_id = value.schema_id, .row = value.row});
  return Status::Ok();
}

Result<Found> FoundIn(const pb::PbLookupRespForBucket& entry) {
  STROM_RETURN_IF_ERROR(convert::ErrorOf(entry));
  Found found;
  for (const pb::PbValue& value : entry.values()) {
    auto& values = found.emplace_back();
    if (value.has_values()) STROM_RETURN_IF_ERROR(Add(value.values(), &values));
  }
  return found;
}

Result<Found> FoundIn(const pb::PbPrefixLookupRespForBucket& entry) {
  STROM_RETURN_IF_ERROR(convert::ErrorOf(entry));
  Found found;
  for (const pb::PbValueList& list : entry.value_lists()) {
    auto& values = found.emplace_back();
    for (const Bytes& value : list.values()) STROM_RETURN_IF_ERROR(Add(value, &values));
  }
  return found;
}

template <class Resp>
LookupAnswers AnswersOf(Resp response, const std::map<BucketId, size_t>& key_counts) {
  const auto owner = std::make_shared<const Resp>(std::move(response));
  LookupAnswers answers;
  for (const auto& entry : owner->buckets_resp()) {
    const BucketId bucket(entry.bucket_id());
    const auto key_count = key_counts.find(bucket);
    if (key_count == key_counts.end()) continue;
    Result<Found> found = FoundIn(entry);
    if (!found.ok()) {
      answers.insert_or_assign(bucket, found.status());
    } else if (found->size() != key_count->second) {
      answers.insert_or_assign(bucket, Error(ErrorCode::kCorruptMessage, "{} results for {} keys",
                                             found->size(), key_count->second));
    } else {
      answers.insert_or_assign(bucket, LookupAnswer{*std::move(found), owner});
    }
  }
  return answers;
}

template <class Req, class Resp>
void SendAs(Cluster& cluster, const ServerNode& server, const rpc::Method<Req, Resp>& method,
            TableId table, const std::vector<LookupKeys>& asked, MonoTime deadline,
            absl::AnyInvocable<void(Result<LookupAnswers>)> done) {
  Req request;
  request.set_table_id(table.value());
  std::map<BucketId, size_t> key_counts;
  for (const LookupKeys& one : asked) {
    auto& entry = *request.add_buckets_req();
    entry.set_bucket_id(one.bucket.value());
    for (const BytesView key : one.keys) entry.add_keys(Bytes(key));
    key_counts[one.bucket] = one.keys.size();
  }
  cluster.Call<Req, Resp>(
      server, Lane::kReads, method, request, deadline,
      [key_counts = std::move(key_counts), done = std::move(done)](Result<Resp> response) mutable {
        if (!response.ok()) return done(response.status());
        done(AnswersOf(*std::move(response), key_counts));
      });
}

}  // namespace

void SendLookup(Cluster& cluster, const ServerNode& server, LookupKind kind, TableId table,
                const std::vector<LookupKeys>& asked, MonoTime deadline,
                absl::AnyInvocable<void(Result<LookupAnswers>)> done) {
  if (kind == LookupKind::kKey) {
    SendAs<pb::LookupRequest, pb::LookupResponse>(cluster, server, rpc::kLookup, table, asked,
                                                  deadline, std::move(done));
  } else {
    SendAs<pb::PrefixLookupRequest, pb::PrefixLookupResponse>(
        cluster, server, rpc::kPrefixLookup, table, asked, deadline, std::move(done));
  }
}

}  // namespace strom::client
