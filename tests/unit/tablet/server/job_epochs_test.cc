// UpdateJobEpochs and fenced writes, message by message; the test plays the coordinator.
#include <catch2/catch_test_macros.hpp>

#include "proto/strom.pb.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

pb::UpdateJobEpochsRequest Epochs(int coordinator_epoch,
                                  const std::map<std::string, int64_t>& epochs) {
  pb::UpdateJobEpochsRequest request;
  request.set_coordinator_epoch(coordinator_epoch);
  for (const auto& [group, epoch] : epochs) {
    pb::PbJobFence& fence = *request.add_epochs();
    fence.set_job_group(group);
    fence.set_epoch(epoch);
  }
  return request;
}

pb::ProduceLogRequest Write(TableId table, std::optional<std::pair<std::string, int64_t>> fence) {
  pb::ProduceLogRequest request;
  request.set_acks(-1);
  request.set_table_id(table.value());
  request.set_timeout_ms(1000);
  request.add_buckets_req()->set_bucket_id(0);
  request.mutable_buckets_req(0)->set_records(Batch({1}));
  if (fence) {
    request.set_job_group(fence->first);
    request.set_job_epoch(fence->second);
  }
  return request;
}

// What became of a write: kOk, the bucket's error, or that of the whole request.
ErrorCode Outcome(ServerFixture& f, const pb::ProduceLogRequest& request,
                  rpc::Audience audience = rpc::Audience::kStromClients) {
  const auto answer = f.Call(rpc::kProduceLog, request, audience);
  if (!answer.ok()) return answer.status().code();
  const auto& bucket = answer->buckets_resp(0);
  return bucket.has_error_code() ? static_cast<ErrorCode>(bucket.error_code()) : ErrorCode::kOk;
}

}  // namespace

TEST_CASE("writes under older epochs are refused once the coordinator has told", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  CHECK(Outcome(f, Write(table, std::pair("g", 1))) == ErrorCode::kOk);
  REQUIRE(f.Call(rpc::kUpdateJobEpochs, Epochs(1, {{"g", 3}, {"h", 1}})).ok());
  CHECK(Outcome(f, Write(table, std::pair("g", 2))) == ErrorCode::kFencedJobEpoch);
  CHECK(Outcome(f, Write(table, std::pair("g", 3))) == ErrorCode::kOk);
  CHECK(Outcome(f, Write(table, std::pair("h", 1))) == ErrorCode::kOk);
  CHECK(Outcome(f, Write(table, std::nullopt)) == ErrorCode::kOk);
  // Somebody was told of a newer epoch before this server.
  CHECK(Outcome(f, Write(table, std::pair("g", 4))) == ErrorCode::kOk);
  CHECK(Outcome(f, Write(table, std::pair("g", 3))) == ErrorCode::kFencedJobEpoch);
}

TEST_CASE("epochs come from the newest coordinator, and from coordinators only", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  REQUIRE(f.Call(rpc::kUpdateJobEpochs, Epochs(5, {{"g", 1}})).ok());
  CHECK(f.Call(rpc::kUpdateJobEpochs, Epochs(4, {{"g", 9}})).status().code() ==
        ErrorCode::kInvalidCoordinator);
  CHECK(f.Call(rpc::kUpdateJobEpochs, Epochs(6, {{"g", 9}}), rpc::Audience::kStromClients)
            .status()
            .code() == ErrorCode::kUnsupportedVersion);
  CHECK(f.Call(rpc::kUpdateJobEpochs, Epochs(5, {{"", 9}})).status().code() ==
        ErrorCode::kInvalidConfig);
  CHECK(Outcome(f, Write(table, std::pair("g", 1))) == ErrorCode::kOk);
  f.authorizer().refused = {rpc::Operation::kAlter};
  CHECK(f.Call(rpc::kUpdateJobEpochs, Epochs(5, {{"g", 9}})).status().code() ==
        ErrorCode::kAuthorization);
}

TEST_CASE("a fence that is none fails the request; clients of Fluss send none", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  pb::ProduceLogRequest half = Write(table, std::pair("g", 1));
  half.clear_job_epoch();
  CHECK(Outcome(f, half) == ErrorCode::kCorruptMessage);
  CHECK(Outcome(f, Write(table, std::pair("g", 1)), rpc::Audience::kFlussClients) ==
        ErrorCode::kUnsupportedVersion);
  CHECK(Outcome(f, Write(table, std::nullopt), rpc::Audience::kFlussClients) == ErrorCode::kOk);
}

TEST_CASE("a server that lost its session takes no write of a job until it is told again",
          "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  REQUIRE(f.Call(rpc::kUpdateJobEpochs, Epochs(1, {{"g", 1}})).ok());
  CHECK(Outcome(f, Write(table, std::pair("g", 1))) == ErrorCode::kOk);
  f.sessions().ExpireNewest();
  f.scheduler().RunFor(Seconds(5));
  CHECK(Outcome(f, Write(table, std::pair("g", 1))) == ErrorCode::kOperationNotAttempted);
  CHECK(Outcome(f, Write(table, std::nullopt)) == ErrorCode::kOk);
  REQUIRE(f.Call(rpc::kUpdateJobEpochs, Epochs(1, {{"g", 2}})).ok());
  CHECK(Outcome(f, Write(table, std::pair("g", 1))) == ErrorCode::kFencedJobEpoch);
  CHECK(Outcome(f, Write(table, std::pair("g", 2))) == ErrorCode::kOk);
}

}  // namespace strom::tablet
