// Buckets that do not open, and what they must not keep from happening.
#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/log/log_files.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

const TableBucket kBucket = Bucket(0);
constexpr const char* kLog = "/data/db/t-7/log-0";
constexpr const char* kAside = "/data/db/t-7/broken-0";

// Another server leads, and does or does not count on this one.
Leadership Follow(int leader_epoch, bool in_sync) {
  Leadership follow = Lead(leader_epoch, leader_epoch);
  follow.leader = ServerId(9);
  follow.replicas = {ServerId(9), kSelf};
  follow.isr = {ServerId(9)};
  if (in_sync) follow.isr.push_back(kSelf);
  return follow;
}

// The history of the log's leader epochs does not read, from the next start on.
void BreakLog(ReplicaFixture& f) {
  REQUIRE(f.Stop().ok());
  auto file = f.disk().OpenForWrite(std::string(kLog) + "/leader-epoch-checkpoint").value();
  REQUIRE(file->WriteAt(0, "garbage").ok());
  REQUIRE(file->Sync().ok());
  file.reset();
  REQUIRE(f.Start().ok());
}

struct Broken : ReplicaFixture {
  explicit Broken(uint64_t seed = 1) : ReplicaFixture(seed) {
    REQUIRE(Become(kBucket, Lead(1, 1)).ok());
    REQUIRE(Become(Bucket(1), Lead(1, 1)).ok());
    for (int i = 0; i < 5; ++i) REQUIRE(Append(kBucket, Batch({i})).ok());
    BreakLog(*this);
  }
};

}  // namespace

TEST_CASE("a log that does not open is reported and keeps nobody from serving", "[replica]") {
  Broken f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  CHECK(f.Become(kBucket, Lead(2, 2)).code() == ErrorCode::kCorruptRecord);
  CHECK(f.duties().FailureOf(kBucket).code() == ErrorCode::kCorruptRecord);
  CHECK(f.replicas().Find(kBucket) == nullptr);
  REQUIRE(f.Become(Bucket(1), Lead(2, 2)).ok());
  CHECK(f.Append(Bucket(1), Batch({1})).ok());
  SECTION("it is kept while its records may be needed") {
    CHECK(f.Become(kBucket, Follow(3, /*in_sync=*/true)).code() == ErrorCode::kCorruptRecord);
    Leadership nobody = Follow(4, false);
    nobody.leader = kNoServer;
    CHECK(f.Become(kBucket, nobody).code() == ErrorCode::kCorruptRecord);
    CHECK(f.duties().FailuresOf(kBucket) == 3);
    CHECK(f.disk().Exists(kLog).value());
    CHECK_FALSE(f.disk().Exists(kAside).value());
  }
  SECTION("it begins anew once nobody counts on it") {
    REQUIRE(f.Become(kBucket, Follow(3, /*in_sync=*/false)).ok());
    CHECK(f.duties().FailureOf(kBucket).ok());
    CHECK(f.duties().LeaderOf(kBucket) == ServerId(9));
    CHECK(f.replicas().Find(kBucket)->position().log_end_offset == LogOffset(0));
    CHECK(f.replicas().Find(kBucket)->high_watermark() == LogOffset(0));
    CHECK(f.disk().Exists(kAside).value());
    REQUIRE(f.Stop().ok());
    REQUIRE(f.Start().ok());  // Also for the next life.
    REQUIRE(f.Become(kBucket, Follow(4, false)).ok());
    REQUIRE(f.StopReplica(kBucket, /*remove=*/true, 4).ok());
    CHECK_FALSE(f.disk().Exists(kAside).value());
  }
  SECTION("it serves if it opens after all") {
    REQUIRE(f.disk().RemoveFile(std::string(kLog) + "/leader-epoch-checkpoint").ok());
    REQUIRE(f.Become(kBucket, Lead(3, 3)).ok());
    CHECK(f.duties().FailureOf(kBucket).ok());
    CHECK(f.ReadAll(kBucket).size() == 5);
  }
}

TEST_CASE("a log that was in use in this life is not given up, whatever the leader counts on",
          "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, Lead(1, 1)).ok());
  REQUIRE(f.Append(kBucket, Batch({1})).ok());
  REQUIRE(f.StopReplica(kBucket, false, 1).ok());
  auto file = f.disk().OpenForWrite(std::string(kLog) + "/leader-epoch-checkpoint").value();
  REQUIRE(file->WriteAt(0, "garbage").ok());
  file.reset();
  CHECK(f.Become(kBucket, Follow(2, false)).code() == ErrorCode::kCorruptRecord);
  CHECK_FALSE(f.duties().FailureOf(kBucket).ok());
  CHECK_FALSE(f.disk().Exists(kAside).value());
}

TEST_CASE("a checkpoint file that does not read keeps no server from starting", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  for (int i = 0; i < 5; ++i) REQUIRE(f.Append(kBucket, Batch({i})).ok());
  REQUIRE(f.Stop().ok());
  const char* const name =
      GENERATE("recovery-point-offset-checkpoint", "high-watermark-checkpoint");
  auto file = f.disk().OpenForWrite(std::string("/data/") + name).value();
  REQUIRE(file->WriteAt(0, "garbage").ok());
  file.reset();
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(kBucket, Lead(1)).ok());
  CHECK(f.ReadAll(kBucket).size() == 5);
}

TEST_CASE("a table that cannot be listed keeps no server from starting", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  REQUIRE(f.Become(Bucket(0, 8)).ok());
  REQUIRE(f.Stop().ok());
  f.disk().faults().FailNext(sim::DiskOperation::kList, "t-7", EIO);
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(Bucket(0, 8), Lead(1)).ok());
}

}  // namespace strom::tablet
