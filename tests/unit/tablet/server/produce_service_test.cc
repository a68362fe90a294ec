#include "tablet/server/produce_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "proto/cluster.pb.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

constexpr auto kClients = rpc::Audience::kFlussClients;

ErrorCode CodeOf(const pb::PbProduceLogRespForBucket& entry) {
  return entry.has_error_code() ? static_cast<ErrorCode>(entry.error_code()) : ErrorCode::kOk;
}

Bytes Idempotent(std::vector<int> values, int64_t writer, int sequence) {
  return Batch(values, LogFormat::kIndexed, WriterId(writer), BatchSequence(sequence));
}

pb::ProduceLogRequest Empty(TableId table, int acks) {
  pb::ProduceLogRequest request;
  request.set_acks(acks);
  request.set_table_id(table.value());
  request.set_timeout_ms(1000);
  return request;
}

}  // namespace

TEST_CASE("appends of several buckets are answered each with its base offset", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 5))));
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  for (const int acks : {-1, 0, 1}) {
    const auto response = f.Produce(table, {{1, Batch({1, 2})}, {0, Batch({3})}}, acks);
    REQUIRE(response.buckets_resp_size() == 2);
    for (const auto& entry : response.buckets_resp()) {
      CHECK_FALSE(entry.has_error_code());  // Java fails on a present 0.
      CHECK_FALSE(entry.has_error_message());
      CHECK_FALSE(entry.has_partition_id());
    }
    CHECK(response.buckets_resp(0).bucket_id() == 1);
    CHECK(response.buckets_resp(0).base_offset() == 2 * (acks < 0 ? 0 : acks + 1));
    CHECK(response.buckets_resp(1).bucket_id() == 0);
  }
}

TEST_CASE("a number of acks that is none fails the whole request, before anything", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  for (const int acks : {-2, 2, 100}) {
    auto request = Empty(table, acks);
    auto& entry = *request.add_buckets_req();
    entry.set_bucket_id(0);
    entry.set_records(Batch({1}));
    const auto answer = f.Call(rpc::kProduceLog, request, kClients);
    CHECK(answer.status().code() == ErrorCode::kInvalidRequiredAcks);
  }
  CHECK(f.Produce(table, {{0, Batch({1})}}).buckets_resp(0).base_offset() == 0);
}

TEST_CASE("who may not write gets the whole request refused", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  f.authorizer().refused = {rpc::Operation::kWrite};
  CHECK(f.Call(rpc::kProduceLog, Empty(table, 1), kClients).status().code() ==
        ErrorCode::kAuthorization);
  f.authorizer().refused = {};
  CHECK(f.Call(rpc::kProduceLog, Empty(table, 1), kClients).value().buckets_resp_size() == 0);
}

TEST_CASE("one bucket's error is its own, and the others are appended", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  Bytes bad_crc = Batch({1});
  bad_crc.back() = static_cast<char>(bad_crc.back() ^ 1);
  const auto response = f.Produce(table, {{0, bad_crc}, {1, Batch({1})}, {7, Batch({1})}});
  REQUIRE(response.buckets_resp_size() == 3);
  CHECK(CodeOf(response.buckets_resp(0)) == ErrorCode::kCorruptRecord);
  CHECK_FALSE(response.buckets_resp(0).has_base_offset());
  CHECK(CodeOf(response.buckets_resp(1)) == ErrorCode::kOk);
  CHECK(CodeOf(response.buckets_resp(2)) == ErrorCode::kUnknownTableOrBucket);

  const auto unknown = f.Produce(TableId(999), {{0, Batch({1})}});
  CHECK(CodeOf(unknown.buckets_resp(0)) == ErrorCode::kUnknownTableOrBucket);
  for (const Bytes& garbage : {Bytes(), Bytes("garbage"), Batch({1}) + "x"}) {
    const auto answer = f.Produce(table, {{0, garbage}});
    CHECK(CodeOf(answer.buckets_resp(0)) == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("a bucket of the cluster that is not here is somebody else's", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  pb::StopReplicaRequest stop;
  stop.set_coordinator_epoch(1);
  auto& entry = *stop.add_stop_replicas_req();
  *entry.mutable_table_bucket() = convert::ToPb(Bucket(1, table.value()));
  entry.set_leader_epoch(0);
  entry.set_delete_(false);
  REQUIRE(f.Call(rpc::kStopReplica, stop).ok());
  CHECK(CodeOf(f.Produce(table, {{1, Batch({1})}}).buckets_resp(0)) ==
        ErrorCode::kNotLeaderOrFollower);
  const auto fetched = f.Call(rpc::kFetchLog, f.FetchOf(table, {{1, 0}}), kClients).value();
  CHECK(static_cast<ErrorCode>(fetched.tables_resp(0).buckets_resp(0).error_code()) ==
        ErrorCode::kNotLeaderOrFollower);
  // A table that only the metadata store has is not known here.
  const TableInfo untold = f.StoreTable("u");
  CHECK(CodeOf(f.Produce(untold.id, {{0, Batch({1})}}).buckets_resp(0)) ==
        ErrorCode::kUnknownTableOrBucket);
}

TEST_CASE("duplicates are answered like the first attempt, gaps are refused", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  const auto produce = [&](int sequence) {
    return f.Produce(table, {{0, Idempotent({sequence, sequence}, 5, sequence)}}).buckets_resp(0);
  };
  for (int i = 0; i < 6; ++i) CHECK(produce(i).base_offset() == 2 * i);
  for (int i = 1; i < 6; ++i) {
    CHECK(CodeOf(produce(i)) == ErrorCode::kOk);
    CHECK(produce(i).base_offset() == 2 * i);
  }
  CHECK(CodeOf(produce(0)) == ErrorCode::kOutOfOrderSequence);  // The window is five batches.
  CHECK(CodeOf(produce(7)) == ErrorCode::kOutOfOrderSequence);
  CHECK(produce(6).base_offset() == 12);
  // A writer nobody knows begins at 0.
  const auto stranger = f.Produce(table, {{0, Idempotent({1}, 6, 3)}});
  CHECK(CodeOf(stranger.buckets_resp(0)) == ErrorCode::kOutOfOrderSequence);
}

TEST_CASE("a bucket that is named twice is one append with one answer", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  const auto response = f.Produce(table, {{0, Batch({1})}, {1, Batch({9})}, {0, Batch({2, 3})}});
  REQUIRE(response.buckets_resp_size() == 2);
  CHECK(response.buckets_resp(0).bucket_id() == 0);
  CHECK(response.buckets_resp(0).base_offset() == 0);
  CHECK(response.buckets_resp(1).bucket_id() == 1);
  const auto fetched = f.Call(rpc::kFetchLog, f.FetchOf(table, {{0, 0}}), kClients).value();
  CHECK(Values(fetched.tables_resp(0).buckets_resp(0).records()) == std::vector<int>{1, 2, 3});
}

TEST_CASE("trouble with the disk is an error that every client tries again", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  for (const int error : {ENOSPC, EIO}) {
    f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", error);
    CHECK(CodeOf(f.Produce(table, {{0, Batch({1})}}).buckets_resp(0)) == ErrorCode::kLogStorage);
  }
  CHECK(f.Produce(table, {{0, Batch({1})}}).buckets_resp(0).base_offset() == 0);
}

TEST_CASE("with acks=all too few replicas in sync refuse the bucket", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableInfo info = f.StoreTable("t");
  f.LeadTable(info, 1);
  auto leadership = f.Notification(info, 1, 1, 1);
  leadership.mutable_notify_buckets_leader_req(0)->add_replicas(9);  // Not in sync.
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, leadership).ok());
  const TableId table = info.id;
  CHECK(CodeOf(f.Produce(table, {{0, Batch({1})}}, -1).buckets_resp(0)) ==
        ErrorCode::kNotEnoughReplicas);
  CHECK(CodeOf(f.Produce(table, {{0, Batch({1})}}, 1).buckets_resp(0)) == ErrorCode::kOk);
}

TEST_CASE("a write that a follower does not fetch times out when its request says so", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  const TableInfo info = f.StoreTable("t");
  f.LeadTable(info, 1);
  auto leadership = f.Notification(info, 1, 1, 1);
  auto& bucket = *leadership.mutable_notify_buckets_leader_req(0);
  bucket.add_replicas(9);
  bucket.add_isr(9);
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, leadership).ok());
  const MonoTime before = f.clock().Now();
  CHECK(CodeOf(f.Produce(info.id, {{0, Batch({1})}}, -1).buckets_resp(0)) ==
        ErrorCode::kRequestTimeOut);
  CHECK(f.clock().Now() - before == Seconds(1));
  CHECK(CodeOf(f.Produce(info.id, {{0, Batch({1})}}, 1).buckets_resp(0)) == ErrorCode::kOk);
}

}  // namespace strom::tablet
