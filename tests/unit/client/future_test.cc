#include "client/include/strom/future.h"

#include <memory>

#include <catch2/catch_test_macros.hpp>

#include "client/promise.h"
#include "common/runtime/thread_pool.h"

namespace strom::client {

TEST_CASE("a future gives what its promise was given", "[client]") {
  Promise<int> promise;
  Future<int> future = promise.future();
  CHECK_FALSE(future.ready());
  CHECK_FALSE(future.WaitFor(Millis(1)));
  promise.Set(7);
  CHECK(future.ready());
  CHECK(future.Get().value() == 7);
}

TEST_CASE("a future of nothing gives a status", "[client]") {
  CHECK(Ready<void>(Status::Ok()).Get().ok());
  CHECK(Ready<void>(Error(ErrorCode::kStorage, "full")).Get().message() == "full");
}

TEST_CASE("a continuation runs once, whether it or the outcome comes first", "[client]") {
  int calls = 0;
  const auto count = [&calls](const Result<std::unique_ptr<int>>& value) {
    ++calls;
    CHECK(*value.value() == 3);
  };
  Promise<std::unique_ptr<int>> late;
  late.future().Then(count);
  CHECK(calls == 0);
  late.Set(std::make_unique<int>(3));
  CHECK(calls == 1);
  Ready<std::unique_ptr<int>>(std::make_unique<int>(3)).Then(count);
  CHECK(calls == 2);
}

TEST_CASE("a promise that is dropped ends its future", "[client]") {
  auto promise = std::make_unique<Promise<int>>();
  Future<int> future = promise->future();
  Promise<int> moved = std::move(*promise);
  promise = nullptr;
  CHECK_FALSE(future.ready());  // The one moved from owes nothing.
  { const Promise<int> last = std::move(moved); }
  REQUIRE(future.ready());
  CHECK(future.Get().status().code() == ErrorCode::kNetwork);
}

TEST_CASE("a future that was let go leaves its promise a place", "[client]") {
  Promise<int> promise;
  { const Future<int> future = promise.future(); }
  promise.Set(1);
}

TEST_CASE("waiting ends when another thread sets the outcome", "[client]") {
  runtime::ThreadPool pool({.name = "setter", .threads = 1});
  for (int i = 0; i < 200; ++i) {
    auto promise = std::make_shared<Promise<int>>();
    Future<int> future = promise->future();
    pool.Post([promise, i] { promise->Set(i); });
    CHECK(future.Get().value() == i);
  }
}

}  // namespace strom::client
