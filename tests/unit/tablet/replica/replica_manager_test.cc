#include "tablet/replica/replica_manager.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/log/log_files.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

const TableBucket kBucket = Bucket(0);

std::vector<int> Counting(int n) {
  std::vector<int> values;
  for (int i = 0; i < n; ++i) values.push_back(i);
  return values;
}

void AppendCounting(ReplicaFixture& f, const TableBucket& bucket, int from, int to) {
  for (int i = from; i < to; ++i) REQUIRE(f.Append(bucket, Batch({i})).ok());
}

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 6))); }

std::string LogPath(int bucket) {
  return std::string(ReplicaFixture::kDirectory) + "/db/t-7/log-" + std::to_string(bucket);
}

// Damages the last byte of the bucket's only segment.
void TearTail(ReplicaFixture& f, int bucket) {
  auto file = f.disk().OpenForWrite(LogFilePath(LogPath(bucket), LogOffset(0), kLogSuffix)).value();
  const uint64_t size = file->Size().value();
  REQUIRE(file->WriteAt(size - 1, "\x7f").ok());
}

}  // namespace

TEST_CASE("buckets are opened where they belong and found by their names", "[replica]") {
  ReplicaFixture f(Seed());
  CHECK(f.replicas().Find(kBucket) == nullptr);
  REQUIRE(f.Become(kBucket).ok());
  REQUIRE(f.Become(Bucket(1)).ok());
  CHECK(f.replicas().All().size() == 2);
  CHECK(f.replicas().Find(kBucket)->log().directory() == "/data/db/t-7/log-0");
  CHECK(f.disk().Exists(LogPath(1)).value());
  CHECK(f.replicas().Find(Bucket(2)) == nullptr);
}

TEST_CASE("after an orderly stop everything is there, and the mark is set", "[replica]") {
  ReplicaFixture f(Seed());
  CHECK_FALSE(f.directory().was_clean());
  REQUIRE(f.Become(kBucket).ok());
  REQUIRE(f.Become(Bucket(1)).ok());
  AppendCounting(f, kBucket, 0, 5);
  REQUIRE(f.Stop().ok());
  f.PowerFail(3);  // All of it was synced.
  REQUIRE(f.Start().ok());
  CHECK(f.directory().was_clean());
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket) == Counting(5));
  AppendCounting(f, kBucket, 5, 6);
  CHECK(f.ReadAll(kBucket) == Counting(6));
}

TEST_CASE("a crash loses nothing, and a torn tail is cut before the bucket serves", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 5);
  f.Crash();
  REQUIRE(f.Start().ok());
  CHECK_FALSE(f.directory().was_clean());
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket) == Counting(5));
  f.Crash();
  TearTail(f, 0);
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket) == Counting(4));
  CHECK(f.Append(kBucket, Batch({4})).value().base_offset == LogOffset(4));
}

TEST_CASE("what a checkpoint covered survives a power failure", "[replica]") {
  const uint64_t seed = Seed();
  ReplicaFixture f(seed);
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 5);
  f.scheduler().RunFor(Seconds(61));
  CHECK(f.replicas().Find(kBucket)->log().recovery_point() == LogOffset(5));
  AppendCounting(f, kBucket, 5, 8);
  f.PowerFail(seed);
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(kBucket).ok());
  const std::vector<int> values = f.ReadAll(kBucket);
  CHECK(values.size() >= 5);
  CHECK(values == Counting(static_cast<int>(values.size())));
}

TEST_CASE("one log that does not sync does not hold back the others' checkpoints", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  REQUIRE(f.Become(Bucket(1)).ok());
  AppendCounting(f, kBucket, 0, 2);
  AppendCounting(f, Bucket(1), 0, 3);
  f.disk().faults().FailNext(sim::DiskOperation::kSync, "log-0", EIO);
  f.scheduler().RunFor(Seconds(61));
  const auto points = ReadOffsetCheckpoint(f.disk(), f.directory().recovery_point_path()).value();
  CHECK_FALSE(points.contains(kBucket));
  CHECK(points.at(Bucket(1)) == LogOffset(3));
  CHECK_FALSE(f.Stop().ok());  // The log cannot be closed: no mark.
  REQUIRE(f.Start().ok());
  CHECK_FALSE(f.directory().was_clean());
}

TEST_CASE("a log that nobody opened since a crash keeps the directory unclean", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 5);
  f.Crash();
  TearTail(f, 0);
  REQUIRE(f.Start().ok());
  REQUIRE(f.Stop().ok());  // Without a look at the bucket.
  REQUIRE(f.Start().ok());
  CHECK_FALSE(f.directory().was_clean());
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket) == Counting(4));  // Not trusted, so the torn batch was found.
  REQUIRE(f.Stop().ok());
  REQUIRE(f.Start().ok());
  CHECK(f.directory().was_clean());
}

TEST_CASE("a bucket that was stopped is gone, with or without its files", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(kBucket).ok());
  REQUIRE(f.Become(Bucket(1)).ok());
  AppendCounting(f, kBucket, 0, 3);
  const auto old = f.replicas().Find(kBucket);

  REQUIRE(f.StopReplica(kBucket, false).ok());
  CHECK(f.replicas().Find(kBucket) == nullptr);
  CHECK_FALSE(old->is_leader());
  CHECK(
      f.Await<Result<AppendInfo>>([&](auto done) { old->Append(Batch({9}), {}, std::move(done)); })
          .status()
          .code() == ErrorCode::kNotLeaderOrFollower);
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket) == Counting(3));

  REQUIRE(f.StopReplica(kBucket, true).ok());
  CHECK_FALSE(f.disk().Exists(LogPath(0)).value());
  CHECK(f.disk().Exists(LogPath(1)).value());
  REQUIRE(f.StopReplica(Bucket(1), true).ok());
  CHECK_FALSE(f.disk().Exists("/data/db/t-7").value());
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket).empty());
}

TEST_CASE("a log that did not close well waits for the next process, which checks it",
          "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 3);
  REQUIRE(f.Stop().ok());
  REQUIRE(f.Start().ok());
  REQUIRE(f.directory().was_clean());
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 3, 5);
  f.disk().faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
  CHECK(f.StopReplica(kBucket, false).code() == ErrorCode::kStorage);
  CHECK(f.Become(kBucket).code() == ErrorCode::kLogStorage);
  CHECK(f.duties().FailuresOf(kBucket) == 1);
  REQUIRE(f.Stop().ok());
  TearTail(f, 0);
  REQUIRE(f.Start().ok());
  CHECK_FALSE(f.directory().was_clean());
  REQUIRE(f.Become(kBucket).ok());
  CHECK(f.ReadAll(kBucket) == Counting(4));
}

TEST_CASE("a stop of an older leader epoch is refused and the bucket serves on", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, Lead(3)).ok());
  CHECK(f.StopReplica(kBucket, true, 2).code() == ErrorCode::kFencedLeaderEpoch);
  CHECK(f.Append(kBucket, Batch({1})).ok());
  CHECK(f.StopReplica(kBucket, true, 3).ok());
  CHECK(f.replicas().Find(kBucket) == nullptr);
}

TEST_CASE("a bucket that is not served can be stopped, and its files are found", "[replica]") {
  ReplicaFixture f;
  CHECK(f.StopReplica(kBucket, false).ok());
  CHECK(f.StopReplica(kBucket, true).ok());
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 3);
  f.Crash();
  REQUIRE(f.Start().ok());
  CHECK(f.StopReplica(kBucket, true).ok());
  CHECK_FALSE(f.disk().Exists(LogPath(0)).value());
  REQUIRE(f.Stop().ok());
  REQUIRE(f.Start().ok());
  CHECK(f.directory().was_clean());  // Nothing unchecked is left.
}

TEST_CASE("a bucket that is stopped and wanted again at once comes back whole", "[replica]") {
  // All three calls are under way at the same time, in every order the scheduler likes.
  const uint64_t seed = static_cast<uint64_t>(GENERATE(range(1, 30)));
  const bool remove = GENERATE(false, true);
  ReplicaFixture f(seed);
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 3);
  int answers = 0;
  const auto done = [&](Status status) {
    CHECK(status.ok());
    ++answers;
  };
  f.replicas().StopReplica(kBucket, LeaderEpoch(0), remove, done);
  f.replicas().Become(SpecOf(kBucket), Lead(1), done);
  f.replicas().Become(SpecOf(kBucket), Lead(1), done);
  REQUIRE(f.scheduler().RunUntil([&] { return answers == 3; }, Seconds(1)));
  CHECK(f.ReadAll(kBucket) == Counting(remove ? 0 : 3));
  CHECK(f.Append(kBucket, Batch({3})).ok());
  REQUIRE(f.Stop().ok());
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(kBucket, Lead(2)).ok());
  CHECK(f.ReadAll(kBucket).back() == 3);
}

TEST_CASE("a stop waits for what is under way and refuses what comes later", "[replica]") {
  const uint64_t seed = static_cast<uint64_t>(GENERATE(range(1, 30)));
  ReplicaFixture f(seed);
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 2);
  // The checkpoint's timer is due, one bucket closes, another opens.
  f.scheduler().RunFor(Seconds(59));
  std::vector<Status> became;
  bool stopped = false;
  f.replicas().StopReplica(kBucket, LeaderEpoch(0), false, [](Status s) { CHECK(s.ok()); });
  f.replicas().Become(SpecOf(Bucket(1)), Lead(), [&](Status s) { became.push_back(s); });
  f.scheduler().RunFor(Seconds(1));
  f.replicas().Become(SpecOf(Bucket(2)), Lead(), [&](Status s) { became.push_back(s); });
  const Status status = f.Await<Status>([&](auto done) {
    f.replicas().Stop([&, done = std::move(done)](Status s) mutable {
      stopped = true;
      done(std::move(s));
    });
    f.replicas().Become(SpecOf(Bucket(3)), Lead(), [&](Status s) {
      CHECK(s.code() == ErrorCode::kNotLeaderOrFollower);
      CHECK_FALSE(stopped);
    });
  });
  CHECK(status.ok());
  CHECK(became.size() == 2);
  CHECK(f.replicas().All().empty());
}

TEST_CASE("old segments go by age, never what is not committed", "[replica]") {
  ReplicaOptions options;
  options.log.segment.size_max_bytes = 200;
  ReplicaFixture f(1, options);
  REQUIRE(f.Become(kBucket).ok());
  AppendCounting(f, kBucket, 0, 20);
  const auto replica = f.replicas().Find(kBucket);
  REQUIRE(replica->log().segment_count() > 3);
  f.clock().JumpWall(int64_t{8} * 24 * 3600 * 1000);  // table.log.ttl is 7 days.
  f.scheduler().RunFor(Seconds(301));
  CHECK(replica->log().segment_count() == 1);
  CHECK(replica->log().log_start_offset() > LogOffset(0));
  CHECK(replica->CountCommitted().value() == 20 - replica->log().log_start_offset().value());
  CHECK(f.ReadAll(kBucket).back() == 19);
}

TEST_CASE("a log that cannot be opened leaves the bucket unserved, until it can", "[replica]") {
  ReplicaFixture f;
  f.disk().faults().FailNext(sim::DiskOperation::kCreate, "log-0", EIO);
  CHECK(f.Become(kBucket).code() == ErrorCode::kStorage);
  CHECK(f.replicas().Find(kBucket) == nullptr);
  CHECK(f.Become(kBucket).ok());
}

}  // namespace strom::tablet
