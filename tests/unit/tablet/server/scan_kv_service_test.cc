#include "tablet/server/scan_kv_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "proto/cluster.pb.h"
#include "tests/unit/tablet/server/kv_fixture.h"

namespace strom::tablet {
namespace {

using Texts = std::vector<std::string>;

class Scanning : public KvServerFixture {
 public:
  using KvServerFixture::KvServerFixture;

  pb::ScanKvResponse Scan(const pb::ScanKvRequest& request) {
    return Call(rpc::kScanKv, request, kClients).value();
  }
  pb::ScanKvRequest OpenRequest(std::optional<int64_t> limit = {}, int bucket = 0,
                                int size_max = 1) const {
    pb::ScanKvRequest request;
    request.mutable_bucket_scan_req()->set_table_id(table.value());
    request.mutable_bucket_scan_req()->set_bucket_id(bucket);
    if (limit) request.mutable_bucket_scan_req()->set_limit(*limit);
    request.set_call_seq_id(0);
    request.set_batch_size_bytes(size_max);
    return request;
  }
  static pb::ScanKvRequest NextRequest(const std::string& id, int call, int size_max = 1) {
    pb::ScanKvRequest request;
    request.set_scanner_id(id);
    request.set_call_seq_id(call);
    request.set_batch_size_bytes(size_max);
    return request;
  }
  void Fill(int count) {
    std::vector<KvOp> ops;
    for (int i = 0; i < count; ++i) ops.push_back(tablet::Put(i, "x"));
    REQUIRE(Put(KvBatch(ops)).log_end_offset() == count);
  }
};

ErrorCode CodeOf(const pb::ScanKvResponse& response) {
  CHECK(response.has_error_code() == response.has_error_message());  // Java reads the text always.
  return KvServerFixture::CodeOf(response);
}

}  // namespace

TEST_CASE("a full scan goes through all rows of one moment", "[tablet]") {
  Scanning f(static_cast<uint64_t>(GENERATE(range(1, 5))));
  f.Fill(5);
  auto answer = f.Scan(f.OpenRequest());
  CHECK(answer.log_offset() == 5);
  CHECK(answer.scanner_id().size() == 32);
  const std::string id = answer.scanner_id();
  Texts rows = RowTexts(answer.records());
  REQUIRE(f.Put(KvBatch({Del(3), Put(9, "new")})).log_end_offset() == 7);
  for (int call = 1; answer.has_more_results(); ++call) {
    answer = f.Scan(Scanning::NextRequest(id, call));
    REQUIRE(CodeOf(answer) == ErrorCode::kOk);
    CHECK_FALSE(answer.has_log_offset());
    CHECK(answer.scanner_id() == id);
    for (auto& row : RowTexts(answer.records())) rows.push_back(row);
  }
  CHECK(rows == Texts{"0/0 x", "1/0 x", "2/0 x", "3/0 x", "4/0 x"});
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 5))) == ErrorCode::kUnknownScannerId);
}

TEST_CASE("small buckets and limits are read at once", "[tablet]") {
  Scanning f;
  const auto empty = f.Scan(f.OpenRequest());
  CHECK(CodeOf(empty) == ErrorCode::kOk);
  CHECK(empty.has_has_more_results());
  CHECK_FALSE(empty.has_more_results());
  CHECK_FALSE(empty.has_scanner_id());
  CHECK_FALSE(empty.has_records());
  CHECK(empty.log_offset() == 0);
  f.Fill(4);
  const auto all = f.Scan(f.OpenRequest({}, 0, 1 << 20));
  CHECK_FALSE(all.has_more_results());
  CHECK(RowTexts(all.records()).size() == 4);
  const auto limited = f.Scan(f.OpenRequest(3, 0, 1 << 30));
  CHECK_FALSE(limited.has_more_results());
  CHECK(RowTexts(limited.records()).size() == 3);
}

TEST_CASE("calls out of turn end the scan", "[tablet]") {
  Scanning f;
  f.Fill(5);
  for (const int call : {0, 2, -1}) {
    const std::string id = f.Scan(f.OpenRequest()).scanner_id();
    CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, call))) == ErrorCode::kInvalidScanRequest);
    CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 1))) == ErrorCode::kUnknownScannerId);
  }
  const std::string id = f.Scan(f.OpenRequest()).scanner_id();
  auto no_number = Scanning::NextRequest(id, 1);
  no_number.clear_call_seq_id();
  CHECK(CodeOf(f.Scan(no_number)) == ErrorCode::kInvalidScanRequest);
}

TEST_CASE("two calls of one scan at once are refused", "[tablet]") {
  Scanning f;
  f.Fill(5);
  const std::string id = f.Scan(f.OpenRequest()).scanner_id();
  const auto first = f.Send(rpc::kScanKv, Scanning::NextRequest(id, 1), Scanning::kClients);
  const auto second = f.Send(rpc::kScanKv, Scanning::NextRequest(id, 2), Scanning::kClients);
  REQUIRE(f.scheduler().RunUntil([&] { return first->has_value() && second->has_value(); },
                                 Seconds(1)));
  CHECK(CodeOf(f.Parsed<pb::ScanKvResponse>(**first).value()) == ErrorCode::kOk);
  CHECK(CodeOf(f.Parsed<pb::ScanKvResponse>(**second).value()) == ErrorCode::kInvalidScanRequest);
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 2))) == ErrorCode::kUnknownScannerId);
}

TEST_CASE("requests that say too much or too little are refused", "[tablet]") {
  Scanning f;
  f.Fill(2);
  const auto code = [&](const pb::ScanKvRequest& request) { return CodeOf(f.Scan(request)); };
  CHECK(code({}) == ErrorCode::kInvalidScanRequest);
  auto both = f.OpenRequest();
  both.set_scanner_id("x");
  CHECK(code(both) == ErrorCode::kInvalidScanRequest);
  auto closing = f.OpenRequest();
  closing.set_close_scanner(true);
  CHECK(code(closing) == ErrorCode::kInvalidScanRequest);
  CHECK(code(f.OpenRequest({}, 0, 0)) == ErrorCode::kInvalidScanRequest);
  CHECK(code(f.OpenRequest({}, 0, -5)) == ErrorCode::kInvalidScanRequest);
  CHECK(code(f.OpenRequest(0)) == ErrorCode::kInvalidScanRequest);
  auto late = f.OpenRequest();
  late.set_call_seq_id(1);
  CHECK(code(late) == ErrorCode::kInvalidScanRequest);
  CHECK(code(f.OpenRequest({}, 7)) == ErrorCode::kUnknownTableOrBucket);
  CHECK(code(Scanning::NextRequest("nobody", 1)) == ErrorCode::kUnknownScannerId);
  auto log_table = f.OpenRequest();
  log_table.mutable_bucket_scan_req()->set_table_id(f.CreateTable("logs").value());
  CHECK(code(log_table) == ErrorCode::kNonPrimaryKeyTable);
}

TEST_CASE("a scan can be closed, known or not", "[tablet]") {
  Scanning f;
  f.Fill(3);
  for (const std::string& id : {f.Scan(f.OpenRequest()).scanner_id(), std::string("nobody")}) {
    pb::ScanKvRequest request;
    request.set_scanner_id(id);
    request.set_close_scanner(true);
    const auto answer = f.Scan(request);
    CHECK(CodeOf(answer) == ErrorCode::kOk);
    CHECK(answer.scanner_id() == id);
    CHECK_FALSE(answer.has_more_results());
    CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 1))) == ErrorCode::kUnknownScannerId);
  }
}

TEST_CASE("scans are limited by bucket, and make room when they end", "[tablet]") {
  Scanning f;
  f.Fill(3);
  Texts ids;
  for (int i = 0; i < 8; ++i) ids.push_back(f.Scan(f.OpenRequest()).scanner_id());
  const auto refused = f.Scan(f.OpenRequest());
  CHECK(CodeOf(refused) == ErrorCode::kTooManyScanners);
  CHECK(refused.error_message().find("8") != std::string::npos);
  CHECK(CodeOf(f.Scan(f.OpenRequest({}, 1))) == ErrorCode::kOk);  // Another bucket.
  REQUIRE_FALSE(f.Scan(Scanning::NextRequest(ids[3], 1, 1 << 20)).has_more_results());
  CHECK(CodeOf(f.Scan(f.OpenRequest())) == ErrorCode::kOk);
}

TEST_CASE("a scan that nobody goes on with expires, and is remembered as such", "[tablet]") {
  Scanning f;
  f.Fill(5);
  const std::string used = f.Scan(f.OpenRequest()).scanner_id();
  const std::string forgotten = f.Scan(f.OpenRequest()).scanner_id();
  f.scheduler().RunFor(Seconds(400));
  REQUIRE(CodeOf(f.Scan(Scanning::NextRequest(used, 1))) == ErrorCode::kOk);
  f.scheduler().RunFor(Seconds(400));
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(forgotten, 1))) == ErrorCode::kScannerExpired);
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(used, 2))) == ErrorCode::kOk);
  f.scheduler().RunFor(Seconds(700));
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(used, 3))) == ErrorCode::kScannerExpired);
}

TEST_CASE("a scan ends with the leadership of its bucket", "[tablet]") {
  Scanning f;
  f.Fill(5);
  const std::string id = f.Scan(f.OpenRequest()).scanner_id();
  pb::StopReplicaRequest stop;
  stop.set_coordinator_epoch(1);
  auto& entry = *stop.add_stop_replicas_req();
  *entry.mutable_table_bucket() = convert::ToPb(Bucket(0, f.table.value()));
  entry.set_leader_epoch(0);
  entry.set_delete_(true);
  REQUIRE(f.Call(rpc::kStopReplica, stop).ok());  // Would wait for ever for an open store.
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 1))) == ErrorCode::kNotLeaderOrFollower);
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 2))) == ErrorCode::kUnknownScannerId);
}

TEST_CASE("a server stops with scans open", "[tablet]") {
  Scanning f(static_cast<uint64_t>(GENERATE(range(1, 5))));
  f.Fill(5);
  REQUIRE(f.Scan(f.OpenRequest()).has_more_results());
  CHECK(f.Stop().ok());
  f.scheduler().RunFor(Seconds(1000));
}

TEST_CASE("who may not read can neither scan nor end another's scan", "[tablet]") {
  Scanning f;
  f.Fill(5);
  const std::string id = f.Scan(f.OpenRequest()).scanner_id();
  f.authorizer().refused = {rpc::Operation::kRead};
  CHECK(CodeOf(f.Scan(f.OpenRequest())) == ErrorCode::kAuthorization);
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 9))) == ErrorCode::kAuthorization);
  f.authorizer().refused = {};
  CHECK(CodeOf(f.Scan(Scanning::NextRequest(id, 1))) == ErrorCode::kOk);
}

TEST_CASE("sessions are limited by server too, and do not expire during a call", "[tablet]") {
  ScanSessions sessions({.bucket_max = 2, .server_max = 3, .ttl = Seconds(10), .expired_max = 1});
  REQUIRE(sessions.Open("a", Bucket(0)).ok());
  REQUIRE(sessions.Open("b", Bucket(0)).ok());
  CHECK(sessions.Open("c", Bucket(0)).code() == ErrorCode::kTooManyScanners);
  REQUIRE(sessions.Open("c", Bucket(1)).ok());
  CHECK(sessions.Open("d", Bucket(2)).code() == ErrorCode::kTooManyScanners);
  CHECK(sessions.BucketOf("c") == Bucket(1));
  CHECK(sessions.Expire(MonoTime(0) + Seconds(100)) == MonoTime(0) + Seconds(110));
  CHECK(sessions.size() == 3);
  for (const char* id : {"a", "b", "c"}) sessions.Close(id);
  CHECK(sessions.size() == 0);
  CHECK_FALSE(sessions.Expire(MonoTime(0)).has_value());
}

}  // namespace strom::tablet
