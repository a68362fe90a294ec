// Snapshots of a bucket's rows: taken by its leader, and what they are good for.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/kv/snapshot_reader.h"
#include "tablet/replica/log_directories.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

using Texts = std::vector<std::string>;
using Snapshots = LoneDuties::Snapshots;

const TableBucket kBucket = Bucket(0);
const remote::KvSnapshotPaths kPaths({{"db", "t"}, std::nullopt}, kBucket);
constexpr MonoDuration kInterval = Seconds(10);

ReplicaOptions SmallSegments() {
  ReplicaOptions options;
  options.log.segment.size_max_bytes = 1000;
  return options;
}

struct Snapshotting : ReplicaFixture {
  explicit Snapshotting(uint64_t seed = 1, int leader_epoch = 1)
      : ReplicaFixture(seed, SmallSegments(), kInterval) {
    REQUIRE(Become(KeyedSpec(kBucket), Lead(leader_epoch, leader_epoch)).ok());
  }

  void PutSome(int from, int to) {
    for (int i = from; i < to; ++i) {
      REQUIRE(PutKv(kBucket, KvBatch({Put(i, "v" + std::to_string(i))})).ok());
    }
  }
  // Long enough for one snapshot at least, and two at most.
  void RunInterval() { scheduler().RunFor(kInterval + Seconds(1)); }
  bool RunUntilCommits(size_t count) {
    return scheduler().RunUntil([&] { return duties().Commits().size() >= count; },
                                kInterval * static_cast<int64_t>(3 * count));
  }
  // Until nothing of it is under way any more.
  void Settle() { scheduler().RunFor(Seconds(1)); }
  Status Verify(KvSnapshotId id) {
    return SnapshotReader(objects(), disk(), kPaths).Verify(id).status();
  }
  KvSnapshotId LastCompleted() { return duties().CompletedOf(kBucket).back().id; }

  // The process dies and what it had of the rows is lost; the next one leads.
  Status StartWithoutRows(int leader_epoch) {
    Crash();
    STROM_CHECK(Start().ok());
    return Become(KeyedSpec(kBucket), Lead(leader_epoch, leader_epoch));
  }
  // What snapshots stand for goes; how much is left.
  LogOffset Trim() {
    const auto replica = replicas().Find(kBucket);
    clock().JumpWall(int64_t{8} * 24 * 3600 * 1000);  // table.log.ttl is 7 days.
    replica->Maintain(-1);
    scheduler().RunReady();
    return replica->log().log_start_offset();
  }
};

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 6))); }

}  // namespace

TEST_CASE("a leader takes snapshots, as long as there is something new", "[replica]") {
  Snapshotting f(Seed());
  f.RunInterval();
  CHECK(f.duties().Commits().empty());
  f.PutSome(0, 10);
  REQUIRE(f.RunUntilCommits(1));
  f.Settle();
  const auto first = f.duties().Commits().at(0);
  CHECK(first.leader_epoch == LeaderEpoch(1));
  CHECK(first.coordinator_epoch == CoordinatorEpoch(0));
  CHECK(first.metadata.bucket == kBucket);
  CHECK(first.metadata.log_offset == LogOffset(10));
  CHECK(first.metadata.row_count == 10);
  CHECK(f.Verify(first.metadata.id).ok());
  f.RunInterval();
  f.RunInterval();
  CHECK(f.duties().Commits().size() == 1);
  f.PutSome(10, 12);
  REQUIRE(f.RunUntilCommits(2));
  const auto second = f.duties().Commits().at(1);
  CHECK(second.metadata.id > first.metadata.id);
  CHECK(second.metadata.log_offset == LogOffset(12));
  CHECK(second.metadata.incremental_size_bytes < second.metadata.size_bytes());
}

TEST_CASE("only leaders of primary-key tables take snapshots", "[replica]") {
  ReplicaFixture f(1, SmallSegments(), kInterval);
  REQUIRE(f.Become(Bucket(1)).ok());
  REQUIRE(f.Append(Bucket(1), Batch({1})).ok());
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  Leadership follow = Lead(1, 1);
  follow.leader = ServerId(9);
  follow.replicas = {ServerId(9), kSelf};
  REQUIRE(f.Become(KeyedSpec(kBucket), follow).ok());
  f.scheduler().RunFor(kInterval * 5);
  CHECK(f.duties().Commits().empty());
}

TEST_CASE("the newest snapshots are kept, and what they refer to", "[replica]") {
  Snapshotting f(Seed());
  for (int i = 0; i < 6; ++i) {
    f.PutSome(i * 3, i * 3 + 3);
    REQUIRE(f.RunUntilCommits(static_cast<size_t>(i) + 1));
    f.Settle();
  }
  const auto completed = f.duties().CompletedOf(kBucket);
  REQUIRE(completed.size() == 2);
  for (const auto& snapshot : completed) CHECK(f.Verify(snapshot.id).ok());
  std::set<KvSnapshotId> there;
  for (const auto& object : f.objects().List(kPaths.folder()).value()) {
    if (const auto id = kPaths.SnapshotOf(object.key)) there.insert(*id);
  }
  CHECK(there == std::set{completed[0].id, completed[1].id});
}

TEST_CASE("rows come from the newest snapshot and the log behind it", "[replica]") {
  Snapshotting f(Seed());
  f.PutSome(0, 50);
  REQUIRE(f.RunUntilCommits(1));
  f.PutSome(50, 53);
  const Texts rows = f.AllRows(kBucket);
  const size_t written = f.stores().changes_written;
  REQUIRE(f.StartWithoutRows(2).ok());
  CHECK(f.AllRows(kBucket) == rows);
  CHECK(f.replicas().Find(kBucket)->CountCommitted().value() == 53);
  CHECK(f.stores().changes_written == written + 3);
}

TEST_CASE("the changelog is trimmed below what snapshots stand for, never before", "[replica]") {
  Snapshotting f(Seed());
  f.PutSome(0, 60);
  REQUIRE(f.RunUntilCommits(1));
  CHECK(f.Trim() == LogOffset(0));  // Nobody said so.
  f.replicas().Find(kBucket)->OnNeededFrom(LogOffset(60));
  f.PutSome(60, 61);
  const LogOffset start = f.Trim();
  CHECK(start > LogOffset(0));
  CHECK(start <= LogOffset(60));
  const Texts rows = f.AllRows(kBucket);
  SECTION("the rows come back") {
    REQUIRE(f.StartWithoutRows(2).ok());
    CHECK(f.AllRows(kBucket) == rows);
  }
  SECTION("without the snapshot they do not, and the error says why") {
    f.objects().FlipBit(
        f.objects().KeyOf(f.duties().Commits().at(0).metadata.shared_files.at(0).location).value());
    const Status lost = f.StartWithoutRows(2);
    CHECK(lost.code() == ErrorCode::kKvStorage);
    CHECK(lost.message().find(fmt::format("begins at offset {}", start)) != std::string_view::npos);
    CHECK(lost.message().find("snapshot") != std::string_view::npos);
    CHECK_FALSE(f.duties().FailureOf(kBucket).ok());
  }
  SECTION("while the object store is away they do not, and later they do, whoever leads") {
    f.objects().SetAway(true);
    f.Crash();
    REQUIRE(f.Start().ok());
    // How much is committed it does not know, as long as nobody else in the ISR tells.
    Leadership leads = Lead(2, 2);
    leads.replicas = leads.isr = {kSelf, ServerId(8)};
    CHECK(f.Become(KeyedSpec(kBucket), leads).code() == ErrorCode::kKvStorage);
    CHECK_FALSE(f.duties().FailureOf(kBucket).ok());
    Leadership nobody = Lead(2, 3);
    nobody.leader = kNoServer;
    REQUIRE(f.Become(KeyedSpec(kBucket), nobody).ok());
    f.objects().SetAway(false);
    CHECK(f.scheduler().RunUntil([&] { return f.duties().FailureOf(kBucket).ok(); }, Seconds(60)));
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(3, 4)).ok());
    CHECK(f.AllRows(kBucket) == rows);
  }
  SECTION("nor while nobody knows of snapshots") {
    f.duties().SetFind(Error(ErrorCode::kNetwork, "away"));
    CHECK(f.StartWithoutRows(2).code() == ErrorCode::kNetwork);
    f.duties().SetFind(Status::Ok());
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    CHECK(f.AllRows(kBucket) == rows);
    CHECK(f.duties().FailureOf(kBucket).ok());
  }
}

TEST_CASE("while nobody knows of snapshots a whole changelog does", "[replica]") {
  Snapshotting f(Seed());
  f.PutSome(0, 10);
  REQUIRE(f.RunUntilCommits(1));
  f.duties().SetFind(Error(ErrorCode::kNetwork, "away"));
  REQUIRE(f.StartWithoutRows(2).ok());
  CHECK(f.AllRows(kBucket).size() == 10);
}

// fluss#1469, #1481, #1304
TEST_CASE("U10: a corrupt snapshot blocks neither recovery nor later snapshots", "[replica]") {
  Snapshotting f(Seed());
  f.PutSome(0, 20);
  REQUIRE(f.RunUntilCommits(1));
  f.Settle();
  f.PutSome(20, 40);
  REQUIRE(f.RunUntilCommits(2));
  f.Settle();
  f.PutSome(40, 43);
  const Texts rows = f.AllRows(kBucket);
  const size_t written = f.stores().changes_written;
  const auto newest = f.duties().Commits().at(1).metadata;
  const std::string metadata = kPaths.Metadata(newest.id);
  // Made for the newest one alone.
  const std::string file = f.objects().KeyOf(newest.private_files.at(0).location).value();
  const int damage = GENERATE(range(0, 5));
  if (damage == 0) f.objects().FlipBit(file);
  if (damage == 1) f.objects().CutShort(file);
  if (damage == 2) f.objects().Lose(file);
  if (damage == 3) f.objects().FlipBit(metadata);
  if (damage == 4) f.objects().Lose(metadata);
  REQUIRE(f.StartWithoutRows(2).ok());
  CHECK(f.AllRows(kBucket) == rows);
  CHECK(f.stores().changes_written == written + 23);  // From the older one on.
  f.PutSome(43, 44);
  REQUIRE(f.RunUntilCommits(3));
  f.Settle();
  CHECK(f.Verify(f.LastCompleted()).ok());
}

// fluss#543
TEST_CASE(
    "U9: a snapshot that is refused, after a second notice of the same leadership, takes "
    "nothing of the one before with it",
    "[replica]") {
  Snapshotting f(Seed());
  f.PutSome(0, 20);
  REQUIRE(f.RunUntilCommits(1));
  f.Settle();
  const KvSnapshotId first = f.LastCompleted();
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(1, 1)).ok());
  f.duties().SetSnapshots(Snapshots::kRefused);
  f.PutSome(20, 22);
  REQUIRE(f.RunUntilCommits(2));
  f.Settle();
  const KvSnapshotId refused = f.duties().Commits().at(1).metadata.id;
  CHECK(f.Verify(first).ok());
  // Of the refused one nothing is left.
  for (const auto& object : f.objects().List(kPaths.folder()).value()) {
    CHECK(kPaths.SnapshotOf(object.key).value_or(first) != refused);
  }
  const Texts rows = f.AllRows(kBucket);
  REQUIRE(f.StartWithoutRows(2).ok());
  CHECK(f.AllRows(kBucket) == rows);
}

TEST_CASE("U9: nothing of a snapshot goes while it is not known what became of its commit",
          "[replica]") {
  Snapshotting f(Seed());
  const bool taken = GENERATE(true, false);
  f.duties().SetSnapshots(taken ? Snapshots::kTakenUnheard : Snapshots::kLost);
  f.PutSome(0, 20);
  const bool can_ask = GENERATE(true, false);
  REQUIRE(f.scheduler().RunUntil([&] { return !f.duties().Commits().empty(); }, kInterval * 3));
  if (!can_ask) f.duties().SetFind(Error(ErrorCode::kNetwork, "away"));
  f.Settle();
  const KvSnapshotId doubtful = f.duties().Commits().at(0).metadata.id;
  CHECK(f.Verify(doubtful).ok());
  // With the next one that is completed it is known.
  f.duties().SetFind(Status::Ok());
  f.duties().SetSnapshots(Snapshots::kTaken);
  f.PutSome(20, 22);
  REQUIRE(f.RunUntilCommits(2));
  f.Settle();
  CHECK(f.Verify(doubtful).ok() == taken);
  CHECK(f.Verify(f.LastCompleted()).ok());
}

TEST_CASE("a snapshot that comes after its leadership is not committed, and goes", "[replica]") {
  Snapshotting f(static_cast<uint64_t>(GENERATE(range(1, 30))));
  f.PutSome(0, 20);
  // Somewhere in the middle of it.
  REQUIRE(f.scheduler().RunUntil([&] { return !f.objects().List(kPaths.folder()).value().empty(); },
                                 kInterval * 3));
  Leadership follow = Lead(2, 2);
  follow.leader = ServerId(9);
  follow.replicas = {ServerId(9), kSelf};
  REQUIRE(f.Become(KeyedSpec(kBucket), follow).ok());
  f.scheduler().RunFor(kInterval * 3);
  if (f.duties().Commits().empty()) {
    CHECK(f.objects().List(kPaths.folder()).value().empty());
  } else {
    CHECK(f.duties().Commits().size() == 1);
    CHECK(f.duties().Commits()[0].leader_epoch == LeaderEpoch(1));
    CHECK(f.Verify(f.LastCompleted()).ok());
  }
}

TEST_CASE("the object store may be away: the next snapshot is taken when it is back", "[replica]") {
  Snapshotting f(Seed());
  f.objects().SetAway(true);
  f.PutSome(0, 20);
  f.RunInterval();
  CHECK(f.duties().Commits().empty());
  f.PutSome(20, 21);  // And nobody else notices.
  f.objects().SetAway(false);
  REQUIRE(f.RunUntilCommits(1));
  CHECK(f.Verify(f.LastCompleted()).ok());
}

TEST_CASE("a bucket waits for its turn to bring a snapshot away, its stop does not", "[replica]") {
  const ReplicaOptions options = SmallSegments();
  ReplicaFixture f(1, options, kInterval);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  options.snapshots.turns->Take([] {});  // Another bucket's hangs.
  f.scheduler().RunFor(kInterval * 3);
  CHECK(f.duties().Commits().empty());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "b")})).ok());
  SECTION("its turn comes") {
    options.snapshots.turns->GiveBack();
    REQUIRE(f.scheduler().RunUntil([&] { return !f.duties().Commits().empty(); }, kInterval * 3));
  }
  SECTION("it ends before") {
    REQUIRE(f.StopReplica(kBucket, /*remove=*/false).ok());
    options.snapshots.turns->GiveBack();
    f.scheduler().RunFor(kInterval * 3);
    CHECK(f.duties().Commits().empty());
  }
}

TEST_CASE("numbers of snapshots grow with every leadership and process", "[replica]") {
  Snapshotting f(Seed(), 5);
  f.PutSome(0, 5);
  REQUIRE(f.RunUntilCommits(1));
  f.Crash();
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(5, 5)).ok());  // The same epoch.
  f.PutSome(5, 6);
  REQUIRE(f.RunUntilCommits(2));
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(6, 6)).ok());
  f.PutSome(6, 7);
  REQUIRE(f.RunUntilCommits(3));
  const auto commits = f.duties().Commits();
  CHECK(commits[0].metadata.id < commits[1].metadata.id);
  CHECK(commits[1].metadata.id < commits[2].metadata.id);
  // Two that believe to lead use different ones.
  CHECK(commits[1].metadata.id.value() >> 20 == 5);
  CHECK(commits[2].metadata.id.value() >> 20 == 6);
}

TEST_CASE("a stop in the middle of a snapshot ends it; a removal takes all snapshots",
          "[replica]") {
  Snapshotting f(static_cast<uint64_t>(GENERATE(range(1, 20))));
  f.PutSome(0, 20);
  REQUIRE(f.RunUntilCommits(1));
  f.PutSome(20, 22);
  const size_t objects = f.objects().List(kPaths.folder()).value().size();
  REQUIRE(f.scheduler().RunUntil(
      [&] { return f.objects().List(kPaths.folder()).value().size() > objects; }, kInterval * 3));
  SECTION("stop") {
    REQUIRE(f.Stop().ok());
    REQUIRE(f.Start().ok());
    REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
    CHECK(f.AllRows(kBucket).size() == 22);
  }
  SECTION("removal") {
    REQUIRE(f.StopReplica(kBucket, /*remove=*/true, 1).ok());
    CHECK(f.objects().List(kPaths.folder()).value().empty());
    CHECK_FALSE(f.disk().Exists("/data/db/t-7").value());
  }
}

}  // namespace strom::tablet
