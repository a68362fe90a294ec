// What every MetaStore must do, whoever keeps the tree.
#include <catch2/catch_test_macros.hpp>

#include "common/kv/rocks_store.h"
#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/runtime/notification.h"
#include "common/runtime/strand.h"
#include "common/runtime/thread_pool.h"
#include "tests/testing/temp_dir.h"

namespace strom::metadata {
namespace {

// A metadata service on real files, a strand to call it from, and blocking calls for the test.
class World {
 public:
  World() { Restart(); }
  ~World() { Stop(); }

  void Stop() {
    service_.reset();
    stores_.reset();
  }
  void Restart() {
    Stop();
    stores_ = kv::MakeRocksStoreFactory({});
    service_ = OpenEmbeddedMetaStore(*stores_, dir_.path() + "/meta").value();
  }

  std::unique_ptr<MetaStore> Connect() { return service_->Connect(strand_, nullptr).value(); }

  // Runs `start` with a callback and returns what the callback was given.
  template <class T, class Start>
  T Await(Start start) {
    runtime::Notification done;
    T result{};
    start([&](T value) {
      CHECK(strand_.IsCurrent());
      result = std::move(value);
      done.Notify();
    });
    REQUIRE(done.WaitFor(Seconds(30)));
    return result;
  }

  MetaCode Create(MetaStore& store, const std::string& path, const std::string& data = "",
                  CreateMode mode = CreateMode::kPersistent) {
    return Await<MetaResult<std::string>>(
               [&](auto done) { store.Create(path, data, mode, std::move(done)); })
        .code;
  }
  MetaResult<Node> Get(MetaStore& store, const std::string& path, Watch watch = nullptr) {
    return Await<MetaResult<Node>>(
        [&](auto done) { store.Get(path, std::move(watch), std::move(done)); });
  }
  MetaResult<Stat> Set(MetaStore& store, const std::string& path, const std::string& data,
                       int32_t version = kAnyVersion) {
    return Await<MetaResult<Stat>>(
        [&](auto done) { store.Set(path, data, version, std::move(done)); });
  }
  MetaResult<std::vector<std::string>> Children(MetaStore& store, const std::string& path) {
    return Await<MetaResult<std::vector<std::string>>>(
        [&](auto done) { store.Children(path, nullptr, std::move(done)); });
  }
  MultiResult Multi(MetaStore& store, std::vector<Op> ops) {
    return Await<MultiResult>([&](auto done) { store.Multi(std::move(ops), std::move(done)); });
  }

 private:
  testing::TempDir dir_;
  runtime::ThreadPool pool_{{.name = "meta", .threads = 2}};
  runtime::Strand strand_{pool_};
  std::unique_ptr<kv::KvStoreFactory> stores_;
  std::unique_ptr<MetaStoreFactory> service_;
};

}  // namespace

TEST_CASE("a change is answered on the strand and read back", "[metadata]") {
  World world;
  const auto store = world.Connect();
  CHECK(world.Create(*store, "/a", "1") == MetaCode::kOk);
  CHECK(world.Create(*store, "/a", "1") == MetaCode::kNodeExists);
  CHECK(world.Set(*store, "/a", "2", 5).code == MetaCode::kBadVersion);
  CHECK(world.Set(*store, "/a", "2", 0).value.version == 1);
  CHECK(world.Get(*store, "/a").value.data == "2");
  CHECK(world.Get(*store, "/b").code == MetaCode::kNoNode);
  CHECK(world.Create(*store, "/a/n-", "", CreateMode::kPersistentSequential) == MetaCode::kOk);
  CHECK(world.Children(*store, "/a").value == std::vector<std::string>{"n-0000000000"});
}

TEST_CASE("persistent nodes, versions and sequence numbers outlive a restart; ephemerals do not",
          "[metadata]") {
  World world;
  auto store = world.Connect();
  REQUIRE(world.Create(*store, "/p", std::string("a\0b", 3)) == MetaCode::kOk);
  REQUIRE(world.Set(*store, "/p", "3").ok());
  REQUIRE(world.Create(*store, "/p/n-", "", CreateMode::kPersistentSequential) == MetaCode::kOk);
  REQUIRE(world.Create(*store, "/e", "", CreateMode::kEphemeral) == MetaCode::kOk);
  const Stat before = world.Get(*store, "/p").value.stat;
  store.reset();
  world.Restart();
  store = world.Connect();
  const auto node = world.Get(*store, "/p").value;
  CHECK(node.data == "3");
  CHECK(node.stat.version == 1);
  CHECK(node.stat.created_zxid == before.created_zxid);
  CHECK(node.stat.num_children == 1);
  CHECK(world.Get(*store, "/e").code == MetaCode::kNoNode);
  CHECK(world.Multi(*store, {CreateOp{"/p/n-", "", CreateMode::kPersistentSequential}}).paths[0] ==
        "/p/n-0000000001");
}

TEST_CASE("a multi that fails leaves nothing behind, on disk neither", "[metadata]") {
  World world;
  auto store = world.Connect();
  REQUIRE(world.Create(*store, "/a") == MetaCode::kOk);
  const MultiResult result =
      world.Multi(*store, {CreateOp{"/a/b", ""}, SetOp{"/a", "x"}, CheckOp{"/none", kAnyVersion}});
  CHECK(result.code == MetaCode::kNoNode);
  CHECK(result.failed_index == 2);
  store.reset();
  world.Restart();
  store = world.Connect();
  CHECK(world.Get(*store, "/a").value.data.empty());
  CHECK(world.Children(*store, "/a").value.empty());
}

TEST_CASE("another session sees a session's end, through its watch", "[metadata]") {
  World world;
  auto mine = world.Connect();
  const auto other = world.Connect();
  REQUIRE(world.Create(*mine, "/e", "me", CreateMode::kEphemeral) == MetaCode::kOk);
  runtime::Notification gone;
  WatchEvent seen{};
  REQUIRE(world
              .Get(*other, "/e",
                   [&](WatchEvent event) {
                     seen = event;
                     gone.Notify();
                   })
              .ok());
  mine.reset();
  REQUIRE(gone.WaitFor(Seconds(30)));
  CHECK(seen == WatchEvent::kDeleted);
  CHECK(world.Get(*other, "/e").code == MetaCode::kNoNode);
}

TEST_CASE("a watch is delivered before its session can see the newer value", "[metadata]") {
  World world;
  const auto store = world.Connect();
  REQUIRE(world.Create(*store, "/a", "old") == MetaCode::kOk);
  std::vector<std::string> order;  // Touched on the strand only, read after the last callback.
  REQUIRE(world.Get(*store, "/a", [&](WatchEvent) { order.push_back("watch"); }).ok());
  runtime::Notification done;
  store->Set("/a", "new", kAnyVersion, [&](MetaResult<Stat>) { order.push_back("set"); });
  store->Get("/a", nullptr, [&](MetaResult<Node> node) {
    order.push_back(node.value.data);
    done.Notify();
  });
  REQUIRE(done.WaitFor(Seconds(30)));
  CHECK(order == std::vector<std::string>{"watch", "set", "new"});
}

TEST_CASE("metadata written by something else is refused, not guessed", "[metadata]") {
  testing::TempDir dir;
  const auto stores = kv::MakeRocksStoreFactory({});
  {
    const auto raw = stores->Open(dir.path() + "/meta", {.write_ahead_log = true}).value();
    kv::WriteBatch batch;
    batch.Put("/a", std::string("\x7f") + std::string(30, 'x'));
    REQUIRE(raw->Write(batch, kv::Durability::kSynced).ok());
  }
  const auto opened = OpenEmbeddedMetaStore(*stores, dir.path() + "/meta");
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.status().code() == ErrorCode::kCorruptRecord);
}

}  // namespace strom::metadata
