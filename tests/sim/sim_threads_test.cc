#include "tests/sim/world/sim_threads.h"

#include <memory>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"

namespace strom::sim {
namespace {

// A world with one process.
struct World {
  SimScheduler scheduler{7};
  SimWaits waits{scheduler};
  SimExecutor executor{scheduler};
  std::unique_ptr<SimThreads> threads = std::make_unique<SimThreads>(waits, executor);
};

}  // namespace

TEST_CASE("threads of the simulated world wait for each other, and for the time", "[sim]") {
  World world;
  runtime::Notification first;
  runtime::Notification second;
  std::vector<int> order;
  world.threads->Post([&] {
    CHECK_FALSE(first.WaitFor(Seconds(3)));
    CHECK(world.scheduler.now() == MonoTime() + Seconds(1003));
    order.push_back(1);
    first.Notify();
    second.Wait();
    order.push_back(3);
  });
  world.threads->Post([&] {
    first.Wait();
    order.push_back(2);
    CHECK_FALSE(runtime::Notification().WaitUntil(world.scheduler.now() + Seconds(1)));
    second.Notify();
    CHECK(second.WaitFor(Seconds(1)));
  });
  world.scheduler.RunFor(Seconds(10));
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("a thread stands still with its process, and ends with it where it is", "[sim]") {
  World world;
  struct Witness {
    explicit Witness(std::vector<int>& seen) : order(seen) {}
    ~Witness() { order.push_back(9); }
    std::vector<int>& order;
  };
  std::vector<int> order;
  runtime::Notification never;
  world.threads->Post([&] {
    const Witness witness(order);
    CHECK_FALSE(never.WaitFor(Seconds(1)));
    order.push_back(1);
    never.Wait();
    order.push_back(2);
  });
  world.threads->PostAt(MonoTime::Infinite(), [&] { order.push_back(3); });
  world.scheduler.RunReady();
  world.executor.SetPaused(true);
  world.scheduler.RunFor(Seconds(5));
  CHECK(order.empty());
  world.executor.SetPaused(false);
  world.scheduler.RunReady();
  CHECK(order == std::vector<int>{1});
  world.threads->Post([&] { order.push_back(4); });  // Does not begin.
  world.executor.Shutdown();
  world.threads.reset();
  CHECK(order == std::vector<int>{1, 9});
}

TEST_CASE("the same seed lets threads take turns the same way", "[sim]") {
  const auto run = [] {
    World world;
    std::vector<int> order;
    for (int i = 0; i < 5; ++i) {
      world.threads->Post([&, i] {
        for (int round = 0; round < 3; ++round) {
          order.push_back(i);
          (void)runtime::Notification().WaitFor(Millis(1));
        }
      });
    }
    world.scheduler.RunFor(Seconds(1));
    return std::pair(order, world.scheduler.trace().value());
  };
  CHECK(run() == run());
  CHECK(run().first.size() == 15);
}

}  // namespace strom::sim
