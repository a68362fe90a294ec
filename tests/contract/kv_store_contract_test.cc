// One suite over every KvStore: RocksDB on real files and the simulation's map.
#include <algorithm>
#include <map>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/base/crc32c.h"
#include "common/io/atomic_file.h"
#include "common/io/path.h"
#include "common/io/posix_file_system.h"
#include "common/kv/kv_store.h"
#include "common/kv/rocks_store.h"
#include "tests/sim/world/memory_store.h"
#include "tests/testing/temp_dir.h"

namespace strom::kv {
namespace {

struct World {
  testing::TempDir dir;
  io::PosixFileSystem files;
  std::unique_ptr<KvStoreFactory> factory;
  std::string path(const std::string& name) const { return dir.path() + "/" + name; }
};

std::unique_ptr<World> MakeWorld(const std::string& kind) {
  auto world = std::make_unique<World>();
  if (kind == "rocksdb") {
    world->factory = MakeRocksStoreFactory({});
  } else {
    world->factory = std::make_unique<sim::MemoryStoreFactory>(world->files);
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

Bytes FileBytes(World& world, const std::string& path) {
  return io::ReadWholeFile(world.files, path, uint64_t{1} << 30).value();
}

// As an object store brings a checkpoint to another machine.
void CopyFolder(World& world, const std::string& from, const std::string& to) {
  REQUIRE(world.files.CreateDirectory(to).ok());
  for (const io::DirectoryEntry& entry : world.files.List(from).value()) {
    const auto file = world.files.Create(io::JoinPath(to, entry.name)).value();
    REQUIRE(file->Append(FileBytes(world, io::JoinPath(from, entry.name))).ok());
  }
}

void PutKey(KvStore& store, BytesView key, BytesView value) {
  WriteBatch batch;
  batch.Put(key, value);
  REQUIRE(store.Write(batch, Durability::kBuffered).ok());
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
  CHECK(store->Checkpoint(world->path("c")).status().code() == ErrorCode::kKvStorage);
  batch.Clear();
  batch.Put("k", "new");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());
  const auto copy = world->factory->Open(world->path("c"), {}).value();
  CHECK(copy->Get("k").value() == std::optional<Bytes>("old"));
  CHECK(store->Get("k").value() == std::optional<Bytes>("new"));
}

TEST_CASE("a checkpoint tells its files, with the checksums of those that never change",
          "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  const auto store = world->factory->Open(world->path("s"), {}).value();
  PutKey(*store, "a", std::string(10'000, 'a'));
  const std::vector<StoreFile> first = store->Checkpoint(world->path("c1")).value();
  PutKey(*store, "b", std::string(10'000, 'b'));
  const std::vector<StoreFile> second = store->Checkpoint(world->path("c2")).value();

  for (const auto& [folder, files] : {std::pair("c1", first), std::pair("c2", second)}) {
    std::vector<std::string> names;
    for (const StoreFile& file : files) {
      INFO(folder << "/" << file.name);
      names.push_back(file.name);
      const Bytes bytes = FileBytes(*world, world->path(folder) + "/" + file.name);
      CHECK(file.size_bytes == bytes.size());
      CHECK(file.immutable == file.crc32c.has_value());
      CHECK(file.crc32c.value_or(Crc32c(bytes)) == Crc32c(bytes));
    }
    std::vector<std::string> listed;
    for (const io::DirectoryEntry& entry : world->files.List(world->path(folder)).value()) {
      listed.push_back(entry.name);
    }
    CHECK(names == listed);
  }
  const auto immutable = [](const std::vector<StoreFile>& files) {
    std::vector<StoreFile> some;
    for (const StoreFile& file : files) {
      if (file.immutable) some.push_back(file);
    }
    return some;
  };
  REQUIRE(immutable(first).size() == 1);
  REQUIRE(immutable(second).size() == 2);
  CHECK(immutable(second).front() == immutable(first).front());  // Not written again.
}

TEST_CASE("a checkpoint of a checkpoint tells the same checksums, on another machine too",
          "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  std::vector<StoreFile> first;
  {
    const auto store = world->factory->Open(world->path("s"), {}).value();
    PutKey(*store, "a", "1");
    PutKey(*store, "gone", "1");
    first = store->Checkpoint(world->path("c1")).value();
  }
  CopyFolder(*world, world->path("c1"), world->path("copy"));
  const auto copy = world->factory->Open(world->path("copy"), {.must_exist = true}).value();
  CHECK(ScanAll(*copy, "") == std::vector<std::string>{"a=1", "gone=1"});
  WriteBatch batch;
  batch.Delete("gone");
  batch.Put("b", "2");
  REQUIRE(copy->Write(batch, Durability::kBuffered).ok());
  const std::vector<StoreFile> second = copy->Checkpoint(world->path("c2")).value();
  for (const StoreFile& file : first) {
    if (file.immutable) CHECK(std::find(second.begin(), second.end(), file) != second.end());
  }
  CopyFolder(*world, world->path("c2"), world->path("copy2"));
  const auto again = world->factory->Open(world->path("copy2"), {.must_exist = true}).value();
  CHECK(ScanAll(*again, "") == std::vector<std::string>{"a=1", "b=2"});
}

TEST_CASE("a store can be made to refuse to begin empty", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  CHECK(world->factory->Open(world->path("s"), {.must_exist = true}).status().code() ==
        ErrorCode::kKvStorage);
  REQUIRE(world->files.CreateDirectory(world->path("empty")).ok());
  CHECK(world->factory->Open(world->path("empty"), {.must_exist = true}).status().code() ==
        ErrorCode::kKvStorage);
  world->factory->Open(world->path("s"), {}).value().reset();
  CHECK(world->factory->Open(world->path("s"), {.must_exist = true}).ok());
}

TEST_CASE("a checkpoint that lost a file or a part of one does not open", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  {
    const auto store = world->factory->Open(world->path("s"), {}).value();
    PutKey(*store, "a", "1");
    REQUIRE(store->Checkpoint(world->path("c")).ok());
  }
  std::string manifest;
  std::string table;
  for (const io::DirectoryEntry& entry : world->files.List(world->path("c")).value()) {
    if (entry.name.starts_with("MANIFEST-")) manifest = entry.name;
    if (entry.name.ends_with(".sst")) table = entry.name;
  }
  // (A manifest without its last bytes may open: the engine takes it for one it was writing.)
  const auto [victim, lost] = GENERATE_COPY(
      std::pair(manifest, true), std::pair(table, true), std::pair(std::string("CURRENT"), true),
      std::pair(table, false), std::pair(std::string("CURRENT"), false));
  const std::string path = world->path("c") + "/" + victim;
  if (lost) {
    REQUIRE(world->files.RemoveFile(path).ok());
  } else {
    const auto file = world->files.OpenForWrite(path).value();
    REQUIRE(file->Truncate(file->Size().value() - 1).ok());
  }
  CHECK(world->factory->Open(world->path("c"), {.must_exist = true}).status().code() ==
        ErrorCode::kKvStorage);
}

TEST_CASE("a store that is destroyed and restored holds what was restored", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  auto store = world->factory->Open(world->path("s"), {}).value();
  PutKey(*store, "k", "snapshot");
  REQUIRE(store->Checkpoint(world->path("c")).ok());
  for (int round = 0; round < 2; ++round) {
    PutKey(*store, "k", "later");
    store.reset();
    REQUIRE(world->factory->Destroy(world->path("s")).ok());
    CopyFolder(*world, world->path("c"), world->path("s"));
    store = world->factory->Open(world->path("s"), {.must_exist = true}).value();
    CHECK(store->Get("k").value() == std::optional<Bytes>("snapshot"));
  }
}

TEST_CASE("a checkpoint holds the content after many others", "[kv_store]") {
  const auto world = MakeWorld(GENERATE("rocksdb", "memory"));
  const auto store = world->factory->Open(world->path("s"), {}).value();
  std::map<Bytes, Bytes> model;
  for (int round = 0; round < 12; ++round) {
    WriteBatch batch;
    for (int i = 0; i < 3; ++i) {
      const Bytes key = "k" + std::to_string((round * 5 + i * 3) % 11);
      if ((round + i) % 4 == 0) {
        batch.Delete(key);
        model.erase(key);
      } else {
        batch.Put(key, std::to_string(round));
        model[key] = std::to_string(round);
      }
    }
    REQUIRE(store->Write(batch, Durability::kBuffered).ok());
    const std::string path = world->path("c" + std::to_string(round));
    REQUIRE(store->Checkpoint(path).ok());
    const auto copy = world->factory->Open(path, {.must_exist = true}).value();
    std::vector<std::string> expected;
    for (const auto& [key, value] : model) expected.push_back(key + "=" + value);
    CHECK(ScanAll(*copy, "") == expected);
  }
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
  batch.Clear();
  batch.Put("later", "1");
  REQUIRE(store->Write(batch, Durability::kBuffered).ok());
  store.reset();
  factory.Forget();
  store = factory.Open("/s", {}).value();
  CHECK(store->Get("synced").value().has_value());
  CHECK_FALSE(store->Get("later").value().has_value());
  CHECK(store->Get("buffered").value().has_value());
  CHECK(factory.Open("/c", {}).value()->Get("buffered").value().has_value());
}

}  // namespace strom::kv
