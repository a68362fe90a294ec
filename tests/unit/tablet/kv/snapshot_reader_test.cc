#include "tablet/kv/snapshot_reader.h"

#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/tablet/kv/snapshot_fixture.h"

namespace strom::tablet {
namespace {

using Operation = sim::SimObjectStore::Operation;
using Outcome = sim::SimObjectStore::Outcome;

// Three snapshots, each with one key more: 1 at offset 10, 2 at 20, 3 at 30.
struct Three {
  SnapshotFixture f;
  std::vector<StoredSnapshot> snapshots;
  std::vector<KvSnapshotId> newest_first = {KvSnapshotId(3), KvSnapshotId(2), KvSnapshotId(1)};

  Three() {
    for (int64_t id = 1; id <= 3; ++id) {
      f.Put("k" + std::to_string(id), "v");
      const StoredSnapshot* base = snapshots.empty() ? nullptr : &snapshots.back();
      snapshots.push_back(f.Write(id, base).value());
    }
  }

  // What the snapshot is made of.
  std::vector<std::string> KeysOf(size_t index) const {
    std::vector<std::string> keys = {f.paths().Metadata(snapshots[index].metadata.id),
                                     f.paths().Checksums(snapshots[index].metadata.id)};
    REQUIRE(ForEachFile(snapshots[index], [&](const remote::KvSnapshotFile& file) {
              keys.push_back(f.KeyOf(file));
              return Status::Ok();
            }).ok());
    return keys;
  }

  Result<RestoredSnapshot> RestoreNewest(int64_t log_start = 0, int64_t log_end = 1000) {
    return f.reader().RestoreNewest(newest_first, f.At("restored"),
                                    {LogOffset(log_start), LogOffset(log_end)});
  }
};

enum class Damage { kFlipped, kCut, kLost };

void Do(Damage damage, sim::SimObjectStore& objects, const std::string& key) {
  switch (damage) {
    case Damage::kFlipped:
      return objects.FlipBit(key);
    case Damage::kCut:
      return objects.CutShort(key);
    case Damage::kLost:
      return objects.Lose(key);
  }
}

}  // namespace

TEST_CASE("the newest snapshot is restored", "[kv_snapshot]") {
  Three t;
  const RestoredSnapshot restored = t.RestoreNewest().value();
  CHECK(restored.snapshot == t.snapshots[2]);
  CHECK(restored.refused.empty());
  CHECK(t.f.ContentOf("restored") == Content{{"k1", "v"}, {"k2", "v"}, {"k3", "v"}});
  CHECK(t.f.reader().Verify(KvSnapshotId(3)).value() == t.snapshots[2]);
}

TEST_CASE("damage at any place of a snapshot is found, and named", "[kv_snapshot]") {
  const Damage damage = GENERATE(Damage::kFlipped, Damage::kCut, Damage::kLost);
  const size_t places = Three().KeysOf(2).size();
  REQUIRE(places == 7);  // _METADATA, _CHECKSUMS, three tables, CURRENT, MANIFEST.
  for (size_t place = 0; place < places; ++place) {
    Three t;
    const std::string key = t.KeysOf(2)[place];
    INFO(key);
    Do(damage, t.f.objects(), key);

    const Status verified = t.f.reader().Verify(KvSnapshotId(3)).status();
    const Status restored = t.f.reader().Restore(KvSnapshotId(3), t.f.At("restored")).status();
    for (const Status& refused : {verified, restored}) {
      INFO(refused.message());
      CHECK(refused.code() == ErrorCode::kKvSnapshotNotExist);
      CHECK(refused.message().starts_with("table 7 bucket 0: KV snapshot 3"));
      const bool whole = place >= 2 || damage == Damage::kLost;
      if (whole) CHECK(refused.message().find(key) != std::string_view::npos);
    }
    CHECK_FALSE(t.f.files().Exists(t.f.At("restored")).value());
    CHECK_FALSE(t.f.files().Exists(t.f.At("restored.restoring")).value());
  }
}

TEST_CASE("every flipped bit of _METADATA and of _CHECKSUMS is found", "[kv_snapshot]") {
  Three t;
  const std::string key =
      t.f.paths().SnapshotFolder(KvSnapshotId(3)) + GENERATE("/_METADATA", "/_CHECKSUMS");
  const Bytes sound = t.f.objects().GetBytes(key, 1 << 20).value();
  for (size_t bit = 0; bit < sound.size() * 8; ++bit) {
    Bytes damaged = sound;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    REQUIRE(t.f.objects().PutBytes(key, damaged).ok());
    // It is refused, at the latest when the files are read, unless it still says the same (a key
    // that may be missing now has another name, say).
    const Result<StoredSnapshot> verified = t.f.reader().Verify(KvSnapshotId(3));
    if (verified.ok()) {
      CHECK(*verified == t.snapshots[2]);
    } else {
      CHECK(verified.status().code() == ErrorCode::kKvSnapshotNotExist);
    }
  }
}

TEST_CASE("restoring falls back to older snapshots in order, and then to the changelog",
          "[kv_snapshot]") {
  Three t;
  const auto refused_ids = [](const RestoredSnapshot& restored) {
    std::vector<KvSnapshotId> ids;
    for (const RefusedSnapshot& refused : restored.refused) ids.push_back(refused.id);
    return ids;
  };
  t.f.objects().FlipBit(t.KeysOf(2).back());
  const RestoredSnapshot second = t.RestoreNewest().value();
  CHECK(second.snapshot == t.snapshots[1]);
  CHECK(refused_ids(second) == std::vector{KvSnapshotId(3)});
  CHECK(second.refused[0].why.code() == ErrorCode::kKvSnapshotNotExist);
  CHECK(t.f.ContentOf("restored") == Content{{"k1", "v"}, {"k2", "v"}});

  REQUIRE(t.f.files().RemoveRecursively(t.f.At("restored")).ok());
  t.f.objects().Lose(t.f.paths().Metadata(KvSnapshotId(2)));
  const RestoredSnapshot first = t.RestoreNewest().value();
  CHECK(first.snapshot == t.snapshots[0]);
  CHECK(refused_ids(first) == std::vector{KvSnapshotId(3), KvSnapshotId(2)});
  CHECK(t.f.ContentOf("restored") == Content{{"k1", "v"}});

  REQUIRE(t.f.files().RemoveRecursively(t.f.At("restored")).ok());
  t.f.objects().CutShort(t.f.KeyOf(t.snapshots[0].metadata.shared_files[0]));  // All three have it.
  const RestoredSnapshot none = t.RestoreNewest().value();
  CHECK_FALSE(none.snapshot.has_value());
  CHECK(refused_ids(none) == t.newest_first);
  CHECK_FALSE(t.f.files().Exists(t.f.At("restored")).value());
}

TEST_CASE("a snapshot from which the changelog does not go on is passed over", "[kv_snapshot]") {
  Three t;
  SECTION("the changelog ends before it") {
    const RestoredSnapshot restored = t.RestoreNewest(0, 29).value();
    CHECK(restored.snapshot == t.snapshots[1]);
    REQUIRE(restored.refused.size() == 1);
    CHECK(restored.refused[0].why.message() ==
          "table 7 bucket 0: KV snapshot 3 goes on at 30, the changelog has 0 to 29");
  }
  SECTION("the changelog begins after it") {
    t.f.objects().FlipBit(t.KeysOf(2).back());
    const RestoredSnapshot restored = t.RestoreNewest(21, 100).value();
    CHECK_FALSE(restored.snapshot.has_value());
    CHECK(restored.refused.size() == 3);
    CHECK(restored.refused[1].why.code() == ErrorCode::kLogOffsetOutOfRange);
  }
  SECTION("both ends belong to it") {
    CHECK(t.RestoreNewest(30, 30).value().snapshot == t.snapshots[2]);
  }
}

TEST_CASE("an object store that is away is no proof against a snapshot", "[kv_snapshot]") {
  Three t;
  t.f.objects().SetAway(true);
  CHECK(t.f.reader().Restore(KvSnapshotId(3), t.f.At("restored")).status().code() ==
        ErrorCode::kStorage);
  const RestoredSnapshot none = t.RestoreNewest().value();
  CHECK_FALSE(none.snapshot.has_value());
  for (const RefusedSnapshot& refused : none.refused) {
    CHECK(refused.why.code() == ErrorCode::kStorage);
    CHECK(refused.why.message().ends_with("[injected]"));
  }
  t.f.objects().SetAway(false);
  CHECK(t.RestoreNewest().value().snapshot == t.snapshots[2]);
}

TEST_CASE("a restored folder appears as a whole", "[kv_snapshot]") {
  Three t;
  const std::string directory = t.f.At("restored");

  SECTION("what a crash left half restored is in nobody's way") {
    REQUIRE(t.f.disk().CreateDirectory(directory + ".restoring").ok());
    REQUIRE(t.f.disk().Create(directory + ".restoring/CURRENT").ok());
    REQUIRE(t.f.reader().Restore(KvSnapshotId(1), directory).ok());
    CHECK(t.f.ContentOf("restored") == Content{{"k1", "v"}});
  }
  SECTION("what is there already is not touched") {
    REQUIRE(t.f.disk().CreateDirectory(directory).ok());
    REQUIRE(t.f.disk().Create(directory + "/mine").ok());
    CHECK(t.f.reader().Restore(KvSnapshotId(1), directory).status().message() ==
          "table 7 bucket 0: restoring a KV snapshot into /data/restored: it exists");
    CHECK(t.RestoreNewest().status().code() == ErrorCode::kStorage);
    CHECK(t.f.disk().Exists(directory + "/mine").value());
  }
  SECTION("a disk error leaves nothing") {
    const auto operation = GENERATE(sim::DiskOperation::kCreate, sim::DiskOperation::kWrite,
                                    sim::DiskOperation::kRename);
    t.f.disk().faults().FailNext(operation, directory, EIO);
    CHECK(t.f.reader().Restore(KvSnapshotId(3), directory).status().code() == ErrorCode::kStorage);
    CHECK_FALSE(t.f.disk().Exists(directory).value());
    CHECK_FALSE(t.f.disk().Exists(directory + ".restoring").value());
    CHECK(t.f.reader().Restore(KvSnapshotId(3), directory).ok());
  }
  SECTION("a full disk ends the search") {
    t.f.disk().SetCapacity(0);
    CHECK(t.RestoreNewest().status().code() == ErrorCode::kDiskWriteLocked);
    CHECK_FALSE(t.f.disk().Exists(directory).value());
  }
}

TEST_CASE("a snapshot of another bucket, or in another store, is refused", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot written = f.Write(1).value();
  StoredSnapshot foreign = written;
  SECTION("another bucket") { foreign.metadata.bucket.bucket = BucketId(1); }
  SECTION("another number") { foreign.metadata.id = KvSnapshotId(2); }
  SECTION("a file outside") {
    const remote::ObjectSum sum =
        foreign.checksums.files.extract(foreign.metadata.private_files[0].location).mapped();
    foreign.metadata.private_files[0].location = GENERATE("/etc/passwd", "/remote/../etc/passwd");
    foreign.checksums.files.emplace(foreign.metadata.private_files[0].location, sum);
  }
  SECTION("a file without a checksum") {
    foreign.checksums.files.erase(foreign.metadata.private_files[0].location);
  }
  SECTION("a checksum without a file") { foreign.checksums.files["/remote/x"] = {}; }
  foreign.checksums.metadata = {};
  foreign.checksums.metadata.Add(ToJson(foreign.metadata));
  REQUIRE(f.objects().PutBytes(f.paths().Metadata(KvSnapshotId(1)), ToJson(foreign.metadata)).ok());
  REQUIRE(
      f.objects().PutBytes(f.paths().Checksums(KvSnapshotId(1)), ToJson(foreign.checksums)).ok());
  const Status refused = f.reader().Restore(KvSnapshotId(1), f.At("restored")).status();
  INFO(refused.message());
  CHECK(refused.code() == ErrorCode::kKvSnapshotNotExist);
  CHECK(refused.message().starts_with("table 7 bucket 0: KV snapshot 1"));
}

}  // namespace strom::tablet
