// The lease under which a tablet server shows rows, message by message; the test plays the
// coordinator.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/tablet/server/kv_fixture.h"

namespace strom::tablet {
namespace {

pb::PbLookupRespForBucket LookUp(KvServerFixture& f, int id) {
  return f
      .Call(rpc::kLookup, KvServerFixture::LookupRequest(f.table, {{0, id}}),
            KvServerFixture::kClients)
      .value()
      .buckets_resp(0);
}

// A row, and another server in sync that never fetches: it promises nothing, there is only the
// lease.
void AddFollower(KvServerFixture& f, int coordinator_epoch) {
  auto notification = f.Notification(f.info(), 2, coordinator_epoch);
  for (auto& entry : *notification.mutable_notify_buckets_leader_req()) {
    entry.add_replicas(9);
    entry.add_isr(9);
    entry.set_bucket_epoch(1);
  }
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, notification).ok());
}

void PutAndAddFollower(KvServerFixture& f) {
  f.Put(KvBatch({Put(1, "a")}));
  AddFollower(f, 1);
}

ErrorCode LookUpCode(KvServerFixture& f, int id) { return KvServerFixture::CodeOf(LookUp(f, id)); }

}  // namespace

TEST_CASE("a server that is granted leases shows rows for as long as it likes", "[tablet]") {
  KvServerFixture f;
  PutAndAddFollower(f);
  for (int i = 0; i < 30; ++i) {
    f.scheduler().RunFor(Millis(333));
    CHECK(LookUpCode(f, 1) == ErrorCode::kOk);
  }
}

TEST_CASE("a lease that is not renewed is over in a second, another one ends that", "[tablet]") {
  KvServerFixture f;
  PutAndAddFollower(f);
  f.GrantLeases(false);
  f.scheduler().RunFor(Millis(700));
  CHECK(LookUpCode(f, 1) == ErrorCode::kOk);
  f.scheduler().RunFor(Millis(300));
  CHECK(LookUpCode(f, 1) == ErrorCode::kLeaderNotAvailable);
  f.GrantLeases(true);
  f.scheduler().RunFor(Millis(300));
  CHECK(f.Lookup({1}) == std::vector<std::string>{"1/0 a"});
}

TEST_CASE("without a way to the coordinator the lease is over in a second", "[tablet]") {
  KvServerFixture f;
  PutAndAddFollower(f);
  f.wires().SetCut("tablet-3", "coordinator", true);
  f.scheduler().RunFor(Seconds(1));
  CHECK(LookUpCode(f, 1) == ErrorCode::kLeaderNotAvailable);
  f.wires().SetCut("tablet-3", "coordinator", false);
  f.scheduler().RunFor(Seconds(3));
  CHECK(LookUpCode(f, 1) == ErrorCode::kOk);
}

TEST_CASE("rows that were read in time but came too late are not shown", "[tablet]") {
  KvServerFixture f;
  PutAndAddFollower(f);
  f.PauseDisk(true);  // With what is asked now under way.
  const auto lookup =
      f.Send(rpc::kLookup, KvServerFixture::LookupRequest(f.table, {{0, 1}, {1, 1}}),
             KvServerFixture::kClients);
  pb::LimitScanRequest scan;
  scan.set_table_id(f.table.value());
  scan.set_bucket_id(0);
  scan.set_limit(10);
  const auto rows = f.Send(rpc::kLimitScan, scan, KvServerFixture::kClients);
  f.GrantLeases(false);
  f.scheduler().RunFor(Seconds(2));
  REQUIRE_FALSE(lookup->has_value());
  f.PauseDisk(false);
  REQUIRE(
      f.scheduler().RunUntil([&] { return lookup->has_value() && rows->has_value(); }, Seconds(1)));
  const auto answer = ServerFixture::Parsed<pb::LookupResponse>(**lookup).value();
  REQUIRE(answer.buckets_resp_size() == 2);
  for (const auto& entry : answer.buckets_resp()) {
    CHECK(KvServerFixture::CodeOf(entry) == ErrorCode::kLeaderNotAvailable);
    CHECK(entry.values_size() == 0);
  }
  CHECK((*rows)->status().code() == ErrorCode::kLeaderNotAvailable);
}

TEST_CASE("what a coordinator told before the one that grants leases is not shown", "[tablet]") {
  KvServerFixture f;
  PutAndAddFollower(f);
  f.SetGrantor(2);
  f.scheduler().RunFor(Millis(300));
  CHECK(LookUpCode(f, 1) == ErrorCode::kLeaderNotAvailable);
  AddFollower(f, 2);
  CHECK(f.Lookup({1}) == std::vector<std::string>{"1/0 a"});
}

TEST_CASE("a leader that is alone in its ISR needs no lease", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a")}));
  f.GrantLeases(false);
  f.scheduler().RunFor(Seconds(600));
  CHECK(f.Lookup({1}) == std::vector<std::string>{"1/0 a"});
}

TEST_CASE("an upsert waits for as long as the coordinator says", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a")}));
  auto notification = f.Notification(f.info(), 2, /*coordinator_epoch=*/1, /*leader_epoch=*/3);
  for (auto& entry : *notification.mutable_notify_buckets_leader_req()) {
    entry.set_withhold_ms(700);
  }
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, notification).ok());
  const MonoTime told = f.clock().Now();
  CHECK(LookUpCode(f, 1) == ErrorCode::kLeaderNotAvailable);
  CHECK(KvServerFixture::CodeOf(f.Put(KvBatch({Put(1, "b")}))) == ErrorCode::kOk);
  CHECK(f.clock().Now() >= told + Millis(690));
  CHECK(f.clock().Now() < told + Millis(800));
  CHECK(f.Lookup({1}) == std::vector<std::string>{"1/0 b"});
}

}  // namespace strom::tablet
