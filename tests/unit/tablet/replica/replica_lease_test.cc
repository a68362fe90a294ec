// When a leader shows rows and acknowledges upserts: not while another one may show older rows, nor
// while another one may have acknowledged newer ones.
#include <catch2/catch_test_macros.hpp>

#include "tablet/replica/replica.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

const TableBucket kBucket = Bucket(0);

Leadership LeadAfter(MonoDuration withhold, int epoch) {
  Leadership lead = Lead(epoch, epoch);
  lead.withhold = withhold;
  return lead;
}

// In sync with another one, which promises nothing: there is no right but the lease.
Leadership LeadWithPeer() {
  Leadership lead = Lead();
  lead.replicas = {kSelf, ServerId(9)};
  lead.isr = lead.replicas;
  return lead;
}

// The other one says that it has all of the log, which commits it.
void FetchByPeer(ReplicaFixture& f, Replica& replica) {
  const FollowerPosition position{.follower = ServerId(9),
                                  .leader_epoch = LeaderEpoch(0),
                                  .log_end_offset = replica.log().log_end_offset(),
                                  .last_epoch = replica.log().last_epoch()};
  REQUIRE(f.Await<Result<FollowerRead>>([&](auto done) {
             replica.ReadForFollower(position, 1000, true, std::move(done));
           }).ok());
  REQUIRE(f.scheduler().RunUntil(
      [&] { return replica.high_watermark() == position.log_end_offset; }, Seconds(1)));
}

ErrorCode OpenScanCode(ReplicaFixture& f, Replica& replica) {
  return f
      .Await<Result<std::shared_ptr<BucketScan>>>(
          [&](auto done) { replica.OpenScan(std::nullopt, std::move(done)); })
      .status()
      .code();
}

}  // namespace

TEST_CASE("without a lease a leader shows no rows, but its log", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket), LeadWithPeer()).ok());
  const auto replica = f.replicas().Find(kBucket);
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")}), Acks::kLeader).ok());
  FetchByPeer(f, *replica);
  const auto rows = replica->Rows();
  REQUIRE(rows.ok());
  REQUIRE(replica->CheckShows().ok());
  CHECK(OpenScanCode(f, *replica) == ErrorCode::kOk);

  f.duties().SetLease(Error(ErrorCode::kLeaderNotAvailable, "its lease was over"));
  // Rows that were read in time are not shown if the lease is over by now.
  CHECK(replica->CheckShows().code() == ErrorCode::kLeaderNotAvailable);
  CHECK(replica->Rows().status().code() == ErrorCode::kLeaderNotAvailable);
  CHECK(replica->CountCommitted().status().code() == ErrorCode::kLeaderNotAvailable);
  CHECK(OpenScanCode(f, *replica) == ErrorCode::kLeaderNotAvailable);
  // Others know its writes by their epoch, and its log by what is committed.
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "b")}), Acks::kLeader).ok());
  FetchByPeer(f, *replica);
  CHECK(f.AllChanges(kBucket).back() == "+U 1/0 b");

  f.duties().SetLease(Status::Ok());
  CHECK(f.Lookup(kBucket, 1) == "1/0 b");
}

TEST_CASE("a log table needs no lease", "[replica]") {
  ReplicaFixture f;
  f.duties().SetLease(Error(ErrorCode::kLeaderNotAvailable, "its lease was over"));
  REQUIRE(f.Become(kBucket, LeadAfter(Seconds(5), 1)).ok());
  const MonoTime before = f.clock().Now();
  CHECK(f.Append(kBucket, Batch({1, 2})).ok());
  CHECK(f.clock().Now() < before + Seconds(1));
  CHECK(f.replicas().Find(kBucket)->CountCommitted().value() == 2);
  CHECK(f.replicas().Find(kBucket)->ReadLast(2, 1000).ok());
}

TEST_CASE("a new leader acknowledges and shows nothing while the one before may show rows",
          "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket), LeadAfter(Seconds(1), 1)).ok());
  const MonoTime free = f.clock().Now() + Seconds(1);
  const auto replica = f.replicas().Find(kBucket);
  std::optional<Result<AppendInfo>> put;
  replica->PutKv(KvBatch({Put(1, "a")}), {}, {},
                 [&](Result<AppendInfo> info) { put = std::move(info); });
  f.scheduler().RunFor(Millis(900));
  CHECK_FALSE(put.has_value());
  CHECK(replica->high_watermark() == LogOffset(1));  // It is committed, and in the log for all.
  CHECK(replica->Rows().status().code() == ErrorCode::kLeaderNotAvailable);
  CHECK(replica->CountCommitted().status().code() == ErrorCode::kLeaderNotAvailable);

  SECTION("until then") {
    REQUIRE(f.scheduler().RunUntil([&] { return put.has_value(); }, Seconds(1)));
    CHECK(f.clock().Now() >= free);
    CHECK(f.clock().Now() < free + Millis(50));
    CHECK(put->ok());
    CHECK(f.Lookup(kBucket, 1) == "1/0 a");
  }
  SECTION("or until it is told that there is none any more") {
    REQUIRE(f.Become(KeyedSpec(kBucket), LeadAfter(MonoDuration(), 1)).ok());
    f.scheduler().RunReady();
    CHECK(f.clock().Now() < free);
    CHECK(put.has_value());
    CHECK(f.Lookup(kBucket, 1) == "1/0 a");
  }
  SECTION("the same leadership told again, by one that knows less, prolongs nothing") {
    REQUIRE(f.Become(KeyedSpec(kBucket), LeadAfter(Seconds(9), 1)).ok());
    REQUIRE(f.scheduler().RunUntil([&] { return put.has_value(); }, Seconds(1)));
    CHECK(f.Lookup(kBucket, 1) == "1/0 a");
  }
  SECTION("a deadline may come first") {
    const auto late = f.Await<Result<AppendInfo>>([&](auto done) {
      replica->PutKv(KvBatch({Put(2, "b")}), {}, {.deadline = f.clock().Now() + Millis(20)},
                     std::move(done));
    });
    CHECK(late.status().code() == ErrorCode::kRequestTimeOut);
    CHECK(f.clock().Now() < free);
    f.scheduler().RunFor(Seconds(1));
    CHECK(f.Lookup(kBucket, 2) == "2/0 b");
  }
}

TEST_CASE("a leader of long standing is not stopped by a coordinator that knows nothing",
          "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket), LeadAfter(MonoDuration(), 1)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), LeadAfter(Seconds(9), 1)).ok());
  const MonoTime before = f.clock().Now();
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "b")})).ok());
  CHECK(f.Lookup(kBucket, 1) == "1/0 b");
  CHECK(f.clock().Now() < before + Seconds(1));
}

}  // namespace strom::tablet
