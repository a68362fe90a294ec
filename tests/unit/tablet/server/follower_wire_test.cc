#include "tablet/server/follower_wire.h"

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/message.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

FollowerFetchRequest::Bucket Asked(TableBucket bucket, std::optional<LeaderEpoch> last_epoch) {
  return {.bucket = bucket,
          .position = {.follower = ServerId(2),
                       .leader_epoch = LeaderEpoch(4),
                       .log_end_offset = LogOffset(7),
                       .last_epoch = last_epoch},
          .size_max = size_t{1} << 20};
}

FollowerRead Read() {
  return {.records = "ab",
          .high_watermark = LogOffset(5),
          .log_start_offset = LogOffset(2),
          .epochs = {{LeaderEpoch(1), LogOffset(4)}, {LeaderEpoch(3), LogOffset(8)}},
          .diverging = {}};
}

}  // namespace

TEST_CASE("a follower's request has these bytes", "[tablet]") {
  pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
  CHECK(ToHex(rpc::Serialize(request)) == "08021000");
  AddBucket(Asked(Bucket(3), LeaderEpoch(2)), &request);
  CHECK(ToHex(rpc::Serialize(request)) ==
        "08021000"
        "1a14"  // Table 7, without columns:
        "08071000"
        "220e"  // bucket 3 from 7 on, 1 MiB, leader epoch 4, last epoch 2.
        "10031807"
        "20808040"
        "c03e04"
        "c83e02");
  pb::FetchLogRequest empty_log = MakeFollowerRequest(ServerId(2));
  AddBucket(Asked(Bucket(3), std::nullopt), &empty_log);
  CHECK(ToHex(rpc::Serialize(empty_log)) == "080210001a1108071000220b1003180720808040c03e04");
  FollowerFetchRequest::Bucket promising = Asked(Bucket(3), std::nullopt);
  promising.position.promised_at = MonoTime(300);
  pb::FetchLogRequest with_promise = MakeFollowerRequest(ServerId(2));
  AddBucket(promising, &with_promise);
  CHECK(ToHex(rpc::Serialize(with_promise)) ==
        "080210001a1508071000220f1003180720808040c03e04d03eac02");
}

TEST_CASE("the leader's answer has these bytes", "[tablet]") {
  pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
  AddBucket(Asked(Bucket(3), LeaderEpoch(2)), &request);
  const auto bytes = [&](Result<FollowerRead> read) {
    FollowerResults results;
    results.push_back(std::move(read));
    return ToHex(rpc::Serialize(MakeFollowerAnswer(request, std::move(results))));
  };
  CHECK(bytes(Read()) ==
        "0a1c"
        "0807"
        "1218"
        "1003"
        "2805"              // High watermark 5,
        "3002"              // log start 2,
        "42026162"          // records,
        "c23e0408011004"    // epoch 1 from 4 on,
        "c23e0408031008");  // epoch 3 from 8 on.
  FollowerRead asking = Read();
  asking.epochs.clear();
  asking.sent_at = MonoTime(300);
  CHECK(bytes(asking) == "0a120807120e10032805300242026162d83eac02");
  FollowerRead diverging = Read();
  diverging.records.clear();
  diverging.epochs.clear();
  diverging.diverging = {LeaderEpoch(-1), LogOffset(6)};
  CHECK(bytes(diverging) ==
        "0a1b"
        "0807"
        "1217"
        "1003"
        "2805"
        "3002"
        "4200"
        "c83effffffffffffffffff01"
        "d03e06");
  CHECK(bytes(Status(ErrorCode::kFencedLeaderEpoch, "x")) ==
        "0a0b080712071003181822"
        "0178");
}

TEST_CASE("what a follower asks arrives at the leader, sizes bounded", "[tablet]") {
  pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
  request.set_max_bytes(5000);
  request.set_min_bytes(1);
  AddBucket(Asked(Bucket(3), LeaderEpoch(2)), &request);
  AddBucket(Asked(Bucket(0, 9), std::nullopt), &request);
  FollowerFetchRequest::Bucket promising = Asked(Bucket(1), LeaderEpoch(0));
  promising.position.promised_at = MonoTime(77);
  AddBucket(promising, &request);  // Table 7 once more.
  const auto fetch = FollowerFetchOf(request, 4000).value();
  CHECK(fetch.size_max == 4000);
  CHECK(fetch.size_min == 1);
  REQUIRE(fetch.buckets.size() == 3);
  CHECK(fetch.buckets[0].bucket == Bucket(3));
  CHECK(fetch.buckets[1].bucket == Bucket(0, 9));
  CHECK(fetch.buckets[2].bucket == Bucket(1));
  CHECK(fetch.buckets[0].size_max == 4000);
  CHECK(fetch.buckets[0].position.follower == ServerId(2));
  CHECK(fetch.buckets[0].position.leader_epoch == LeaderEpoch(4));
  CHECK(fetch.buckets[0].position.log_end_offset == LogOffset(7));
  CHECK(fetch.buckets[0].position.last_epoch == LeaderEpoch(2));
  CHECK_FALSE(fetch.buckets[1].position.last_epoch.has_value());
  CHECK(fetch.buckets[2].position.last_epoch == LeaderEpoch(0));
  CHECK_FALSE(fetch.buckets[1].position.promised_at.has_value());
  CHECK(fetch.buckets[2].position.promised_at == MonoTime(77));
}

TEST_CASE("a follower that does not say what it must is refused", "[tablet]") {
  pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
  AddBucket(Asked(Bucket(3), LeaderEpoch(2)), &request);
  const auto code = [&](auto change) {
    pb::FetchLogRequest changed = request;
    change(*changed.mutable_tables_req(0)->mutable_buckets_req(0));
    return FollowerFetchOf(changed, 4000).status().code();
  };
  using Entry = pb::PbFetchLogReqForBucket;
  CHECK(code([](Entry&) {}) == ErrorCode::kOk);
  CHECK(code([](Entry& e) { e.clear_leader_epoch(); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Entry& e) { e.set_leader_epoch(-1); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Entry& e) { e.set_fetch_offset(-2); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Entry& e) { e.set_last_epoch(-1); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Entry& e) { e.set_promised_at(-1); }) == ErrorCode::kCorruptMessage);
}

TEST_CASE("what the leader gives arrives at the follower", "[tablet]") {
  pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
  for (const int bucket : {3, 1, 2}) AddBucket(Asked(Bucket(bucket), std::nullopt), &request);
  FollowerResults given;
  given.push_back(Read());
  given.push_back(Error(ErrorCode::kNotLeaderOrFollower, "not here"));
  given.push_back(FollowerRead{.records = {},
                               .diverging = {{LeaderEpoch(1), LogOffset(6)}},
                               .sent_at = MonoTime(78)});
  pb::FetchLogResponse answer = MakeFollowerAnswer(request, std::move(given));
  const auto taken = TakeFollowerResults(request, &answer).value();
  REQUIRE(taken.size() == 3);
  CHECK(taken[0]->records == "ab");
  CHECK(taken[0]->high_watermark == LogOffset(5));
  CHECK(taken[0]->log_start_offset == LogOffset(2));
  CHECK(taken[0]->epochs == Read().epochs);
  CHECK_FALSE(taken[0]->diverging.has_value());
  CHECK(taken[1].status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(taken[1].status().message() == "not here");
  CHECK(taken[2]->diverging == EpochEnd{LeaderEpoch(1), LogOffset(6)});
  CHECK_FALSE(taken[0]->sent_at.has_value());
  CHECK(taken[2]->sent_at == MonoTime(78));
}

TEST_CASE("an answer about anything else than what was asked is not taken", "[tablet]") {
  pb::FetchLogRequest request = MakeFollowerRequest(ServerId(2));
  AddBucket(Asked(Bucket(3), std::nullopt), &request);
  FollowerResults given;
  given.push_back(Read());
  const pb::FetchLogResponse right = MakeFollowerAnswer(request, std::move(given));
  const auto code = [&](auto change) {
    pb::FetchLogResponse answer = right;
    change(answer, *answer.mutable_tables_resp(0)->mutable_buckets_resp(0));
    return TakeFollowerResults(request, &answer).status().code();
  };
  using Answer = pb::FetchLogResponse;
  using Entry = pb::PbFetchLogRespForBucket;
  CHECK(code([](Answer&, Entry&) {}) == ErrorCode::kOk);
  CHECK(code([](Answer& a, Entry&) { a.clear_tables_resp(); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer& a, Entry&) { a.mutable_tables_resp(0)->set_table_id(8); }) ==
        ErrorCode::kCorruptMessage);
  CHECK(code([](Answer& a, Entry&) {
          a.mutable_tables_resp(0)->add_buckets_resp()->set_bucket_id(4);
        }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer&, Entry& e) { e.set_bucket_id(2); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer&, Entry& e) { e.clear_records(); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer&, Entry& e) { e.clear_high_watermark(); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer&, Entry& e) { e.set_log_start_offset(-1); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer&, Entry& e) { e.set_diverging_epoch(1); }) == ErrorCode::kCorruptMessage);
  CHECK(code([](Answer&, Entry& e) {  // It cuts, and gives records all the same.
          e.set_diverging_epoch(1);
          e.set_diverging_end_offset(3);
        }) == ErrorCode::kCorruptMessage);
}

}  // namespace strom::tablet
