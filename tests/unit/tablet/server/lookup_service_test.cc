#include "tablet/server/lookup_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "proto/cluster.pb.h"
#include "tests/unit/tablet/server/kv_fixture.h"

namespace strom::tablet {
namespace {

using Texts = std::vector<std::string>;

constexpr auto kClients = rpc::Audience::kFlussClients;

template <class Entry>
ErrorCode CodeOf(const Entry& entry) {
  return KvServerFixture::CodeOf(entry);
}

pb::PrefixLookupRequest PrefixRequest(TableId table, const std::vector<int>& ids) {
  pb::PrefixLookupRequest request;
  request.set_table_id(table.value());
  auto& entry = *request.add_buckets_req();
  entry.set_bucket_id(0);
  for (const int id : ids) entry.add_keys(PrefixOf(id));
  return request;
}

std::vector<Texts> Lists(const pb::PbPrefixLookupRespForBucket& entry) {
  std::vector<Texts> lists;
  for (const auto& list : entry.value_lists()) {
    Texts& texts = lists.emplace_back();
    for (const auto& value : list.values()) texts.push_back(RowText(value));
  }
  return lists;
}

pb::LimitScanRequest ScanRequest(TableId table, int limit) {
  pb::LimitScanRequest request;
  request.set_table_id(table.value());
  request.set_bucket_id(0);
  request.set_limit(limit);
  return request;
}

}  // namespace

TEST_CASE("every key gets one entry in its place, also if nobody has it", "[tablet]") {
  KvServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  f.Put(KvBatch({Put(1, "a"), Put(2, {}), Put(3, "c")}));
  f.Put(KvBatch({Put(8, "other")}), 1);
  const auto request =
      KvServerFixture::LookupRequest(f.table, {{0, 3}, {0, 9}, {0, 1}, {0, 3}, {1, 8}, {1, 1}});
  const auto response = f.Call(rpc::kLookup, request, kClients).value();
  REQUIRE(response.buckets_resp_size() == 2);
  const auto& first = response.buckets_resp(0);
  CHECK_FALSE(first.has_error_code());
  REQUIRE(first.values_size() == 4);
  CHECK(RowText(first.values(0).values()) == "3/0 c");
  CHECK_FALSE(first.values(1).has_values());
  CHECK(RowText(first.values(2).values()) == "1/0 a");
  CHECK(RowText(first.values(3).values()) == "3/0 c");
  REQUIRE(response.buckets_resp(1).values_size() == 2);
  CHECK(RowText(response.buckets_resp(1).values(0).values()) == "8/0 other");
}

TEST_CASE("many keys are all answered", "[tablet]") {
  KvServerFixture f;
  std::vector<KvOp> ops;
  std::vector<int> ids;
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 != 0) ops.push_back(Put(i, "x"));
    ids.push_back(999 - i);
  }
  f.Put(KvBatch(ops));
  const Texts rows = f.Lookup(ids);
  REQUIRE(rows.size() == 1000);
  for (size_t i = 0; i < rows.size(); ++i) {
    const int id = ids[i];
    CHECK(rows[i] == (id % 3 == 0 ? std::string() : fmt::format("{}/0 x", id)));
  }
}

TEST_CASE("a bucket's lookup error is its own", "[tablet]") {
  KvServerFixture f;
  const TableId log_table = f.CreateTable("logs");
  f.Put(KvBatch({Put(1, "a")}));
  auto request = KvServerFixture::LookupRequest(f.table, {{7, 1}, {0, 1}});
  request.mutable_buckets_req(0)->set_original_partition_name("p");
  const auto response = f.Call(rpc::kLookup, request, kClients).value();
  CHECK(CodeOf(response.buckets_resp(0)) == ErrorCode::kUnknownTableOrBucket);
  CHECK(response.buckets_resp(0).original_partition_name() == "p");
  CHECK(response.buckets_resp(0).values_size() == 0);
  CHECK(response.buckets_resp(1).values_size() == 1);
  CHECK_FALSE(response.buckets_resp(1).has_original_partition_name());

  const auto log =
      f.Call(rpc::kLookup, KvServerFixture::LookupRequest(log_table, {{0, 1}}), kClients);
  CHECK(CodeOf(log.value().buckets_resp(0)) == ErrorCode::kNonPrimaryKeyTable);
  const auto prefix = f.Call(rpc::kPrefixLookup, PrefixRequest(log_table, {1}), kClients);
  CHECK(CodeOf(prefix.value().buckets_resp(0)) == ErrorCode::kNonPrimaryKeyTable);
}

TEST_CASE("a bucket that went to another server has no rows here", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a")}));
  pb::StopReplicaRequest stop;
  stop.set_coordinator_epoch(1);
  auto& entry = *stop.add_stop_replicas_req();
  *entry.mutable_table_bucket() = convert::ToPb(Bucket(0, f.table.value()));
  entry.set_leader_epoch(0);
  entry.set_delete_(false);
  REQUIRE(f.Call(rpc::kStopReplica, stop).ok());
  const auto found =
      f.Call(rpc::kLookup, KvServerFixture::LookupRequest(f.table, {{0, 1}}), kClients).value();
  CHECK(CodeOf(found.buckets_resp(0)) == ErrorCode::kNotLeaderOrFollower);
}

TEST_CASE("lookups need the right to read, and insert nothing", "[tablet]") {
  KvServerFixture f;
  auto request = KvServerFixture::LookupRequest(f.table, {{0, 1}});
  request.set_insert_if_not_exists(true);
  request.set_acks(-1);
  request.set_timeout_ms(1000);
  const Status inserted = f.Call(rpc::kLookup, request, kClients).status();
  CHECK(inserted.code() == ErrorCode::kUnsupportedVersion);
  CHECK(inserted.message().find("insert_if_not_exists") != std::string_view::npos);
  f.authorizer().refused = {rpc::Operation::kRead};
  request.set_insert_if_not_exists(false);
  CHECK(f.Call(rpc::kLookup, request, kClients).status().code() == ErrorCode::kAuthorization);
  CHECK(f.Call(rpc::kPrefixLookup, PrefixRequest(f.table, {1}), kClients).status().code() ==
        ErrorCode::kAuthorization);
}

TEST_CASE("a prefix finds its rows in the order of their keys", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "b", 2), Put(1, "a", 1), Put(2, "x", 1), Put(11, "y", 1), Put(1, {}, 3)}));
  const auto response =
      f.Call(rpc::kPrefixLookup, PrefixRequest(f.table, {1, 5, 2}), kClients).value();
  REQUIRE(response.buckets_resp_size() == 1);
  CHECK(Lists(response.buckets_resp(0)) ==
        std::vector<Texts>{{"1/1 a", "1/2 b", "1/3 NULL"}, {}, {"2/1 x"}});
}

TEST_CASE("an answer that would be too large is refused with its numbers", "[tablet]") {
  KvServerFixture f;
  auto options = f.DefaultOptions();
  options.scan_size_max = 3000;
  REQUIRE(f.Stop().ok());
  f.Make(options);
  REQUIRE(f.Start().ok());
  f.LeadAgain();
  const std::string large(1000, 'x');
  f.Put(KvBatch({Put(1, large, 1), Put(1, large, 2), Put(1, large, 3), Put(2, large, 0)}));
  const auto prefix = [&](const std::vector<int>& ids) {
    return f.Call(rpc::kPrefixLookup, PrefixRequest(f.table, ids), kClients)
        .value()
        .buckets_resp(0);
  };
  CHECK(CodeOf(prefix({1})) == ErrorCode::kRecordTooLarge);
  CHECK(prefix({2, 1}).value_lists_size() == 0);
  CHECK(CodeOf(prefix({2, 2})) == ErrorCode::kOk);
  CHECK(CodeOf(prefix({2, 2, 2})) == ErrorCode::kRecordTooLarge);  // Together.
  const auto found =
      f.Call(rpc::kLookup, KvServerFixture::LookupRequest(f.table, {{0, 2}, {0, 2}, {0, 2}}),
             kClients)
          .value();
  CHECK(CodeOf(found.buckets_resp(0)) == ErrorCode::kRecordTooLarge);
  CHECK(found.buckets_resp(0).values_size() == 0);
  CHECK(found.buckets_resp(0).error_message().find("2 keys fit") != std::string::npos);
  CHECK(f.Lookup({2, 2}).size() == 2);
}

TEST_CASE("a limit scan of rows gives the first ones, as one value batch", "[tablet]") {
  KvServerFixture f;
  const auto scan = [&](int limit) {
    return f.Call(rpc::kLimitScan, ScanRequest(f.table, limit), kClients).value();
  };
  CHECK(scan(10).records() == Bytes("\x05\0\0\0\0\0\0\0\0", 9));  // Never without length.
  f.Put(KvBatch({Put(3, "c"), Put(1, "a"), Put(2, "b")}));
  CHECK(RowTexts(scan(2).records()) == Texts{"1/0 a", "2/0 b"});
  CHECK(RowTexts(scan(10).records()) == Texts{"1/0 a", "2/0 b", "3/0 c"});
  CHECK(RowTexts(scan(0).records()).empty());
  CHECK(scan(2).has_is_log_table());
  CHECK_FALSE(scan(2).is_log_table());
  CHECK(f.Call(rpc::kLimitScan, ScanRequest(f.table, -1), kClients).status().code() ==
        ErrorCode::kUnknownServerError);
}

TEST_CASE("table statistics count the rows there are", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a"), Put(2, "b")}));
  f.Put(KvBatch({Put(1, "c"), Del(2), Put(3, "c")}));
  pb::GetTableStatsRequest request;
  request.set_table_id(f.table.value());
  request.add_buckets_req()->set_bucket_id(0);
  request.add_buckets_req()->set_bucket_id(1);
  const auto response = f.Call(rpc::kGetTableStats, request, kClients).value();
  CHECK(response.buckets_resp(0).row_count() == 2);
  CHECK(response.buckets_resp(1).row_count() == 0);
}

}  // namespace strom::tablet
