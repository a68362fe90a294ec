#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/io/posix_file_system.h"
#include "common/kv/rocks_store.h"
#include "tablet/kv/snapshot_pruner.h"
#include "tablet/kv/snapshot_reader.h"
#include "tablet/kv/snapshot_writer.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_object_store.h"
#include "tests/testing/temp_dir.h"

namespace strom::tablet {

using Content = std::map<Bytes, Bytes>;

// Store, disk and snapshots of one bucket, and the object store they go to.
class SnapshotFixture {
 public:
  enum class Engine { kMemory, kRocks };  // Memory: on a simulated disk, too.

  explicit SnapshotFixture(Engine engine = Engine::kMemory, uint64_t seed = 1)
      : disk_({.seed = seed}),
        directory_(engine == Engine::kRocks ? std::make_unique<testing::TempDir>() : nullptr),
        posix_(engine == Engine::kRocks ? std::make_unique<io::PosixFileSystem>() : nullptr),
        random_(seed),
        objects_(seed) {
    if (engine == Engine::kRocks) {
      stores_ = kv::MakeRocksStoreFactory({});
    } else {
      REQUIRE(disk_.CreateDirectory("/data").ok());
      stores_ = std::make_unique<sim::MemoryStoreFactory>(disk_);
    }
    store_ = stores_->Open(At("store"), {}).value();
  }

  io::FileSystem& files() { return posix_ ? static_cast<io::FileSystem&>(*posix_) : disk_; }
  sim::SimDisk& disk() { return disk_; }
  sim::SimObjectStore& objects() { return objects_; }
  kv::KvStore& store() { return *store_; }
  const remote::KvSnapshotPaths& paths() const { return paths_; }
  SnapshotWriter& writer() { return writer_; }
  SnapshotReader& reader() { return reader_; }
  SnapshotPruner& pruner() { return pruner_; }

  std::string At(const std::string& name) const {
    return (directory_ ? directory_->path() : "/data") + "/" + name;
  }

  void Put(const Bytes& key, std::optional<Bytes> value) {
    kv::WriteBatch batch;
    if (value) {
      batch.Put(key, *value);
    } else {
      batch.Delete(key);
    }
    REQUIRE(store_->Write(batch, kv::Durability::kBuffered).ok());
  }

  // A checkpoint of the store as it is; its offset is ten times its number.
  SnapshotSource Checkpoint(int64_t id) {
    const std::string path = At("checkpoint-" + std::to_string(checkpoints_++));
    return {.id = KvSnapshotId(id),
            .directory = path,
            .files = store_->Checkpoint(path).value(),
            .log_offset = LogOffset(id * 10),
            .row_count = static_cast<int64_t>(ContentOf(*store_).size())};
  }
  Result<StoredSnapshot> Write(int64_t id, const StoredSnapshot* base = nullptr) {
    return writer_.Write(Checkpoint(id), base);
  }

  // The server loses its store and opens what is in the folder `name`.
  void OpenInstead(const std::string& name) {
    store_.reset();
    store_ = stores_->Open(At(name), {.must_exist = true}).value();
  }

  static Content ContentOf(const kv::KvStore& store) {
    Content content;
    REQUIRE(store
                .Scan("", "",
                      [&](BytesView key, BytesView value) {
                        content.emplace(key, value);
                        return true;
                      })
                .ok());
    return content;
  }
  // Of a restored folder.
  Content ContentOf(const std::string& name) {
    return ContentOf(*stores_->Open(At(name), {.must_exist = true}).value());
  }
  Content Restored(int64_t id) {
    const std::string name = "restored-" + std::to_string(restored_++);
    REQUIRE(reader_.Restore(KvSnapshotId(id), At(name)).ok());
    return ContentOf(name);
  }

  // Everything of the bucket in the object store, by key.
  std::set<std::string> Keys() const {
    std::set<std::string> keys;
    for (const remote::ListedObject& object : objects_.List(paths_.folder()).value()) {
      keys.insert(object.key + (object.finished ? "" : "?"));
    }
    return keys;
  }
  std::string KeyOf(const remote::KvSnapshotFile& file) const {
    return objects_.KeyOf(file.location).value();
  }

 private:
  sim::SimDisk disk_;
  const std::unique_ptr<testing::TempDir> directory_;
  const std::unique_ptr<io::PosixFileSystem> posix_;  // Of Engine::kRocks.
  sim::SimRandom random_;
  sim::SimObjectStore objects_;
  std::unique_ptr<kv::KvStoreFactory> stores_;
  std::unique_ptr<kv::KvStore> store_;
  int checkpoints_ = 0;
  int restored_ = 0;
  const remote::KvSnapshotPaths paths_{PhysicalTablePath{{"shop", "orders"}, std::nullopt},
                                       TableBucket{.table = TableId(7), .bucket = BucketId(0)}};
  SnapshotWriter writer_{objects_, files(), random_, paths_};
  SnapshotReader reader_{objects_, files(), paths_};
  SnapshotPruner pruner_{objects_, paths_};
};

}  // namespace strom::tablet
