#include "tablet/server/log_query_service.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/kv.pb.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

constexpr auto kClients = rpc::Audience::kFlussClients;

class Querying : public ServerFixture {
 public:
  Querying() {
    REQUIRE(Start().ok());
    table = CreateTable("t");
  }

  pb::ListOffsetsRequest Offsets(int type, std::vector<int> buckets) const {
    pb::ListOffsetsRequest request;
    request.set_follower_server_id(-1);
    request.set_offset_type(type);
    request.set_table_id(table.value());
    for (const int bucket : buckets) request.add_bucket_id(bucket);
    return request;
  }
  pb::PbListOffsetsRespForBucket OffsetOf(const pb::ListOffsetsRequest& request) {
    const auto response = Call(rpc::kListOffsets, request, kClients).value();
    REQUIRE(response.buckets_resp_size() == 1);
    return response.buckets_resp(0);
  }
  Result<pb::LimitScanResponse> Scan(int bucket, int limit) {
    pb::LimitScanRequest request;
    request.set_table_id(table.value());
    request.set_bucket_id(bucket);
    request.set_limit(limit);
    return Call(rpc::kLimitScan, request, kClients);
  }

  TableId table;
};

}  // namespace

TEST_CASE("offsets are listed by type, one answer a bucket", "[tablet]") {
  Querying f;
  f.Produce(f.table, {{0, Batch({1, 2, 3})}});
  CHECK(f.OffsetOf(f.Offsets(0, {0})).offset() == 0);
  const auto latest = f.Call(rpc::kListOffsets, f.Offsets(1, {1, 0, 1}), kClients).value();
  REQUIRE(latest.buckets_resp_size() == 2);
  CHECK(latest.buckets_resp(0).bucket_id() == 1);
  CHECK(latest.buckets_resp(0).offset() == 0);
  CHECK(latest.buckets_resp(1).bucket_id() == 0);
  CHECK(latest.buckets_resp(1).offset() == 3);
  CHECK_FALSE(latest.buckets_resp(1).has_error_code());
  CHECK(f.Call(rpc::kListOffsets, f.Offsets(1, {}), kClients).value().buckets_resp().empty());
}

TEST_CASE("offsets by timestamp follow the commit times", "[tablet]") {
  Querying f;
  f.Produce(f.table, {{0, Batch({1, 2})}});
  f.scheduler().RunFor(Seconds(10));
  const int64_t second = f.clock().WallNow();
  f.Produce(f.table, {{0, Batch({3})}});
  f.scheduler().RunFor(Seconds(10));
  auto request = f.Offsets(2, {0});
  const auto without = f.OffsetOf(request);
  CHECK(static_cast<ErrorCode>(without.error_code()) == ErrorCode::kUnknownServerError);
  CHECK_FALSE(without.has_offset());
  const auto at = [&](int64_t ms) {
    request.set_starttimestamp(ms);
    return f.OffsetOf(request);
  };
  CHECK(at(0).offset() == 0);
  CHECK(at(second).offset() == 2);
  CHECK(at(second - 1).offset() == 2);
  CHECK(at(second + 1).offset() == 3);  // Newer than all: the end.
  const auto future = at(f.clock().WallNow() + 1);
  CHECK(static_cast<ErrorCode>(future.error_code()) == ErrorCode::kInvalidTimestamp);
}

TEST_CASE("what cannot be listed is the bucket's error", "[tablet]") {
  Querying f;
  for (const int type : {3, -1, 99}) {
    CHECK(static_cast<ErrorCode>(f.OffsetOf(f.Offsets(type, {0})).error_code()) ==
          ErrorCode::kUnknownServerError);
  }
  CHECK(static_cast<ErrorCode>(f.OffsetOf(f.Offsets(1, {9})).error_code()) ==
        ErrorCode::kUnknownTableOrBucket);
  auto request = f.Offsets(1, {0});
  request.set_partition_id(3);
  CHECK(static_cast<ErrorCode>(f.OffsetOf(request).error_code()) ==
        ErrorCode::kUnknownTableOrBucket);
  f.authorizer().refused = {rpc::Operation::kDescribe};
  CHECK(f.Call(rpc::kListOffsets, f.Offsets(1, {0}), kClients).status().code() ==
        ErrorCode::kAuthorization);
}

TEST_CASE("a limit scan gives the newest records as whole batches", "[tablet]") {
  Querying f;
  CHECK(f.Scan(0, 5).value().has_records());
  CHECK(f.Scan(0, 5).value().records().empty());
  for (int i = 0; i < 4; ++i) f.Produce(f.table, {{0, Batch({2 * i, 2 * i + 1})}});
  const auto response = f.Scan(0, 3).value();
  CHECK(response.is_log_table());
  CHECK_FALSE(response.has_error_code());
  CHECK(Values(response.records()) == std::vector<int>{4, 5, 6, 7});
  CHECK(Values(f.Scan(0, INT32_MAX).value().records()).size() == 8);
  CHECK(f.Scan(0, 0).value().records().empty());
}

TEST_CASE("a limit scan that fails fails as a whole", "[tablet]") {
  Querying f;
  CHECK(f.Scan(0, -1).status().code() == ErrorCode::kUnknownServerError);
  CHECK(f.Scan(9, 1).status().code() == ErrorCode::kUnknownTableOrBucket);
  f.authorizer().refused = {rpc::Operation::kRead};
  CHECK(f.Scan(0, 1).status().code() == ErrorCode::kAuthorization);
}

TEST_CASE("a limit scan may not take all memory", "[tablet]") {
  ServerFixture f;
  auto options = f.DefaultOptions();
  options.scan_size_max = 2 * Batch({1}).size();
  f.Make(options);
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  for (int i = 0; i < 5; ++i) f.Produce(table, {{0, Batch({i})}});
  pb::LimitScanRequest request;
  request.set_table_id(table.value());
  request.set_bucket_id(0);
  request.set_limit(2);
  CHECK(Values(f.Call(rpc::kLimitScan, request, kClients).value().records()).size() == 2);
  request.set_limit(3);
  CHECK(f.Call(rpc::kLimitScan, request, kClients).status().code() == ErrorCode::kRecordTooLarge);
}

TEST_CASE("table statistics count the committed records", "[tablet]") {
  Querying f;
  f.Produce(f.table, {{0, Batch({1, 2, 3})}});
  pb::GetTableStatsRequest request;
  request.set_table_id(f.table.value());
  for (const int bucket : {0, 1, 9}) request.add_buckets_req()->set_bucket_id(bucket);
  const auto response = f.Call(rpc::kGetTableStats, request, kClients).value();
  REQUIRE(response.buckets_resp_size() == 3);
  CHECK(response.buckets_resp(0).row_count() == 3);
  CHECK_FALSE(response.buckets_resp(0).has_error_code());
  CHECK(response.buckets_resp(1).has_row_count());
  CHECK(response.buckets_resp(1).row_count() == 0);
  CHECK(static_cast<ErrorCode>(response.buckets_resp(2).error_code()) ==
        ErrorCode::kUnknownTableOrBucket);
  f.authorizer().refused = {rpc::Operation::kRead};
  CHECK(f.Call(rpc::kGetTableStats, request, kClients).status().code() ==
        ErrorCode::kAuthorization);
}

}  // namespace strom::tablet
