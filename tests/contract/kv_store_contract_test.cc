// One suite over every KvStore: RocksDB on real files and the simulation's map.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/kv/kv_store.h"
#include "common/kv/rocks_store.h"
#include "tests/sim/world/memory_store.h"
#include "tests/testing/temp_dir.h"

namespace strom::kv {
namespace {

struct World {
  testing::TempDir dir;
  std::unique_ptr<KvStoreFactory> factory;
  std::string path(const std::string& name) const { return dir.path() + "/" + name; }
};

std::unique_ptr<World> MakeWorld(const std::string& kind) {
  auto world = std::make_unique<World>();
  if (kind == "rocksdb") {
    world->factory = MakeRocksStoreFactory({});
  } else {
    world->factory = std::make_unique<sim::MemoryStoreFactory>();
  }
  return world;
}

std::vector<std::string> ScanAll(const KvStore& store, BytesView prefix, BytesView from = "") {
  std::vector<std::string> found;
  REQUIRE(store
              .Scan(prefix, from,
                    [&](BytesView key, BytesView value) {
                      found.push_back(Bytes(key) + "=" + Bytes(value));
                      return true;
                    })
              .ok());
  return found;
}

}  // namespace

TEST_CASE("a KV store holds what was written", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  const auto store = world->factory->Open(world->path("s"), {}).value();

  WriteBatch batch;
  batch.Put("b1", "x");
  batch.Put("a", "");
  batch.Put("b2", "y");
  batch.Delete("b1");
  batch.Put(std::string("b\0z", 3), "zero");
  CHECK(batch.size_bytes() == 2 + 1 + 1 + 2 + 1 + 2 + 3 + 4);
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());

  SECTION("reads see the batch applied in order") {
    CHECK(store->Get("a").value() == std::optional<Bytes>(""));
    CHECK(store->Get("b1").value() == std::nullopt);
    const BytesView keys[] = {"b2", "nothing", "a"};
    const auto values = store->MultiGet(keys).value();
    REQUIRE(values.size() == 3);
    CHECK(values[0] == std::optional<Bytes>("y"));
    CHECK(values[1] == std::nullopt);
    CHECK(values[2] == std::optional<Bytes>(""));
  }
  SECTION("a scan is bytewise ordered, keeps to its prefix and starts where told") {
    CHECK(ScanAll(*store, "b") ==
          std::vector<std::string>{std::string("b\0z", 3) + "=zero", "b2=y"});
    CHECK(ScanAll(*store, "b", "b1") == std::vector<std::string>{"b2=y"});
    CHECK(ScanAll(*store, "").size() == 3);
    CHECK(ScanAll(*store, "c").empty());
  }
  SECTION("a scan stops when told and does not see later writes") {
    int visited = 0;
    REQUIRE(store
                ->Scan("", "",
                       [&](BytesView, BytesView) {
                         ++visited;
                         WriteBatch more;
                         more.Put("zz" + std::to_string(visited), "");
                         REQUIRE(store->Write(more, Durability::kBuffered).ok());
                         return visited < 10;
                       })
                .ok());
    CHECK(visited == 3);
  }
}

TEST_CASE("a snapshot keeps the content of its moment over several scans", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  const auto store = world->factory->Open(world->path("s"), {}).value();
  WriteBatch batch;
  batch.Put("a1", "old");
  batch.Put("a2", "old");
  batch.Put("b", "old");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());
  std::unique_ptr<KvSnapshot> snapshot = store->Snapshot();
  batch.Clear();
  batch.Put("a1", "new");
  batch.Delete("a2");
  batch.Put("a3", "new");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());

  std::vector<std::string> found;
  const auto note = [&](BytesView key, BytesView value) {
    found.push_back(Bytes(key) + "=" + Bytes(value));
    return found.size() % 2 != 0;  // Stops after each second entry.
  };
  REQUIRE(snapshot->Scan("", "", note).ok());
  CHECK(found == std::vector<std::string>{"a1=old", "a2=old"});
  REQUIRE(snapshot->Scan("", "a2\x01", note).ok());
  CHECK(found == std::vector<std::string>{"a1=old", "a2=old", "b=old"});
  REQUIRE(snapshot->Scan("a", "a2", note).ok());
  CHECK(found.back() == "a2=old");
  CHECK(ScanAll(*store, "a") == std::vector<std::string>{"a1=new", "a3=new"});
  const std::unique_ptr<KvSnapshot> later = store->Snapshot();
  snapshot.reset();
  found.clear();
  REQUIRE(later->Scan("a3", "", note).ok());
  CHECK(found == std::vector<std::string>{"a3=new"});
}

TEST_CASE("a checkpoint opens as a store with the content of its moment", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  const auto store = world->factory->Open(world->path("s"), {}).value();
  WriteBatch batch;
  batch.Put("k", "old");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());
  REQUIRE(store->Checkpoint(world->path("c")).ok());
  CHECK(store->Checkpoint(world->path("c")).code() == ErrorCode::kKvStorage);
  batch.Clear();
  batch.Put("k", "new");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());
  const auto copy = world->factory->Open(world->path("c"), {}).value();
  CHECK(copy->Get("k").value() == std::optional<Bytes>("old"));
  CHECK(store->Get("k").value() == std::optional<Bytes>("new"));
}

TEST_CASE("a store is open once, and destroying it forgets it", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  auto store = world->factory->Open(world->path("s"), {.write_ahead_log = true}).value();
  CHECK(world->factory->Open(world->path("s"), {}).status().code() == ErrorCode::kKvStorage);
  WriteBatch batch;
  batch.Put("k", "v");
  REQUIRE(store->Write(batch, Durability::kSynced).ok());
  store.reset();
  store = world->factory->Open(world->path("s"), {.write_ahead_log = true}).value();
  CHECK(store->Get("k").value() == std::optional<Bytes>("v"));
  store.reset();
  REQUIRE(world->factory->Destroy(world->path("s")).ok());
  CHECK(world->factory->Destroy(world->path("s")).ok());
  store = world->factory->Open(world->path("s"), {}).value();
  CHECK(store->Get("k").value() == std::nullopt);
}

TEST_CASE("the simulated store forgets what was neither synced nor checkpointed", "[kv_store]") {
  sim::MemoryStoreFactory factory;
  auto store = factory.Open("/s", {}).value();
  WriteBatch batch;
  batch.Put("synced", "1");
  REQUIRE(store->Write(batch, Durability::kSynced).ok());
  batch.Clear();
  batch.Put("buffered", "1");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());
  REQUIRE(store->Checkpoint("/c").ok());
  store.reset();
  factory.Forget();
  store = factory.Open("/s", {}).value();
  CHECK(store->Get("synced").value().has_value());
  CHECK_FALSE(store->Get("buffered").value().has_value());
  CHECK(factory.Open("/c", {}).value()->Get("buffered").value().has_value());
}

}  // namespace strom::kv
