#include "tests/sim/world/sim_scheduler.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/strand.h"

namespace strom::sim {
namespace {

// A small world with strands, timers and randomness; what it did, as text and as hash.
struct Outcome {
  std::string order;
  uint64_t hash;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Play(uint64_t seed) {
  SimScheduler scheduler(seed);
  SimExecutor executor(scheduler);
  runtime::Strand strand(executor);
  Outcome outcome;
  for (char name = 'a'; name < 'k'; ++name) {
    scheduler.Post([&, name] {
      outcome.order += name;
      strand.Dispatch([&] { outcome.order += '.'; });
      const auto delay = Millis(static_cast<int64_t>(scheduler.random().Uniform(5)));
      executor.PostAt(scheduler.now() + delay, [&, name] { outcome.order += name; });
    });
  }
  scheduler.RunFor(Seconds(1));
  outcome.hash = scheduler.trace().value();
  return outcome;
}

}  // namespace

TEST_CASE("the same seed gives the same trace, another seed another one", "[sim]") {
  std::set<std::string> orders;
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    const Outcome outcome = Play(seed);
    CHECK(outcome == Play(seed));
    CHECK(outcome.order.size() == 30);
    orders.insert(outcome.order);
    hashes.insert(outcome.hash);
  }
  CHECK(orders.size() == 20);
  CHECK(hashes.size() == 20);
}

TEST_CASE("any runnable task may be next", "[sim]") {
  std::set<std::string> orders;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SimScheduler scheduler(seed);
    std::string order;
    for (const char name : {'a', 'b', 'c'}) scheduler.Post([&order, name] { order += name; });
    scheduler.RunReady();
    orders.insert(order);
  }
  CHECK(orders.size() == 6);
}

TEST_CASE("time stands still while tasks can run, then goes to the next timer", "[sim]") {
  SimScheduler scheduler(7);
  const SimClock clock(scheduler);
  const MonoTime start = scheduler.now();
  int chain = 0;
  std::function<void()> link = [&] {
    CHECK(clock.Now() == start);
    if (++chain < 100) scheduler.Post(link);
  };
  scheduler.Post(link);
  std::vector<int64_t> fired_ms;
  const auto note = [&] { fired_ms.push_back((clock.Now() - start).millis()); };
  scheduler.PostAt(start + Seconds(3600), note);
  scheduler.PostAt(start + Millis(5), [&] {
    CHECK(chain == 100);
    note();
    scheduler.PostAt(start, note);  // Past: at once.
  });
  scheduler.RunReady();
  CHECK(chain == 100);
  CHECK(fired_ms.empty());

  scheduler.RunFor(Seconds(10));
  CHECK(fired_ms == std::vector<int64_t>{5, 5});
  CHECK(scheduler.now() == start + Seconds(10));
  scheduler.RunFor(Seconds(3600));
  CHECK(fired_ms == std::vector<int64_t>{5, 5, 3600000});
}

TEST_CASE("run until stops at the condition, or at the limit", "[sim]") {
  SimScheduler scheduler(1);
  const MonoTime start = scheduler.now();
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    scheduler.PostAt(scheduler.now() + Seconds(1), tick);
  };
  tick();
  CHECK(scheduler.RunUntil([&] { return ticks == 4; }, Seconds(60)));
  CHECK(scheduler.now() == start + Seconds(3));
  CHECK_FALSE(scheduler.RunUntil([&] { return ticks == 100; }, Seconds(10)));
  CHECK(scheduler.now() == start + Seconds(13));
  CHECK(ticks == 14);
  CHECK(scheduler.RunUntil([] { return true; }, Seconds(0)));

  SimScheduler empty(1);
  CHECK_FALSE(empty.RunUntil([] { return false; }, MonoDuration::Max()));  // Nothing ever comes.
}

TEST_CASE("a dead server's tasks and timers are gone, its neighbour's are not", "[sim]") {
  SimScheduler scheduler(3);
  SimExecutor dying(scheduler);
  SimExecutor living(scheduler);
  auto owned = std::make_shared<int>(0);
  int lived = 0;
  for (int i = 0; i < 10; ++i) {
    dying.Post([owned] { ++*owned; });
    dying.PostAt(scheduler.now() + Millis(i), [owned] { ++*owned; });
    living.Post([&] { ++lived; });
    living.PostAt(scheduler.now() + Millis(i), [&] { ++lived; });
  }
  dying.Shutdown();
  CHECK(owned.use_count() == 1);
  dying.Post([owned] { ++*owned; });
  scheduler.RunFor(Seconds(1));
  CHECK(*owned == 0);
  CHECK(lived == 20);
}

TEST_CASE("a task may take its own server down", "[sim]") {
  SimScheduler scheduler(4);
  auto executor = std::make_unique<SimExecutor>(scheduler);
  int ran = 0;
  for (int i = 0; i < 10; ++i) {
    executor->Post([&] {
      ++ran;
      executor->Shutdown();
    });
  }
  scheduler.RunReady();
  CHECK(ran == 1);
  executor.reset();
  CHECK(scheduler.tasks_run() == 1);
}

TEST_CASE("strands run inline now and then, so that nobody relies on either", "[sim]") {
  SimScheduler scheduler(5);
  runtime::Strand strand(scheduler);
  int inlined = 0;
  for (int i = 0; i < 100; ++i) {
    bool ran = false;
    strand.Dispatch([&] { ran = true; });
    inlined += ran ? 1 : 0;
    scheduler.RunReady();
    CHECK(ran);
  }
  CHECK(inlined > 20);
  CHECK(inlined < 80);
}

TEST_CASE("a server that stands still runs nothing until it goes on, others do", "[sim]") {
  SimScheduler scheduler(7);
  SimExecutor still(scheduler);
  SimExecutor other(scheduler);
  std::vector<int> ran;
  still.Post([&] { ran.push_back(1); });
  still.PostAt(scheduler.now() + Seconds(1), [&] { ran.push_back(2); });
  still.SetPaused(true);
  still.Post([&] { ran.push_back(3); });
  other.PostAt(scheduler.now() + Seconds(2), [&] { ran.push_back(4); });
  scheduler.RunFor(Seconds(5));
  CHECK(ran == std::vector{4});
  still.SetPaused(false);
  scheduler.RunReady();
  CHECK(ran.size() == 4);

  still.SetPaused(true);
  still.Post([&] { ran.push_back(5); });
  still.Shutdown();  // It dies standing.
  scheduler.RunFor(Seconds(1));
  CHECK(ran.size() == 4);
}

TEST_CASE("tasks of a slow pool wait", "[sim]") {
  SimScheduler scheduler(8);
  SimExecutor slow(scheduler);
  slow.SetDelay(Millis(100));
  const MonoTime before = scheduler.now();
  std::optional<MonoTime> ran;
  slow.Post([&] { ran = scheduler.now(); });
  scheduler.RunFor(Seconds(1));
  REQUIRE(ran.has_value());
  CHECK(*ran > before);
  CHECK(*ran <= before + Millis(100));
  slow.SetDelay(MonoDuration());
  slow.Post([&] { ran = scheduler.now(); });
  scheduler.RunReady();
  CHECK(ran == scheduler.now());
}

TEST_CASE("wall time jumps, monotonic time does not", "[sim]") {
  SimScheduler scheduler(6);
  SimClock skewed(scheduler);
  const SimClock other(scheduler);
  CHECK(skewed.WallNow() == other.WallNow());
  const MonoTime before = skewed.Now();
  skewed.JumpWall(-3'600'000);
  CHECK(skewed.WallNow() == other.WallNow() - 3'600'000);
  CHECK(skewed.Now() == before);
  const WallMillis wall = other.WallNow();
  scheduler.RunFor(Millis(1500));
  CHECK(other.WallNow() == wall + 1500);
}

TEST_CASE("forked random streams are their own", "[sim]") {
  SimRandom one(9);
  SimRandom two(9);
  SimRandom fork = one.Fork();
  CHECK(fork.Next() == two.Fork().Next());
  fork.Next();  // Shifts nothing in the parent.
  CHECK(one.Next() == two.Next());
}

}  // namespace strom::sim
