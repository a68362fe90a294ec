#include "tablet/kv/snapshot_pruner.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/tablet/kv/snapshot_fixture.h"

namespace strom::tablet {
namespace {

using Operation = sim::SimObjectStore::Operation;
using Outcome = sim::SimObjectStore::Outcome;

std::set<KvSnapshotId> Ids(std::initializer_list<int64_t> numbers) {
  std::set<KvSnapshotId> ids;
  for (const int64_t number : numbers) ids.insert(KvSnapshotId(number));
  return ids;
}

// Everything that belongs to these snapshots, and nothing else.
std::set<std::string> KeysOf(SnapshotFixture& f,
                             std::initializer_list<const StoredSnapshot*> snapshots) {
  std::set<std::string> keys;
  for (const StoredSnapshot* snapshot : snapshots) {
    keys.insert(f.paths().Metadata(snapshot->metadata.id));
    keys.insert(f.paths().Checksums(snapshot->metadata.id));
    for (const auto& [location, sum] : snapshot->checksums.files) {
      keys.insert(f.objects().KeyOf(location).value());
    }
  }
  return keys;
}

}  // namespace

TEST_CASE("what no kept snapshot refers to goes, and nothing else", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  f.Put("b", "1");
  const StoredSnapshot second = f.Write(2, &first).value();
  f.Put("c", "1");
  const StoredSnapshot third = f.Write(3, &second).value();
  REQUIRE(f.pruner().Prune(Ids({2, 3}), {}).ok());
  CHECK(f.Keys() == KeysOf(f, {&second, &third}));
  CHECK(f.Restored(2).size() == 2);
  CHECK(f.Restored(3).size() == 3);
  REQUIRE(f.pruner().Prune(Ids({2, 3}), {}).ok());  // Nothing more to do.

  SECTION("tables that were compacted away go with the last snapshot that has them") {
    for (int i = 0; i < 3; ++i) {
      f.Put("d" + std::to_string(i), "1");
      f.Checkpoint(100 + i);
    }
    const StoredSnapshot fourth = f.Write(4, &third).value();
    REQUIRE(fourth.metadata.shared_files.size() < 4);
    REQUIRE(f.pruner().Prune(Ids({3, 4}), {}).ok());
    CHECK(f.Keys() == KeysOf(f, {&third, &fourth}));
    REQUIRE(f.pruner().Prune(Ids({4}), {}).ok());
    CHECK(f.Keys() == KeysOf(f, {&fourth}));
    CHECK(f.Restored(4).size() == 6);
  }
}

TEST_CASE("without a completed snapshot nothing is touched", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  REQUIRE(f.Write(1).ok());
  const std::set<std::string> before = f.Keys();
  REQUIRE(f.pruner().Prune({}, {}).ok());
  REQUIRE(f.pruner().Prune({}, Ids({1})).ok());
  CHECK(f.Keys() == before);
}

TEST_CASE("upstream_543 (U9): a rejected snapshot takes only what was made for it",
          "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  const std::set<std::string> before = f.Keys();
  f.Put("b", "1");
  const StoredSnapshot rejected = f.Write(2, &first).value();
  REQUIRE(rejected.metadata.shared_files[0] == first.metadata.shared_files[0]);
  REQUIRE(f.pruner().Discard(KvSnapshotId(2)).ok());
  CHECK(f.Keys() == before);
  CHECK(f.Restored(1) == Content{{"a", "1"}});
  REQUIRE(f.pruner().Discard(KvSnapshotId(2)).ok());  // It is gone already.
}

TEST_CASE("upstream_543 (U9): a snapshot whose commit is unknown keeps its files",
          "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  f.Put("b", "1");
  const StoredSnapshot unknown = f.Write(2, &first).value();

  REQUIRE(f.pruner().Prune(Ids({1}), {}).ok());  // Newer than what is completed: also unnamed.
  CHECK(f.Keys() == KeysOf(f, {&first, &unknown}));
  f.Put("c", "1");
  const StoredSnapshot third = f.Write(3, &first).value();
  REQUIRE(f.pruner().Prune(Ids({1, 3}), Ids({2})).ok());
  CHECK(f.Keys() == KeysOf(f, {&first, &unknown, &third}));
  CHECK(f.Restored(2) == Content{{"a", "1"}, {"b", "1"}});

  SECTION("it was committed") {
    REQUIRE(f.pruner().Prune(Ids({2, 3}), {}).ok());
    CHECK(f.Keys() == KeysOf(f, {&unknown, &third}));
  }
  SECTION("it was not") {
    REQUIRE(f.pruner().Prune(Ids({1, 3}), {}).ok());
    CHECK(f.Keys() == KeysOf(f, {&first, &third}));
  }
}

TEST_CASE("a deposed leader that prunes by what it knows harms no newer snapshot",
          "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  f.Put("b", "1");
  const StoredSnapshot second = f.Write(2, &first).value();
  // The next leader, restored from 2, has completed 3 and is in the middle of 4.
  REQUIRE(f.reader().Restore(KvSnapshotId(2), f.At("next")).ok());
  f.OpenInstead("next");
  f.Put("c", "1");
  const StoredSnapshot third = f.Write(3, &second).value();
  f.Put("d", "1");
  f.objects().FailNext(Operation::kPut, "_METADATA", Outcome::kNotDone);
  f.objects().FailNext(Operation::kDelete, "snap-4", Outcome::kNotDone);
  REQUIRE_FALSE(f.Write(4, &third).ok());
  std::set<std::string> expected = f.Keys();
  for (const std::string& key : KeysOf(f, {&first})) {
    if (!KeysOf(f, {&second}).contains(key)) expected.erase(key);
  }
  REQUIRE(f.pruner().Prune(Ids({2}), {}).ok());
  CHECK(f.Keys() == expected);
  CHECK(f.Restored(3) == Content{{"a", "1"}, {"b", "1"}, {"c", "1"}});
}

TEST_CASE("if a kept snapshot does not say what it refers to, shared files stay", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  f.Put("a", "2");
  const StoredSnapshot second = f.Write(2).value();
  const StoredSnapshot third = f.Write(3, &second).value();
  f.objects().FlipBit(f.paths().Metadata(KvSnapshotId(2)));
  std::set<std::string> expected = KeysOf(f, {&second, &third});
  expected.insert(f.KeyOf(first.metadata.shared_files[0]));
  REQUIRE(f.pruner().Prune(Ids({2, 3}), {}).ok());
  CHECK(f.Keys() == expected);
  REQUIRE(f.pruner().Prune(Ids({3}), {}).ok());
  CHECK(f.Keys() == KeysOf(f, {&third}));
}

TEST_CASE("files that are not of our making stay", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  REQUIRE(f.Write(1).ok());
  const std::string fluss = f.paths().SharedFolder() + "/c3f41b97-bdb7-49c0-ba1e-5cac3d2eff2d";
  REQUIRE(f.objects().PutBytes(fluss, "x").ok());
  REQUIRE(f.objects().PutBytes(f.paths().folder() + "/note", "x").ok());
  REQUIRE(f.Write(2).ok());
  REQUIRE(f.pruner().Prune(Ids({2}), {}).ok());
  CHECK(f.Keys().contains(fluss));
  CHECK(f.Keys().contains(f.paths().folder() + "/note"));
}

TEST_CASE("a prune that fails anywhere is done by the next one", "[kv_snapshot]") {
  SnapshotFixture f;
  const Operation operation = GENERATE(Operation::kDelete, Operation::kList);
  const Outcome outcome = GENERATE(Outcome::kNotDone, Outcome::kDone);
  f.Put("a", "1");
  StoredSnapshot last = f.Write(1).value();
  int64_t id = 1;
  for (int calls = 0;; ++calls) {
    f.Put("a", std::to_string(++id));
    const StoredSnapshot next = f.Write(id).value();
    f.objects().FailNext(operation, "kv/", outcome, calls);
    const Status pruned = f.pruner().Prune(Ids({id}), {});
    f.objects().ForgetFailures();
    CHECK(f.Restored(id) == Content{{"a", std::to_string(id)}});
    if (pruned.ok()) {
      CHECK(calls >= 3);
      CHECK(f.Keys() == KeysOf(f, {&next}));
      break;
    }
    CHECK(pruned.message().ends_with("[injected]"));
    REQUIRE(f.pruner().Prune(Ids({id}), {}).ok());
    CHECK(f.Keys() == KeysOf(f, {&next}));
  }
}

}  // namespace strom::tablet
