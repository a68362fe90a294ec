// Replicas of primary-key tables.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tablet/replica/log_directories.h"
#include "tablet/replica/replica.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

using Texts = std::vector<std::string>;

const TableBucket kBucket = Bucket(0);

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 6))); }

Leadership Follow(int leader_epoch) {
  Leadership follow = Lead(leader_epoch, leader_epoch);
  follow.leader = ServerId(9);
  follow.replicas = {ServerId(9), kSelf};
  return follow;
}

}  // namespace

TEST_CASE("an upsert that was acknowledged is visible, and so are its changes", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  const auto replica = f.replicas().Find(kBucket);
  std::string seen;
  std::optional<AppendInfo> info;
  replica->PutKv(KvBatch({Put(1, "a"), Put(2, {})}), {}, {}, [&](Result<AppendInfo> put) {
    info = put.value();
    seen = f.Lookup(kBucket, 1);  // At the very moment.
    CHECK(replica->high_watermark() == LogOffset(2));
  });
  CHECK_FALSE(info.has_value());  // Never on the caller's thread: it may block.
  REQUIRE(f.scheduler().RunUntil([&] { return info.has_value(); }, Seconds(1)));
  CHECK(seen == "1/0 a");
  CHECK(info->next_offset == LogOffset(2));
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "b"), Del(2), Del(3)})).value().next_offset ==
        LogOffset(5));
  CHECK(f.AllRows(kBucket) == Texts{"1/0 b"});
  CHECK(f.Lookup(kBucket, 2).empty());
  CHECK(replica->CountCommitted().value() == 1);
  CHECK(f.AllChanges(kBucket) ==
        Texts{"+I 1/0 a", "+I 2/0 NULL", "-U 1/0 a", "+U 1/0 b", "-D 2/0 NULL"});
}

TEST_CASE("who waits at the end of the changelog is woken by an upsert", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  const auto replica = f.replicas().Find(kBucket);
  std::string seen;
  replica->AwaitCommitted(1, LogOffset(0), [&] { seen = f.Lookup(kBucket, 4); });
  f.scheduler().RunReady();
  CHECK(replica->waiter_count() == 1);
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(4, "d")})).ok());
  f.scheduler().RunReady();
  CHECK(seen == "4/0 d");
  CHECK(replica->waiter_count() == 0);
}

TEST_CASE("a retried KV batch gives the first answer and changes nothing", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  const auto put = [&](int sequence, std::string name) {
    return f.PutKv(kBucket,
                   KvBatch({Put(1, std::move(name))}, WriterId(5), BatchSequence(sequence)));
  };
  CHECK(put(0, "a").value().next_offset == LogOffset(1));
  CHECK(put(1, "b").value().next_offset == LogOffset(3));
  CHECK(put(0, "a").value().next_offset == LogOffset(1));
  CHECK(put(3, "d").status().code() == ErrorCode::kOutOfOrderSequence);
  CHECK(f.AllRows(kBucket) == Texts{"1/0 b"});
  CHECK(put(2, "c").value().next_offset == LogOffset(5));
}

TEST_CASE("the rows come back from the changelog after a crash and an orderly stop", "[replica]") {
  ReplicaFixture f(Seed());
  const bool orderly = GENERATE(true, false);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a"), Put(2, "b"), Put(3, {})})).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "c"), Del(2)}, WriterId(5), BatchSequence(0))).ok());
  const Texts rows = f.AllRows(kBucket);
  const Texts changes = f.AllChanges(kBucket);
  if (orderly) {
    REQUIRE(f.Stop().ok());
  } else {
    f.Crash();
  }
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(1)).ok());
  CHECK(f.AllRows(kBucket) == rows);
  CHECK(rows == Texts{"1/0 c", "3/0 NULL"});
  CHECK(f.AllChanges(kBucket) == changes);
  CHECK(f.replicas().Find(kBucket)->CountCommitted().value() == 2);
  // The writer goes on where it was.
  CHECK(
      f.PutKv(kBucket, KvBatch({Put(9, "z")}, WriterId(5), BatchSequence(0))).value().next_offset ==
      LogOffset(6));
  CHECK(f.PutKv(kBucket, KvBatch({Put(2, "new")}, WriterId(5), BatchSequence(1))).ok());
  CHECK(f.AllChanges(kBucket).back() == "+I 2/0 new");
}

TEST_CASE("what cannot be written to the rows is not committed, and a retry commits it",
          "[replica]") {
  ReplicaOptions options;
  options.recent_rows_max_bytes = 0;
  ReplicaFixture f(1, options);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  f.stores().fail_writes = true;
  // It stays in front of the store, which has to take it before anything else.
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(2, "x")})).ok());
  const auto replica = f.replicas().Find(kBucket);
  const Bytes batch = KvBatch({Put(1, "b")}, WriterId(5), BatchSequence(0));
  CHECK(f.PutKv(kBucket, batch).status().code() == ErrorCode::kKvStorage);
  CHECK(replica->high_watermark() == LogOffset(2));
  CHECK(f.PutKv(kBucket, batch).status().code() == ErrorCode::kKvStorage);  // Not yet.
  f.stores().fail_writes = false;
  CHECK(f.AllRows(kBucket) == Texts{"1/0 a", "2/0 x"});
  CHECK(f.PutKv(kBucket, batch).value().next_offset == LogOffset(4));
  CHECK(replica->high_watermark() == LogOffset(4));
  CHECK(f.AllRows(kBucket) == Texts{"1/0 b", "2/0 x"});
  CHECK(f.AllChanges(kBucket) == Texts{"+I 1/0 a", "+I 2/0 x", "-U 1/0 a", "+U 1/0 b"});
}

TEST_CASE("with too few replicas in sync rows are merged, but not visible", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket), LeadWithoutFollowers()).ok());
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "a")})).status().code() == ErrorCode::kNotEnoughReplicas);
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "a")}), Acks::kLeader).value().next_offset ==
        LogOffset(1));
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "b")}), Acks::kNone).value().next_offset == LogOffset(3));
  CHECK(f.AllRows(kBucket).empty());
  CHECK(f.AllChanges(kBucket).empty());
}

TEST_CASE("each kind of table takes its own writes", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.Become(Bucket(1)).ok());
  CHECK(f.Append(kBucket, Batch({1})).status().code() == ErrorCode::kInvalidTable);
  CHECK(f.PutKv(Bucket(1), KvBatch({Put(1, "a")})).status().code() ==
        ErrorCode::kNonPrimaryKeyTable);
  CHECK(f.replicas().Find(Bucket(1))->Rows().status().code() == ErrorCode::kNonPrimaryKeyTable);
  CHECK(f.AllChanges(kBucket).empty());
}

TEST_CASE("a KV batch that cannot be put leaves no trace", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket, {{"table.delete.behavior", "disable"}}, false)).ok());
  const auto code = [&](const Bytes& batch, PutOptions options = {}) {
    const Status status = f.PutKv(kBucket, batch, Acks::kAll, std::move(options)).status();
    CHECK(status.message().starts_with("db.t: "));
    return status.code();
  };
  CHECK(code("garbage") == ErrorCode::kCorruptMessage);
  CHECK(code(KvBatch({Put(1, "a"), Put(2, {})})) == ErrorCode::kCorruptRecord);  // NOT NULL.
  CHECK(code(KvBatch({Put(1, "a"), Del(1)})) == ErrorCode::kDeletionDisabled);
  CHECK(code(KvBatch({Put(1, "a")}, kNoWriter, kNoSequence, SchemaId(2))) ==
        ErrorCode::kSchemaNotExist);
  CHECK(code(KvBatch({Put(1, "a")}), {.target_columns = {{0, 1}}}) ==
        ErrorCode::kInvalidTargetColumn);
  CHECK(f.AllRows(kBucket).empty());
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "a")})).value().next_offset == LogOffset(1));
}

TEST_CASE("who stops to lead has no rows, and who leads again has all of them", "[replica]") {
  ReplicaFixture f(Seed());
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(0)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a"), Put(2, "b")})).ok());
  const auto replica = f.replicas().Find(kBucket);
  REQUIRE(f.Become(KeyedSpec(kBucket), Follow(1)).ok());
  CHECK(replica->Rows().status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(f.PutKv(kBucket, KvBatch({Put(3, "c")})).status().code() ==
        ErrorCode::kNotLeaderOrFollower);
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(2, 2)).ok());
  CHECK(f.AllRows(kBucket) == Texts{"1/0 a", "2/0 b"});
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(3, 3)).ok());  // Still the leader: nothing to rebuild.
  CHECK(f.PutKv(kBucket, KvBatch({Put(3, "c")})).ok());
}

TEST_CASE("a bucket whose rows do not open does not serve, until they do", "[replica]") {
  ReplicaFixture f;
  f.stores().fail_opens = true;
  CHECK(f.Become(KeyedSpec(kBucket)).code() == ErrorCode::kKvStorage);
  CHECK_FALSE(f.replicas().Find(kBucket)->is_leader());
  f.stores().fail_opens = false;
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  CHECK(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
}

TEST_CASE("a stop waits for reads, ends scans and removes the rows with the log", "[replica]") {
  ReplicaFixture f(Seed());
  const bool remove = GENERATE(true, false);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a"), Put(2, "b")})).ok());
  const auto replica = f.replicas().Find(kBucket);
  auto reading = replica->Rows().value();
  const auto scan = f.Await<Result<std::shared_ptr<BucketScan>>>([&](auto done) {
                       replica->OpenScan({}, std::move(done));
                     }).value();
  CHECK(RowTexts(scan->Next(1).value().values) == Texts{"1/0 a"});
  bool stopped = false;
  f.replicas().StopReplica(kBucket, LeaderEpoch(0), remove, [&](Status status) {
    CHECK(status.ok());
    stopped = true;
  });
  bool again = false;
  f.replicas().Become(KeyedSpec(kBucket), Lead(1, 1), [&](Status status) {
    CHECK(status.ok());
    again = true;
  });
  f.scheduler().RunFor(Seconds(5));
  CHECK_FALSE(stopped);
  CHECK(scan->Next(1).status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(reading->row_count() == 2);  // Still whole.
  reading.reset();
  REQUIRE(f.scheduler().RunUntil([&] { return again; }, Seconds(5)));
  CHECK(stopped);
  CHECK(f.AllRows(kBucket).size() == (remove ? 0 : 2));
}

TEST_CASE("the rows of a bucket that is not served are removed with its log", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  REQUIRE(f.AllRows(kBucket).size() == 1);  // A scan sees to it that the store has them.
  const std::string log = f.replicas().Find(kBucket)->log().directory();
  CHECK(KvDirectory(log) == "/data/db/t-7/kv-0");
  REQUIRE(f.StopReplica(kBucket, false).ok());
  {
    const auto left = f.stores().memory().Open(KvDirectory(log), {}).value();
    CHECK(left->Get(KeyOf(1)).value().has_value());
  }
  REQUIRE(f.StopReplica(kBucket, true).ok());
  CHECK_FALSE(f.disk().Exists("/data/db/t-7").value());
  const auto fresh = f.stores().memory().Open(KvDirectory(log), {}).value();
  CHECK_FALSE(fresh->Get(KeyOf(1)).value().has_value());
}

TEST_CASE("a scan shows one moment, piece by piece, one call at a time", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a"), Put(2, "b"), Put(3, "c")})).ok());
  const auto replica = f.replicas().Find(kBucket);
  const auto open = [&](std::optional<int64_t> limit) {
    return f
        .Await<Result<std::shared_ptr<BucketScan>>>(
            [&](auto done) { replica->OpenScan(limit, std::move(done)); })
        .value();
  };
  const auto scan = open({});
  CHECK(scan->log_offset() == LogOffset(3));
  REQUIRE(f.PutKv(kBucket, KvBatch({Del(1), Put(2, "new"), Put(4, "d")})).ok());
  Texts rows;
  for (int i = 0; i < 3; ++i) {
    const auto piece = scan->Next(1).value();
    CHECK(piece.last == (i == 2));
    for (auto& row : RowTexts(piece.values)) rows.push_back(row);
  }
  CHECK(rows == Texts{"1/0 a", "2/0 b", "3/0 c"});
  CHECK(scan->Next(1).status().code() == ErrorCode::kInvalidScanRequest);
  const auto limited = open(2)->Next(1 << 20).value();
  CHECK(limited.last);
  CHECK(RowTexts(limited.values) == Texts{"2/0 new", "3/0 c"});
  REQUIRE(f.Become(Bucket(1)).ok());
  CHECK(f.Await<Result<std::shared_ptr<BucketScan>>>(
             [&](auto done) { f.replicas().Find(Bucket(1))->OpenScan({}, std::move(done)); })
            .status()
            .code() == ErrorCode::kNonPrimaryKeyTable);
}

TEST_CASE("retention leaves a changelog whole", "[replica]") {
  ReplicaOptions options;
  options.log.segment.size_max_bytes = 1000;
  ReplicaFixture f(1, options);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  for (int i = 0; i < 20; ++i) REQUIRE(f.PutKv(kBucket, KvBatch({Put(i % 3, "x")})).ok());
  const auto segment_count = [&] { return f.replicas().Find(kBucket)->log().segment_count(); };
  const size_t segments = segment_count();
  REQUIRE(segments > 3);
  f.clock().JumpWall(int64_t{8} * 24 * 3600 * 1000);  // table.log.ttl is 7 days.
  f.scheduler().RunFor(Seconds(301));
  CHECK(segment_count() == segments);
  f.Crash();
  REQUIRE(f.Start().ok());
  REQUIRE(f.Become(KeyedSpec(kBucket), Lead(1)).ok());
  CHECK(f.AllRows(kBucket).size() == 3);
}

TEST_CASE("rows that are not counted are not answered as a number", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(KeyedSpec(kBucket, {{"table.changelog.image", "WAL"}})).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  CHECK(f.replicas().Find(kBucket)->CountCommitted().status().code() == ErrorCode::kInvalidTable);
}

TEST_CASE("a primary-key bucket that is stopped and wanted again at once comes back whole",
          "[replica]") {
  const uint64_t seed = static_cast<uint64_t>(GENERATE(range(1, 30)));
  const bool remove = GENERATE(false, true);
  ReplicaFixture f(seed);
  REQUIRE(f.Become(KeyedSpec(kBucket)).ok());
  REQUIRE(f.PutKv(kBucket, KvBatch({Put(1, "a")})).ok());
  int answers = 0;
  const auto done = [&](const Status& status) {
    CHECK(status.ok());
    ++answers;
  };
  const auto old = f.replicas().Find(kBucket);
  old->PutKv(KvBatch({Put(2, "b")}), {}, {}, [&](Result<AppendInfo>) { ++answers; });
  f.replicas().StopReplica(kBucket, LeaderEpoch(0), remove, done);
  f.replicas().Become(KeyedSpec(kBucket), Lead(1), done);
  f.replicas().Become(KeyedSpec(kBucket), Follow(2), done);
  f.replicas().Become(KeyedSpec(kBucket), Lead(3, 3), done);
  REQUIRE(f.scheduler().RunUntil([&] { return answers == 5; }, Seconds(1)));
  CHECK(f.AllRows(kBucket).empty() == remove);
  CHECK(f.PutKv(kBucket, KvBatch({Put(3, "c")})).ok());
  CHECK(f.Lookup(kBucket, 3) == "3/0 c");
  REQUIRE(f.Stop().ok());
  REQUIRE(f.Start().ok());
  CHECK(f.directory().was_clean());
}

}  // namespace strom::tablet
