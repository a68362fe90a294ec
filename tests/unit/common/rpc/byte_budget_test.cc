#include "common/rpc/byte_budget.h"

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace strom::rpc {

TEST_CASE("a byte budget lends up to its limit and takes back", "[rpc]") {
  ByteBudget budget(100);
  std::optional<ByteLease> a = budget.TryAcquire(60);
  REQUIRE(a.has_value());
  CHECK(a->bytes() == 60);
  CHECK_FALSE(budget.TryAcquire(41).has_value());
  const std::optional<ByteLease> b = budget.TryAcquire(40);
  REQUIRE(b.has_value());
  CHECK(budget.used_bytes() == 100);
  a.reset();
  CHECK(budget.used_bytes() == 40);
}

TEST_CASE("a lease is given back once, wherever it was moved", "[rpc]") {
  ByteBudget budget(100);
  ByteLease lease = *budget.TryAcquire(30);
  ByteLease moved = std::move(lease);
  lease.Return();  // NOLINT: an empty lease gives nothing back.
  CHECK(budget.used_bytes() == 30);
  moved = *budget.TryAcquire(50);  // The 30 go back.
  CHECK(budget.used_bytes() == 50);
  moved.Return();
  moved.Return();
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("a request larger than the budget is let in alone", "[rpc]") {
  ByteBudget budget(100);
  std::optional<ByteLease> small = budget.TryAcquire(1);
  CHECK_FALSE(budget.TryAcquire(1000).has_value());
  small.reset();
  const std::optional<ByteLease> huge = budget.TryAcquire(1000);
  REQUIRE(huge.has_value());
  CHECK_FALSE(budget.TryAcquire(1).has_value());
}

TEST_CASE("waiters of a byte budget are served in order and nobody overtakes them", "[rpc]") {
  ByteBudget budget(100);
  std::optional<ByteLease> first = budget.TryAcquire(90);
  std::vector<int> served;
  std::vector<ByteLease> leases;
  const auto wait = [&](int id, size_t bytes) {
    budget.Acquire(bytes, [&, id](ByteLease lease) {
      served.push_back(id);
      leases.push_back(std::move(lease));
    });
  };
  wait(1, 80);
  wait(2, 10);  // Would fit, but came after.
  CHECK(served.empty());
  CHECK(budget.waiting() == 2);
  CHECK_FALSE(budget.TryAcquire(5).has_value());
  first.reset();
  CHECK(served == std::vector<int>{1, 2});
  CHECK(budget.used_bytes() == 90);
  wait(3, 10);  // Fits at once.
  CHECK(served == std::vector<int>{1, 2, 3});
}

TEST_CASE("waiters that let their bytes go at once do not pile up on the stack", "[rpc]") {
  ByteBudget budget(10);
  std::optional<ByteLease> first = budget.TryAcquire(10);
  int served = 0;
  for (int i = 0; i < 100000; ++i) budget.Acquire(10, [&](ByteLease) { ++served; });
  first.reset();
  CHECK(served == 100000);
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("leases outlive their budget", "[rpc]") {
  ByteLease lease;
  {
    ByteBudget budget(10);
    lease = *budget.TryAcquire(10);
  }
  lease.Return();
  CHECK(lease.bytes() == 0);
}

TEST_CASE("a byte budget is shared by threads without losing a byte", "[rpc]") {
  ByteBudget budget(64);
  std::atomic<int> granted = 0;
  std::atomic<size_t> over = 0;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 500; ++i) {
        budget.Acquire(1 + (i * 7 + t) % 40, [&](ByteLease lease) {
          if (budget.used_bytes() > 64) ++over;
          ++granted;
          lease.Return();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(granted == 2000);
  CHECK(over == 0);
  CHECK(budget.used_bytes() == 0);
  CHECK(budget.waiting() == 0);
}

}  // namespace strom::rpc
