// What every MetaStore must do, whoever keeps the tree.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/kv/rocks_store.h"
#include "common/metadata/embedded/embedded_meta_store.h"
#include "tests/contract/meta_service_world.h"

namespace strom::metadata {
namespace {

using Names = std::vector<std::string>;

Kind AnyKind() { return GENERATE(Kind::kEmbedded, Kind::kZooKeeper, Kind::kSimulated); }

}  // namespace

TEST_CASE("a change is answered on the strand and read back", "[metadata]") {
  MetaServiceWorld world(AnyKind());
  const auto store = world.Connect();
  CHECK(world.Create(*store, "/a", "1") == MetaCode::kOk);
  CHECK(world.Create(*store, "/a", "1") == MetaCode::kNodeExists);
  CHECK(world.Set(*store, "/a", "2", 5).code == MetaCode::kBadVersion);
  CHECK(world.Set(*store, "/a", "2", 0).value.version == 1);
  CHECK(world.Get(*store, "/a").value.data == "2");
  CHECK(world.Get(*store, "/b").code == MetaCode::kNoNode);
  CHECK(world.CreateAt(*store, "/a/n-", "", CreateMode::kPersistentSequential).value ==
        "/a/n-0000000000");
  CHECK(world.Create(*store, "/a/b") == MetaCode::kOk);
  CHECK(world.Children(*store, "/a").value == Names{"b", "n-0000000000"});
  CHECK(world.Exists(*store, "/a").value.num_children == 2);
  CHECK(world.Exists(*store, "/a/c").code == MetaCode::kNoNode);
  CHECK(world.Delete(*store, "/a") == MetaCode::kNotEmpty);
  CHECK(world.Delete(*store, "/a/b", 7) == MetaCode::kBadVersion);
  CHECK(world.Delete(*store, "/a/b", 0) == MetaCode::kOk);
  CHECK(world.Delete(*store, "/a/b") == MetaCode::kNoNode);
}

TEST_CASE("every way to fail has its code", "[metadata]") {
  MetaServiceWorld world(AnyKind());
  const auto store = world.Connect();
  REQUIRE(world.Create(*store, "/e", "", CreateMode::kEphemeral) == MetaCode::kOk);
  CHECK(world.Exists(*store, "/e").value.ephemeral_owner == store->session_id());
  CHECK(world.Create(*store, "/e/child") == MetaCode::kNoChildrenForEphemerals);
  CHECK(world.Create(*store, "/no/parent") == MetaCode::kNoNode);
  CHECK(world.Set(*store, "/no", "").code == MetaCode::kNoNode);
  CHECK(world.Children(*store, "/no").code == MetaCode::kNoNode);
  for (const std::string path : {"", "a", "/a/", "//", "/a//b", "/a/../b", "/\x01"}) {
    INFO(path);
    CHECK(world.Create(*store, path) == MetaCode::kInvalidPath);
    CHECK(world.Get(*store, path).code == MetaCode::kInvalidPath);
    CHECK(world.Delete(*store, path) == MetaCode::kInvalidPath);
    const MultiResult multi = world.Multi(*store, {CheckOp{"/e", 0}, CreateOp{path, ""}});
    CHECK(multi.code == MetaCode::kInvalidPath);
    CHECK(multi.failed_index == 1);
  }
}

TEST_CASE("persistent nodes, versions and sequence numbers outlive a restart; ephemerals do not",
          "[metadata]") {
  MetaServiceWorld world(AnyKind());
  auto store = world.Connect();
  REQUIRE(world.Create(*store, "/p", std::string("a\0b", 3)) == MetaCode::kOk);
  CHECK(world.Get(*store, "/p").value.data == std::string("a\0b", 3));
  REQUIRE(world.Set(*store, "/p", "3").ok());
  REQUIRE(world.Create(*store, "/p/n-", "", CreateMode::kPersistentSequential) == MetaCode::kOk);
  REQUIRE(world.Create(*store, "/e", "", CreateMode::kEphemeral) == MetaCode::kOk);
  const Stat before = world.Get(*store, "/p").value.stat;
  auto other = world.Connect();
  store.reset();
  world.AwaitGone(*other, "/e");
  other.reset();
  world.service().Stop();
  world.service().StartAndWait();
  store = world.Connect();
  const auto node = world.Get(*store, "/p").value;
  CHECK(node.data == "3");
  CHECK(node.stat.version == 1);
  CHECK(node.stat.created_zxid == before.created_zxid);
  CHECK(node.stat.num_children == 1);
  CHECK(world.Get(*store, "/e").code == MetaCode::kNoNode);
  CHECK(world.Multi(*store, {CreateOp{"/p/n-", "", CreateMode::kPersistentSequential}}).paths ==
        Names{"/p/n-0000000001"});
}

TEST_CASE("a multi applies all its operations, or says which one failed", "[metadata]") {
  MetaServiceWorld world(AnyKind());
  auto store = world.Connect();
  REQUIRE(world.Create(*store, "/a") == MetaCode::kOk);
  const MultiResult done = world.Multi(
      *store, {CheckOp{"/a", 0}, CreateOp{"/b", "1"}, SetOp{"/b", "2"}, CreateOp{"/c", "3"},
               DeleteOp{"/c"}, CreateOp{"/a/e-", "", CreateMode::kEphemeralSequential}});
  CHECK(done.code == MetaCode::kOk);
  CHECK(done.paths == Names{"/b", "/c", "/a/e-0000000000"});
  CHECK(world.Get(*store, "/b").value.data == "2");
  CHECK(world.Get(*store, "/c").code == MetaCode::kNoNode);
  CHECK(world.Multi(*store, {}).code == MetaCode::kOk);

  const MultiResult failed = world.Multi(
      *store,
      {CreateOp{"/d", ""}, SetOp{"/a", "x"}, CheckOp{"/none", kAnyVersion}, CreateOp{"/f", ""}});
  CHECK(failed.code == MetaCode::kNoNode);
  CHECK(failed.failed_index == 2);
  CHECK(failed.paths.empty());
  store.reset();
  world.service().Stop();
  world.service().StartAndWait();
  store = world.Connect();
  CHECK(world.Get(*store, "/a").value.data.empty());
  CHECK(world.Get(*store, "/d").code == MetaCode::kNoNode);
}

TEST_CASE("another session sees a session's end, through its watch", "[metadata]") {
  MetaServiceWorld world(AnyKind());
  auto mine = world.Connect();
  const auto other = world.Connect();
  REQUIRE(world.Create(*mine, "/e", "me", CreateMode::kEphemeral) == MetaCode::kOk);
  Seen<WatchEvent> seen;
  REQUIRE(world.Get(*other, "/e", [&](WatchEvent event) { seen.Put(event); }).ok());
  mine.reset();
  CHECK(seen.Await() == WatchEvent::kDeleted);
  CHECK(world.Get(*other, "/e").code == MetaCode::kNoNode);
}

TEST_CASE("a watch is delivered before its session can see the newer value", "[metadata]") {
  MetaServiceWorld world(AnyKind());
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
  CHECK(order == Names{"watch", "set", "new"});
}

TEST_CASE("each kind of watch fires once, for its kind of change", "[metadata]") {
  MetaServiceWorld world(AnyKind());
  const auto store = world.Connect();
  const auto other = world.Connect();
  REQUIRE(world.Create(*store, "/a") == MetaCode::kOk);
  Names fired;  // On the strand.
  const auto watch = [&](const char* name) -> Watch {
    return [&fired, name](WatchEvent event) {
      fired.push_back(name + std::to_string(static_cast<int>(event)));
    };
  };
  const auto event = [](const char* name, WatchEvent e) {
    return name + std::to_string(static_cast<int>(e));
  };
  REQUIRE(world.Exists(*store, "/b", watch("exists")).code == MetaCode::kNoNode);
  REQUIRE(world.Get(*store, "/no", watch("never")).code == MetaCode::kNoNode);  // Sets none.
  REQUIRE(world.Children(*store, "/a", watch("children")).ok());
  REQUIRE(world.Get(*store, "/a", watch("data")).ok());
  // In the watching session itself: its answer comes behind what it fired.
  REQUIRE(world.Create(*store, "/b") == MetaCode::kOk);
  CHECK(fired == Names{event("exists", WatchEvent::kCreated)});
  REQUIRE(world.Create(*store, "/a/x") == MetaCode::kOk);
  CHECK(fired.back() == event("children", WatchEvent::kChildrenChanged));
  REQUIRE(world.Set(*store, "/a", "1").ok());
  CHECK(fired.back() == event("data", WatchEvent::kDataChanged));
  REQUIRE(world.Set(*store, "/a", "2").ok());
  REQUIRE(world.Create(*store, "/a/y") == MetaCode::kOk);
  REQUIRE(world.Delete(*store, "/b") == MetaCode::kOk);
  REQUIRE(world.Create(*store, "/no") == MetaCode::kOk);
  CHECK(fired.size() == 3);
}

TEST_CASE("callbacks of a session that has ended never run", "[metadata]") {
  MetaServiceWorld world(AnyKind());
  auto store = world.Connect();
  REQUIRE(world.Create(*store, "/a") == MetaCode::kOk);
  const auto kept = std::make_shared<int>();  // By every callback that still could run.
  std::atomic<int> ran = 0;
  runtime::Notification ended;
  world.strand().Post([&] {  // On the strand none of them can run before the end.
    const auto count = [&ran, kept](auto) { ++ran; };
    store->Get("/a", count, count);
    store->Exists("/b", count, count);
    for (int i = 0; i < 20; ++i) store->Set("/a", "x", kAnyVersion, count);
    store->Multi({CreateOp{"/b", ""}}, count);
    store.reset();
    ended.Notify();
  });
  REQUIRE(ended.WaitFor(Seconds(30)));
  const auto other = world.Connect();
  REQUIRE(world.Create(*other, "/c") == MetaCode::kOk);
  CHECK(ran == 0);
  world.Await<int>([&](auto done) { world.strand().Post([&done, d = done]() mutable { d(1); }); });
  CHECK(kept.use_count() == 1);
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
