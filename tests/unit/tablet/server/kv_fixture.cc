#include "tests/unit/tablet/server/kv_fixture.h"

namespace strom::tablet {

KvServerFixture::KvServerFixture(uint64_t seed, PropertyMap properties, bool name_nullable)
    : ServerFixture(seed) {
  const Status started = Start();
  STROM_CHECK(started.ok()) << started.ToString();
  info_ =
      StoreTable("t", KeyedTable(std::move(properties), TableId(7), name_nullable).descriptor, 2);
  LeadTable(*info_, 2);
  table = info_->id;
}

pb::PutKvRequest KvServerFixture::PutRequest(TableId table,
                                             std::vector<std::pair<int, Bytes>> buckets, int acks) {
  pb::PutKvRequest request;
  request.set_acks(acks);
  request.set_table_id(table.value());
  request.set_timeout_ms(1000);
  for (auto& [bucket, records] : buckets) {
    auto& entry = *request.add_buckets_req();
    entry.set_bucket_id(bucket);
    entry.set_records(std::move(records));
  }
  return request;
}

pb::PbPutKvRespForBucket KvServerFixture::Put(Bytes batch, int bucket) {
  const auto response =
      Call(rpc::kPutKv, PutRequest(table, {{bucket, std::move(batch)}}), kClients).value();
  STROM_CHECK(response.buckets_resp_size() == 1);
  return response.buckets_resp(0);
}

pb::PbPutKvRespForBucket KvServerFixture::PutAtVersion(int16_t version, Bytes batch) {
  const auto pending =
      Send(rpc::kPutKv, PutRequest(table, {{0, std::move(batch)}}), kClients, version);
  STROM_CHECK(scheduler().RunUntil([&] { return pending->has_value(); }, Seconds(100)));
  return Parsed<pb::PutKvResponse>(**pending).value().buckets_resp(0);
}

pb::LookupRequest KvServerFixture::LookupRequest(TableId table,
                                                 std::vector<std::pair<int, int>> keys) {
  pb::LookupRequest request;
  request.set_table_id(table.value());
  for (const auto& [bucket, id] : keys) {
    auto* entry = request.buckets_req_size() > 0
                      ? request.mutable_buckets_req(request.buckets_req_size() - 1)
                      : nullptr;
    if (!entry || entry->bucket_id() != bucket) entry = request.add_buckets_req();
    entry->set_bucket_id(bucket);
    entry->add_keys(KeyOf(id));
  }
  return request;
}

std::vector<std::string> KvServerFixture::Lookup(const std::vector<int>& ids) {
  std::vector<std::pair<int, int>> keys;
  for (const int id : ids) keys.emplace_back(0, id);
  const auto response = Call(rpc::kLookup, LookupRequest(table, keys), kClients).value();
  std::vector<std::string> rows;
  for (const auto& value : response.buckets_resp(0).values()) {
    rows.push_back(value.has_values() ? RowText(value.values()) : "");
  }
  return rows;
}

std::vector<std::string> KvServerFixture::AllRows() {
  pb::LimitScanRequest request;
  request.set_table_id(table.value());
  request.set_bucket_id(0);
  request.set_limit(1000);
  const auto response = Call(rpc::kLimitScan, request, kClients).value();
  STROM_CHECK(!response.is_log_table() && response.has_records());
  return RowTexts(response.records());
}

std::vector<std::string> KvServerFixture::AllChanges() {
  const auto response = Call(rpc::kFetchLog, FetchOf(table, {{0, 0}}), kClients).value();
  return ChangeTexts(response.tables_resp(0).buckets_resp(0).records());
}

void KvServerFixture::LeadAgain(int coordinator_epoch) { LeadTable(*info_, 2, coordinator_epoch); }

}  // namespace strom::tablet
