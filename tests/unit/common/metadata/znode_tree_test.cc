#include "common/metadata/znode_tree.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::metadata {
namespace {

MetaCode Do(ZnodeTree& tree, ZnodeTree::SessionId session, Op op) {
  return tree.Multi(session, {std::move(op)}).result.code;
}

}  // namespace

TEST_CASE("paths follow ZooKeeper's rules", "[metadata]") {
  for (const char* good : {"/", "/a", "/a/b.c/d-1"}) CHECK(IsValidPath(good));
  for (const char* bad : {"", "a", "/a/", "//", "/a//b", "/.", "/a/../b", "/a\n"}) {
    CHECK_FALSE(IsValidPath(bad));
  }
}

TEST_CASE("nodes need their parent, and versions guard changes", "[metadata]") {
  ZnodeTree tree;
  const auto session = tree.OpenSession();
  CHECK(Do(tree, session, CreateOp{"/a/b", ""}) == MetaCode::kNoNode);
  CHECK(Do(tree, session, CreateOp{"/a", "1"}) == MetaCode::kOk);
  CHECK(Do(tree, session, CreateOp{"/a", "1"}) == MetaCode::kNodeExists);
  CHECK(Do(tree, session, CreateOp{"/a/b", ""}) == MetaCode::kOk);
  CHECK(Do(tree, session, SetOp{"/a", "2", 1}) == MetaCode::kBadVersion);
  CHECK(Do(tree, session, SetOp{"/a", "2", 0}) == MetaCode::kOk);
  CHECK(tree.Get(session, "/a", nullptr).value.data == "2");
  CHECK(tree.Get(session, "/a", nullptr).value.stat.version == 1);
  CHECK(Do(tree, session, DeleteOp{"/a"}) == MetaCode::kNotEmpty);
  CHECK(Do(tree, session, DeleteOp{"/a/b", 3}) == MetaCode::kBadVersion);
  CHECK(Do(tree, session, DeleteOp{"/a/b"}) == MetaCode::kOk);
  CHECK(Do(tree, session, DeleteOp{"/a/b"}) == MetaCode::kNoNode);
  CHECK(tree.Get(session, "/a", nullptr).value.stat.num_children == 0);
}

TEST_CASE("children are direct children only, by name", "[metadata]") {
  ZnodeTree tree;
  const auto session = tree.OpenSession();
  for (const char* path : {"/a", "/a/x", "/a/x/deep", "/a/x-1", "/a/x0", "/b"}) {
    REQUIRE(Do(tree, session, CreateOp{path, ""}) == MetaCode::kOk);
  }
  using Names = std::vector<std::string>;
  CHECK(tree.Children(session, "/a", nullptr).value == Names{"x", "x-1", "x0"});
  CHECK(tree.Children(session, "/", nullptr).value == Names{"a", "b"});
  CHECK(tree.Children(session, "/b", nullptr).value.empty());
  CHECK(tree.Children(session, "/c", nullptr).code == MetaCode::kNoNode);
}

TEST_CASE("a multi is applied whole or not at all", "[metadata]") {
  ZnodeTree tree;
  const auto session = tree.OpenSession();
  REQUIRE(Do(tree, session, CreateOp{"/a", "old"}) == MetaCode::kOk);
  REQUIRE(Do(tree, session, CreateOp{"/e", "", CreateMode::kEphemeral}) == MetaCode::kOk);
  const auto before = tree.Get(session, "/a", nullptr).value.stat;
  const auto commit = tree.Multi(
      session, {SetOp{"/a", "new"}, CreateOp{"/a/s-", "", CreateMode::kPersistentSequential},
                DeleteOp{"/e"}, CheckOp{"/a", 7}});
  CHECK(commit.result.code == MetaCode::kBadVersion);
  CHECK(commit.result.failed_index == 3);
  CHECK(commit.changed.empty());
  const auto after = tree.Get(session, "/a", nullptr).value;
  CHECK(after.data == "old");
  CHECK(after.stat.version == before.version);
  CHECK(after.stat.modified_zxid == before.modified_zxid);
  CHECK(after.stat.num_children == 0);
  // The ephemeral node is back with its owner, and the sequence counter did not move.
  CHECK(tree.CloseSession(session).changed == std::vector<std::string>{"/e"});
  const auto other = tree.OpenSession();
  const auto created =
      tree.Multi(other, {CreateOp{"/a/s-", "", CreateMode::kPersistentSequential}});
  CHECK(created.result.paths == std::vector<std::string>{"/a/s-0000000000"});
}

TEST_CASE("sequence numbers are never used twice, also after a deletion", "[metadata]") {
  ZnodeTree tree;
  const auto session = tree.OpenSession();
  REQUIRE(Do(tree, session, CreateOp{"/q", ""}) == MetaCode::kOk);
  const Op create = CreateOp{"/q/n-", "", CreateMode::kPersistentSequential};
  CHECK(tree.Multi(session, {create}).result.paths[0] == "/q/n-0000000000");
  REQUIRE(Do(tree, session, DeleteOp{"/q/n-0000000000"}) == MetaCode::kOk);
  CHECK(tree.Multi(session, {create}).result.paths[0] == "/q/n-0000000001");
}

TEST_CASE("ephemeral nodes go with their session", "[metadata]") {
  ZnodeTree tree;
  const auto mine = tree.OpenSession();
  const auto other = tree.OpenSession();
  REQUIRE(Do(tree, mine, CreateOp{"/e", "", CreateMode::kEphemeral}) == MetaCode::kOk);
  CHECK(Do(tree, mine, CreateOp{"/e/child", ""}) == MetaCode::kNoChildrenForEphemerals);
  CHECK(tree.Get(other, "/e", nullptr).value.stat.ephemeral_owner == mine);
  tree.CloseSession(mine);
  CHECK(tree.Exists(other, "/e", nullptr).code == MetaCode::kNoNode);
  CHECK(Do(tree, mine, CreateOp{"/x", ""}) == MetaCode::kSessionExpired);
}

TEST_CASE("watches fire once, for what they were set on", "[metadata]") {
  ZnodeTree tree;
  const auto session = tree.OpenSession();
  const auto watcher = tree.OpenSession();
  std::vector<std::string> fired;
  const auto watch = [&](std::string name) {
    return [&fired, name](WatchEvent event) {
      fired.push_back(name + std::to_string(static_cast<int>(event)));
    };
  };
  const auto run = [&](Op op) {
    fired.clear();
    auto commit = tree.Multi(session, {std::move(op)});
    REQUIRE(commit.result.code == MetaCode::kOk);
    for (auto& f : commit.fired) {
      CHECK(f.session == watcher);
      f.watch(f.event);
    }
    return fired;
  };
  using Events = std::vector<std::string>;
  tree.Exists(watcher, "/a", watch("exists"));
  tree.Children(watcher, "/", watch("root"));
  CHECK(run(CreateOp{"/a", ""}) == Events{"exists0", "root3"});
  CHECK(run(SetOp{"/a", "1"}).empty());  // Once only.
  tree.Get(watcher, "/a", watch("data"));
  tree.Children(watcher, "/a", watch("children"));
  CHECK(run(SetOp{"/a", "2"}) == Events{"data2"});
  CHECK(run(CreateOp{"/a/b", ""}) == Events{"children3"});
  tree.Get(watcher, "/a", watch("data"));
  CHECK(run(DeleteOp{"/a/b"}).empty());
  CHECK(run(DeleteOp{"/a"}) == Events{"data1"});
  tree.Exists(watcher, "/a", watch("gone"));
  tree.CloseSession(watcher);
  CHECK(run(CreateOp{"/a", ""}).empty());
}

}  // namespace strom::metadata
