// One suite over every Executor, bare and under a Strand: real threads and the simulation.
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/strand.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::runtime {
namespace {

const MonoDuration kPatience = Seconds(20);

struct ThreadWorld {
  RealClock clock;
  ThreadPool executor{{.name = "contract", .threads = 3}};
  bool Await(const Notification& notification) { return notification.WaitFor(kPatience); }
};

struct SimWorld {
  sim::SimScheduler scheduler{42};
  sim::SimClock clock{scheduler};
  sim::SimExecutor executor{scheduler};
  bool Await(const Notification& notification) {
    return scheduler.RunUntil([&] { return notification.HasBeenNotified(); }, kPatience);
  }
};

}  // namespace

#define STROM_EXECUTOR_TEST(name) \
  TEMPLATE_TEST_CASE(name, "[runtime][contract]", ThreadWorld, SimWorld)

STROM_EXECUTOR_TEST("posted tasks all run once, also those that tasks post") {
  std::atomic<int> ran = 0;
  Notification done;
  TestType world;
  for (int i = 0; i < 50; ++i) {
    world.executor.Post([&, owned = std::make_unique<int>(1)] {  // Tasks may own what only moves.
      ran += *owned;
      world.executor.Post([&] {
        if (++ran == 100) done.Notify();
      });
    });
  }
  REQUIRE(world.Await(done));
  CHECK(ran == 100);
}

STROM_EXECUTOR_TEST("a timer fires at its time or later, a past one at once") {
  std::atomic<int> fired = 0;
  std::atomic<bool> early = false;
  Notification done;
  TestType world;
  const MonoTime start = world.clock.Now();
  for (const MonoDuration delay : {Millis(30), Millis(10), Millis(0), Seconds(-5)}) {
    const MonoTime when = start + delay;
    const TimerId timer = world.executor.PostAt(when, [&, when] {
      if (world.clock.Now() < when) early = true;
      if (++fired == 4) done.Notify();
    });
    CHECK(timer != kNoTimer);
  }
  REQUIRE(world.Await(done));
  CHECK_FALSE(early);
  CHECK(world.clock.Now() >= start + Millis(30));
}

STROM_EXECUTOR_TEST("a cancelled timer does not fire, a fired one cannot be cancelled") {
  std::atomic<bool> cancelled_ran = false;
  Notification fired;
  TestType world;
  const MonoTime now = world.clock.Now();
  const TimerId later = world.executor.PostAt(now + Seconds(10), [&] { cancelled_ran = true; });
  const TimerId soon = world.executor.PostAt(now + Millis(1), [&] { fired.Notify(); });
  CHECK(later != soon);
  CHECK(world.executor.Cancel(later));
  CHECK_FALSE(world.executor.Cancel(later));
  REQUIRE(world.Await(fired));
  CHECK_FALSE(world.executor.Cancel(soon));
  CHECK_FALSE(world.executor.Cancel(kNoTimer));
  CHECK_FALSE(cancelled_ran);
}

STROM_EXECUTOR_TEST("after shutdown nothing runs, and what waited is freed") {
  auto owned = std::make_shared<int>(1);
  std::atomic<bool> ran = false;
  TestType world;
  world.executor.PostAt(world.clock.Now() + Seconds(600), [&ran, owned] { ran = true; });
  Strand strand(world.executor);
  world.executor.Shutdown();
  CHECK(owned.use_count() == 1);

  strand.Post([&ran, owned] { ran = true; });
  strand.Dispatch([&ran, owned] { ran = true; });
  strand.PostAt(world.clock.Now(), [&ran, owned] { ran = true; });
  world.executor.Post([&ran, owned] { ran = true; });
  CHECK(world.executor.PostAt(world.clock.Now(), [&ran, owned] { ran = true; }) == kNoTimer);
  CHECK_FALSE(world.executor.AllowInline());
  CHECK(owned.use_count() == 1);
  CHECK_FALSE(ran);
}

STROM_EXECUTOR_TEST("a strand keeps the order in which it was given tasks") {
  constexpr int kTasks = 500;
  std::vector<int> order;
  std::atomic<bool> off_strand = false;
  Notification done;
  TestType world;
  Strand strand(world.executor);
  for (int i = 0; i < kTasks; ++i) {
    Task task = [&, i] {
      if (!strand.IsCurrent()) off_strand = true;
      order.push_back(i);
      if (order.size() == kTasks) done.Notify();
    };
    i % 2 == 0 ? strand.Post(std::move(task)) : strand.Dispatch(std::move(task));
  }
  REQUIRE(world.Await(done));
  CHECK_FALSE(off_strand);
  CHECK_FALSE(strand.IsCurrent());
  for (int i = 0; i < kTasks; ++i) REQUIRE(order[i] == i);
}

STROM_EXECUTOR_TEST("strands that post to each other all make progress, one task at a time") {
  constexpr int kStrands = 5;
  constexpr int kRounds = 100;
  struct Player {
    explicit Player(Executor& executor) : strand(executor) {}
    Strand strand;
    int turns = 0;    // Owned by the strand.
    int inside = 0;   // Never above one.
    int overlap = 0;  // How often it was.
  };
  Notification done;
  std::atomic<int> left = 0;
  TestType world;
  std::vector<std::unique_ptr<Player>> players;
  for (int i = 0; i < kStrands; ++i) players.push_back(std::make_unique<Player>(world.executor));
  std::function<void(int)> play = [&](int at) {
    Player& player = *players[at % kStrands];
    player.strand.Dispatch([&, at] {
      if (++player.inside != 1) ++player.overlap;
      ++player.turns;
      if (at / kStrands + 1 < kRounds) play(at + kStrands + at % 2);
      --player.inside;
      if (--left == 0) done.Notify();
    });
  };
  // Each ball goes round its player, and from odd places on to the next one.
  for (int ball = 0; ball < kStrands; ++ball) {
    for (int at = ball; at / kStrands < kRounds; at += kStrands + at % 2) ++left;
  }
  for (int ball = 0; ball < kStrands; ++ball) play(ball);
  REQUIRE(world.Await(done));
  for (const auto& player : players) {
    CHECK(player->turns > 0);
    CHECK(player->overlap == 0);
  }
}

STROM_EXECUTOR_TEST("a strand's timer runs on the strand") {
  std::atomic<bool> on_strand = false;
  std::atomic<bool> cancelled_ran = false;
  Notification done;
  TestType world;
  Strand strand(world.executor);
  const MonoTime now = world.clock.Now();
  const TimerId later = strand.PostAt(now + Seconds(10), [&] { cancelled_ran = true; });
  strand.PostAt(now + Millis(5), [&] {
    on_strand = strand.IsCurrent();
    done.Notify();
  });
  CHECK(strand.Cancel(later));
  REQUIRE(world.Await(done));
  CHECK(on_strand);
  CHECK_FALSE(cancelled_ran);
}

}  // namespace strom::runtime
