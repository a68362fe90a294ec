#include "tablet/server/fetch_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/record/log_record_reader.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

constexpr auto kClients = rpc::Audience::kFlussClients;

ErrorCode CodeOf(const pb::PbFetchLogRespForBucket& entry) {
  return entry.has_error_code() ? static_cast<ErrorCode>(entry.error_code()) : ErrorCode::kOk;
}

class Fetching : public ServerFixture {
 public:
  explicit Fetching(uint64_t seed = 1, LogFormat format = LogFormat::kIndexed)
      : ServerFixture(seed) {
    REQUIRE(Start().ok());
    table = CreateTable("t", format);
  }

  pb::FetchLogResponse Fetch(const pb::FetchLogRequest& request) {
    return Call(rpc::kFetchLog, request, kClients).value();
  }
  pb::PbFetchLogRespForBucket FetchOne(int64_t offset) {
    return Fetch(FetchOf(table, {{0, offset}})).tables_resp(0).buckets_resp(0);
  }

  TableId table;
};

}  // namespace

TEST_CASE("a fetch gives what is committed, from the offset asked for", "[tablet]") {
  Fetching f;
  f.Produce(f.table, {{0, Batch({1, 2})}});
  f.Produce(f.table, {{0, Batch({3})}});
  const auto entry = f.FetchOne(0);
  CHECK(CodeOf(entry) == ErrorCode::kOk);
  CHECK_FALSE(entry.has_error_code());
  CHECK(entry.high_watermark() == 3);
  CHECK(entry.log_start_offset() == 0);
  CHECK_FALSE(entry.has_filtered_end_offset());
  CHECK(Values(entry.records()) == std::vector<int>{1, 2, 3});
  CHECK(Values(f.FetchOne(-2).records()) == std::vector<int>{1, 2, 3});
  CHECK(Values(f.FetchOne(2).records()) == std::vector<int>{3});
  // A batch is never cut: it begins before the offset.
  CHECK(Values(f.FetchOne(1).records()) == std::vector<int>{1, 2, 3});
}

TEST_CASE("at the end of the log records are there, and empty", "[tablet]") {
  Fetching f;
  const auto at_start = f.FetchOne(0);
  CHECK(at_start.has_records());
  CHECK(at_start.records().empty());
  CHECK(at_start.has_high_watermark());
  f.Produce(f.table, {{0, Batch({1})}});
  const auto at_end = f.FetchOne(1);
  CHECK(at_end.has_records());
  CHECK(at_end.records().empty());
  CHECK(at_end.high_watermark() == 1);
}

TEST_CASE("each bucket of a fetch has its own error", "[tablet]") {
  Fetching f;
  f.Produce(f.table, {{1, Batch({5})}});
  auto request = f.FetchOf(f.table, {{0, 77}, {1, 0}, {9, 0}, {0, -3}});
  auto& stranger = *request.add_tables_req();
  stranger.set_table_id(999);
  stranger.set_projection_pushdown_enabled(false);
  auto& bucket = *stranger.add_buckets_req();
  bucket.set_partition_id(4);
  bucket.set_bucket_id(2);
  bucket.set_fetch_offset(0);
  bucket.set_max_fetch_bytes(100);
  const auto response = f.Fetch(request);
  REQUIRE(response.tables_resp_size() == 2);
  const auto& first = response.tables_resp(0);
  REQUIRE(first.buckets_resp_size() == 4);
  CHECK(CodeOf(first.buckets_resp(0)) == ErrorCode::kLogOffsetOutOfRange);
  CHECK_FALSE(first.buckets_resp(0).has_records());
  CHECK(Values(first.buckets_resp(1).records()) == std::vector<int>{5});
  CHECK(CodeOf(first.buckets_resp(2)) == ErrorCode::kUnknownTableOrBucket);
  CHECK(CodeOf(first.buckets_resp(3)) == ErrorCode::kLogOffsetOutOfRange);
  const auto& second = response.tables_resp(1);
  CHECK(second.table_id() == 999);
  REQUIRE(second.buckets_resp_size() == 1);
  CHECK(second.buckets_resp(0).partition_id() == 4);
  CHECK(second.buckets_resp(0).bucket_id() == 2);
  CHECK(CodeOf(second.buckets_resp(0)) == ErrorCode::kUnknownTableOrBucket);
}

TEST_CASE("without min_bytes a fetch is answered at once", "[tablet]") {
  Fetching f;
  const MonoTime before = f.clock().Now();
  auto request = f.FetchOf(f.table, {{0, 0}});
  request.set_max_wait_ms(5000);  // Means nothing without min_bytes.
  CHECK(f.Fetch(request).tables_resp(0).buckets_resp(0).has_records());
  request.set_min_bytes(0);
  CHECK(f.Fetch(request).tables_resp(0).buckets_resp(0).has_records());
  CHECK(f.clock().Now() == before);
}

TEST_CASE("a fetch with min_bytes waits for records, but not for ever", "[tablet]") {
  Fetching f(static_cast<uint64_t>(GENERATE(range(1, 5))));
  auto request = f.FetchOf(f.table, {{0, 0}, {1, 0}});
  request.set_min_bytes(1);
  MonoTime before = f.clock().Now();
  f.Fetch(request);
  CHECK(f.clock().Now() - before == Millis(100));  // Nobody said how long.
  request.set_max_wait_ms(500);
  before = f.clock().Now();
  CHECK(f.Fetch(request).tables_resp(0).buckets_resp(1).high_watermark() == 0);
  CHECK(f.clock().Now() - before == Millis(500));
  request.set_max_wait_ms(-1);
  before = f.clock().Now();
  f.Fetch(request);
  CHECK(f.clock().Now() == before);
  request.set_max_wait_ms(INT32_MAX);  // The request's deadline, 90 s here, comes first.
  f.Fetch(request);
  CHECK(f.clock().Now() - before == Seconds(90));
}

TEST_CASE("a waiting fetch is answered by the produce that brings records", "[tablet]") {
  Fetching f(static_cast<uint64_t>(GENERATE(range(1, 5))));
  auto request = f.FetchOf(f.table, {{0, 0}, {1, 0}});
  request.set_min_bytes(1);
  request.set_max_wait_ms(30000);
  const auto pending = f.Send(rpc::kFetchLog, request, kClients);
  f.scheduler().RunFor(Millis(200));
  CHECK_FALSE(pending->has_value());
  const MonoTime before = f.clock().Now();
  f.Produce(f.table, {{1, Batch({4})}});
  f.scheduler().RunReady();
  REQUIRE(pending->has_value());
  CHECK(f.clock().Now() == before);
  const auto response = f.Parsed<pb::FetchLogResponse>(**pending).value();
  CHECK(response.tables_resp(0).buckets_resp(0).records().empty());
  CHECK(Values(response.tables_resp(0).buckets_resp(1).records()) == std::vector<int>{4});
}

TEST_CASE("a fetch keeps to the client's sizes and to the server's own", "[tablet]") {
  ServerFixture f;
  auto options = f.DefaultOptions();
  const size_t batch = Batch({1}).size();
  options.fetch_size_max = 3 * batch;
  f.Make(options);
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  for (int i = 0; i < 5; ++i) f.Produce(table, {{0, Batch({i})}});
  const auto batches = [&](int max_bytes, int max_fetch_bytes) {
    auto request = f.FetchOf(table, {{0, 0}});
    request.set_max_bytes(max_bytes);
    request.mutable_tables_req(0)->mutable_buckets_req(0)->set_max_fetch_bytes(max_fetch_bytes);
    const auto response = f.Call(rpc::kFetchLog, request, kClients).value();
    return response.tables_resp(0).buckets_resp(0).records().size() / batch;
  };
  const int two = static_cast<int>(2 * batch + 1);
  CHECK(batches(two, INT32_MAX) == 2);
  CHECK(batches(INT32_MAX, two) == 2);
  CHECK(batches(INT32_MAX, INT32_MAX) == 3);
  CHECK(batches(1, 1) == 1);
  CHECK(batches(-5, -5) == 1);
}

TEST_CASE("projected batches hold the columns asked for", "[tablet]") {
  Fetching f(1, LogFormat::kArrow);
  f.Produce(f.table, {{0, Batch({1, 2}, LogFormat::kArrow)}});
  auto request = f.FetchOf(f.table, {{0, 0}});
  request.mutable_tables_req(0)->set_projection_pushdown_enabled(true);
  request.mutable_tables_req(0)->add_projected_fields(1);
  const auto response = f.Fetch(request);
  const auto batch =
      record::SplitBatches(response.tables_resp(0).buckets_resp(0).records()).value().at(0);
  const record::RecordSchema only_b(LogFormat::kArrow, {DataType::Int()});
  const auto records = record::ReadLogRecords(batch, only_b).value();
  REQUIRE(records.size() == 2);
  CHECK(records[1].row == Row{Value::Int(-2)});
  CHECK(records[1].offset == LogOffset(1));
}

TEST_CASE("wrong columns are every bucket's error, at once", "[tablet]") {
  Fetching f(1, LogFormat::kArrow);
  const TableId rows = f.CreateTable("rows", LogFormat::kIndexed);
  const auto fetch = [&](TableId table, const std::vector<int>& columns) {
    auto request = f.FetchOf(table, {{0, 0}, {1, 0}});
    request.set_min_bytes(1);
    request.set_max_wait_ms(5000);
    request.mutable_tables_req(0)->set_projection_pushdown_enabled(true);
    for (const int column : columns) request.mutable_tables_req(0)->add_projected_fields(column);
    const MonoTime before = f.clock().Now();
    const auto response = f.Fetch(request);
    CHECK(f.clock().Now() == before);
    CHECK(CodeOf(response.tables_resp(0).buckets_resp(0)) ==
          CodeOf(response.tables_resp(0).buckets_resp(1)));
    return CodeOf(response.tables_resp(0).buckets_resp(0));
  };
  for (const std::vector<int>& columns :
       std::vector<std::vector<int>>{{}, {2}, {-1}, {1, 0}, {1, 1}}) {
    CHECK(fetch(f.table, columns) == ErrorCode::kInvalidColumnProjection);
  }
  CHECK(fetch(rows, {0}) == ErrorCode::kInvalidColumnProjection);
}

TEST_CASE("columns are ignored unless their use is switched on", "[tablet]") {
  Fetching f(1, LogFormat::kIndexed);
  f.Produce(f.table, {{0, Batch({1})}});
  auto request = f.FetchOf(f.table, {{0, 0}});
  request.mutable_tables_req(0)->add_projected_fields(9);
  CHECK(Values(f.Fetch(request).tables_resp(0).buckets_resp(0).records()) == std::vector<int>{1});
}

TEST_CASE("who may not read gets an error in every bucket of the table, at once", "[tablet]") {
  Fetching f;
  f.authorizer().refused = {rpc::Operation::kRead};
  auto request = f.FetchOf(f.table, {{0, 0}, {1, 0}});
  request.set_min_bytes(1);
  request.set_max_wait_ms(5000);
  const MonoTime before = f.clock().Now();
  const auto response = f.Fetch(request);
  CHECK(f.clock().Now() == before);
  for (const auto& entry : response.tables_resp(0).buckets_resp()) {
    CHECK(CodeOf(entry) == ErrorCode::kAuthorization);
  }
}

TEST_CASE("a table that may not be read ends the wait for the others", "[tablet]") {
  Fetching f;
  const TableId secret = f.CreateTable("secret");
  f.authorizer().refused = {rpc::Operation::kRead};
  f.authorizer().only_table = secret;
  auto request = f.FetchOf(secret, {{0, 0}});
  *request.add_tables_req() = f.FetchOf(f.table, {{1, 0}}).tables_req(0);
  request.set_min_bytes(1);
  request.set_max_wait_ms(5000);
  const MonoTime before = f.clock().Now();
  const auto response = f.Fetch(request);
  CHECK(f.clock().Now() == before);
  CHECK(CodeOf(response.tables_resp(0).buckets_resp(0)) == ErrorCode::kAuthorization);
  CHECK(response.tables_resp(1).table_id() == f.table.value());
  CHECK(response.tables_resp(1).buckets_resp(0).bucket_id() == 1);
  CHECK(response.tables_resp(1).buckets_resp(0).has_records());
}

TEST_CASE("a fetch of nothing is answered with nothing", "[tablet]") {
  Fetching f;
  auto request = f.FetchOf(f.table, {});
  request.set_min_bytes(1);
  CHECK(f.Fetch(request).tables_resp(0).buckets_resp_size() == 0);
}

}  // namespace strom::tablet
