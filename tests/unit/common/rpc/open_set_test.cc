#include "common/rpc/open_set.h"

#include <thread>

#include <catch2/catch_test_macros.hpp>

namespace strom::rpc {
namespace {

struct Item {
  ~Item() {
    if (on_destroy) on_destroy();
  }
  void Drain() { ++drains; }
  void Abort(const Status& status) { why = status; }

  int drains = 0;
  Status why;
  runtime::Task on_destroy;
};

}  // namespace

TEST_CASE("an open set keeps its items alive until they leave", "[rpc]") {
  OpenSet<Item> set;
  auto item = std::make_shared<Item>();
  bool destroyed = false;
  item->on_destroy = [&] { destroyed = true; };
  const Item* key = item.get();
  CHECK(set.Add(std::move(item)));
  CHECK_FALSE(destroyed);
  set.Remove(key);
  CHECK(destroyed);
  set.Remove(key);  // Once is enough.
  CHECK(set.size() == 0);
}

TEST_CASE("an open set takes no more than its limit, and nothing once it closes", "[rpc]") {
  OpenSet<Item> set;
  const auto a = std::make_shared<Item>(), b = std::make_shared<Item>();
  CHECK(set.Add(a, 1));
  CHECK_FALSE(set.Add(b, 1));
  set.DrainAll();
  CHECK(a->drains == 1);
  CHECK_FALSE(set.Add(b));
  set.AbortAll(Error(ErrorCode::kNetwork, "over"));
  CHECK(a->why.message() == "over");
}

TEST_CASE("an open set is empty only when the last item is destroyed", "[rpc]") {
  OpenSet<Item> set;
  int calls = 0;
  set.WhenEmpty([&] { ++calls; });  // Already.
  CHECK(calls == 1);
  auto item = std::make_shared<Item>();
  const Item* key = item.get();
  int calls_in_destructor = -1;
  item->on_destroy = [&] {
    set.WhenEmpty([&] { calls += 10; });  // Not yet: this very item is still there.
    calls_in_destructor = calls;
  };
  set.Add(std::move(item));
  set.WhenEmpty([&] { ++calls; });
  set.Remove(key);
  CHECK(calls_in_destructor == 1);
  CHECK(calls == 12);
}

TEST_CASE("waiting for an open set ends when another thread takes the last item out", "[rpc]") {
  OpenSet<Item> set;
  std::vector<const Item*> keys;
  for (int i = 0; i < 100; ++i) {
    auto item = std::make_shared<Item>();
    keys.push_back(item.get());
    set.Add(std::move(item));
  }
  std::thread remover([&] {
    for (const Item* key : keys) set.Remove(key);
  });
  set.AwaitEmpty();
  CHECK(set.size() == 0);
  remover.join();
}

}  // namespace strom::rpc
