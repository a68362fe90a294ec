#include "common/metadata/recipes.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/zk_json.h"
#include "tests/unit/common/metadata/meta_world.h"

namespace strom::metadata {
namespace {

using Paths = std::vector<std::string>;

Result<int64_t> Take(MetaWorld& world, MetaStore& store, int64_t count) {
  return world.Await<int64_t>([&](auto done) { TakeIds(store, "/ids", count, std::move(done)); });
}

}  // namespace

TEST_CASE("ids come from a counter that starts at 0", "[metadata]") {
  MetaWorld world;
  const auto store = world.Connect();
  CHECK(Take(world, *store, 1).value() == 0);
  CHECK(world.Get(*store, "/ids").value.data == CounterToBytes(1));
  CHECK(Take(world, *store, 100).value() == 1);
  CHECK(Take(world, *store, 1).value() == 101);
}

TEST_CASE("servers that take ids at the same time get different ones", "[metadata]") {
  MetaWorld world(7);
  std::vector<std::unique_ptr<MetaStore>> stores;
  for (int i = 0; i < 20; ++i) stores.push_back(world.Connect());
  std::vector<int64_t> first;
  world.strand.Post([&] {
    for (auto& store : stores) {
      TakeIds(*store, "/ids", 10, [&](Result<int64_t> id) { first.push_back(id.value()); });
    }
  });
  world.scheduler.RunReady();
  std::ranges::sort(first);
  REQUIRE(first.size() == stores.size());
  for (size_t i = 0; i < first.size(); ++i) CHECK(first[i] == static_cast<int64_t>(10 * i));
}

TEST_CASE("a counter that is none, or has no parent, gives no ids", "[metadata]") {
  MetaWorld world;
  const auto store = world.Connect();
  const auto no_parent =
      world.Await<int64_t>([&](auto done) { TakeIds(*store, "/a/ids", 1, std::move(done)); });
  CHECK(no_parent.status().code() == ErrorCode::kUnknownServerError);
  REQUIRE(world.Put(*store, "/ids", "127.0.0.1") == MetaCode::kOk);
  CHECK(Take(world, *store, 1).status().message().find("/ids") != std::string_view::npos);
  REQUIRE(world.Change(*store, SetOp{"/ids", CounterToBytes(INT64_MAX - 1)}) == MetaCode::kOk);
  CHECK_FALSE(Take(world, *store, 2).ok());
  CHECK(Take(world, *store, 1).value() == INT64_MAX - 1);
}

TEST_CASE("nodes are made as far as they are missing", "[metadata]") {
  MetaWorld world;
  const auto store = world.Connect();
  REQUIRE(world.Put(*store, "/a", "kept") == MetaCode::kOk);
  const auto ensure = [&](Paths paths) {
    return world
        .Await<std::monostate>(
            [&](auto done) { EnsureNodes(*store, std::move(paths), std::move(done)); })
        .status();
  };
  CHECK(ensure({"/a", "/a/b", "/a/b/c"}).ok());
  CHECK(ensure({}).ok());
  CHECK(world.Get(*store, "/a").value.data == "kept");
  CHECK(world.Get(*store, "/a/b/c").ok());
  CHECK(ensure({"/x/y"}).message().find("/x/y") != std::string_view::npos);
}

TEST_CASE("a tree is listed with children before their parents", "[metadata]") {
  MetaWorld world;
  const auto store = world.Connect();
  for (const char* path : {"/t", "/t/a", "/t/a/x", "/t/b", "/u"}) {
    REQUIRE(world.Put(*store, path, "") == MetaCode::kOk);
  }
  const auto list = [&](std::string path) {
    return world.Await<Paths>([&](auto done) { ListTree(*store, path, std::move(done)); }).value();
  };
  CHECK(list("/t") == Paths{"/t/a/x", "/t/a", "/t/b", "/t"});
  CHECK(list("/none").empty());
}

TEST_CASE("results are gathered in order, with a bound on what runs at the same time",
          "[metadata]") {
  const size_t count = 3 * kCallsInFlightMax;
  std::vector<absl::AnyInvocable<void(int)>> waiting;
  std::vector<size_t> started;
  std::optional<std::vector<int>> all;
  Gather<int>(
      count,
      [&](size_t i, absl::AnyInvocable<void(int)> done) {
        started.push_back(i);
        waiting.push_back(std::move(done));
      },
      [&](std::vector<int> results) { all = std::move(results); });
  CHECK(started.size() == kCallsInFlightMax);
  for (size_t i = 0; i < count; ++i) {
    REQUIRE_FALSE(all);
    REQUIRE(i < waiting.size());
    CHECK(waiting.size() - i <= kCallsInFlightMax);
    std::exchange(waiting[i], nullptr)(static_cast<int>(i) * 2);
  }
  REQUIRE(all);
  for (size_t i = 0; i < count; ++i) CHECK((*all)[i] == static_cast<int>(i) * 2);
}

TEST_CASE("gathering works when calls answer at once, however many there are", "[metadata]") {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{200000}}) {
    size_t sum = 0;
    int finished = 0;
    Gather<size_t>(
        count, [](size_t i, absl::AnyInvocable<void(size_t)> done) { done(i); },
        [&](std::vector<size_t> results) {
          ++finished;
          for (const size_t result : results) sum += result;
        });
    CHECK(finished == 1);
    CHECK(sum == (count == 0 ? 0 : count * (count - 1) / 2));
  }
}

TEST_CASE("all of several results, or the first error", "[metadata]") {
  std::vector<Result<int>> good = {1, 2};
  CHECK(AllOf(std::move(good)).value() == std::vector<int>{1, 2});
  std::vector<Result<int>> bad = {1, Error(ErrorCode::kStorage, "first"),
                                  Error(ErrorCode::kNetwork, "second")};
  CHECK(AllOf(std::move(bad)).status().message() == "first");
}

TEST_CASE("a store that is away is told from one that fails", "[metadata]") {
  for (const MetaCode code : {MetaCode::kConnectionLoss, MetaCode::kSessionExpired}) {
    const Status status = MetaError(code, "read", "/a");
    CHECK(status.code() == ErrorCode::kNetwork);
    CHECK(IsRetriable(status.code()));  // A client repeats its question.
    CHECK(status.message() == fmt::format("metadata: read /a: {}", MetaCodeName(code)));
  }
  CHECK(MetaError(MetaCode::kNoNode, "read", "/a").code() == ErrorCode::kUnknownServerError);
  CHECK(MetaError(MetaCode::kStorage, "write", "/a").code() == ErrorCode::kUnknownServerError);
}

}  // namespace strom::metadata
