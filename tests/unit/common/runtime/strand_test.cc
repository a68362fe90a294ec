#include "common/runtime/strand.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"

namespace strom::runtime {
namespace {

const MonoDuration kPatience = Seconds(20);  // Far more than any machine needs.

// Keeps the only thread of a pool busy until released, so that what is posted meanwhile queues up.
class Hold {
 public:
  explicit Hold(Executor& executor) {
    executor.Post([this] {
      held_.Notify();
      release_.Wait();
      released_.Notify();
    });
    held_.Wait();
  }
  ~Hold() { Release(); }
  void Release() {
    release_.Notify();
    released_.Wait();
  }

 private:
  Notification held_, release_, released_;
};

// Returns once everything posted to `strand` before has run.
bool Settle(Strand& strand) {
  auto done = std::make_shared<Notification>();
  strand.Post([done] { done->Notify(); });
  return done->WaitFor(kPatience);
}

}  // namespace

TEST_CASE("a strand on many threads runs one task at a time, in each poster's order", "[runtime]") {
  constexpr int kPosters = 4;
  constexpr int kTasks = 2000;
  ThreadPool pool({.name = "strand", .threads = 4});
  ThreadPool posters({.name = "posters", .threads = kPosters});
  Strand strand(pool);

  std::vector<int> next(kPosters, 0);  // Owned by the strand: a data race would show in TSAN.
  int out_of_order = 0;
  std::atomic<int> inside = 0;
  std::atomic<int> overlaps = 0;
  std::vector<Notification> posted(kPosters);
  for (int poster = 0; poster < kPosters; ++poster) {
    posters.Post([&, poster] {
      for (int i = 0; i < kTasks; ++i) {
        // A mix: dispatched tasks keep their place among posted ones.
        Task task = [&, poster, i] {
          if (++inside != 1) ++overlaps;
          if (next[poster]++ != i) ++out_of_order;
          --inside;
        };
        i % 3 == 0 ? strand.Dispatch(std::move(task)) : strand.Post(std::move(task));
      }
      posted[poster].Notify();
    });
  }
  for (Notification& done : posted) REQUIRE(done.WaitFor(kPatience));
  REQUIRE(Settle(strand));
  CHECK(next == std::vector<int>(kPosters, kTasks));
  CHECK(out_of_order == 0);
  CHECK(overlaps == 0);
}

TEST_CASE("a busy strand lets another one in before it is done", "[runtime]") {
  ThreadPool pool({.name = "fair"});
  Strand busy(pool);
  Strand modest(pool);
  Hold hold(pool);
  int busy_done = 0;
  int busy_done_before_modest = -1;
  for (int i = 0; i < 100; ++i) busy.Post([&] { ++busy_done; });
  modest.Post([&] { busy_done_before_modest = busy_done; });
  hold.Release();
  REQUIRE(Settle(busy));
  CHECK(busy_done == 100);
  CHECK(busy_done_before_modest > 0);
  CHECK(busy_done_before_modest < 100);
}

TEST_CASE("dispatch runs inline on an idle strand only", "[runtime]") {
  ThreadPool pool({.name = "inline"});
  Strand strand(pool);

  SECTION("idle: on the calling thread, before it returns") {
    std::thread::id ran_on;
    strand.Dispatch([&] { ran_on = std::this_thread::get_id(); });
    CHECK(ran_on == std::this_thread::get_id());
  }
  SECTION("a task that waits its turn is not overtaken") {
    Hold hold(pool);
    std::vector<int> order;
    strand.Post([&] { order.push_back(1); });
    strand.Dispatch([&] { order.push_back(2); });
    CHECK(order.empty());
    hold.Release();
    REQUIRE(Settle(strand));
    CHECK(order == std::vector<int>{1, 2});
  }
  SECTION("a task that dispatches to its own strand is not re-entered") {
    std::vector<int> order;
    strand.Dispatch([&] {
      strand.Dispatch([&] { order.push_back(2); });
      order.push_back(1);
    });
    REQUIRE(Settle(strand));
    CHECK(order == std::vector<int>{1, 2});
  }
  SECTION("nor is it over a detour through another strand") {
    Strand other(pool);
    std::vector<int> order;
    strand.Dispatch([&] {
      other.Dispatch([&] { strand.Dispatch([&] { order.push_back(2); }); });
      order.push_back(1);
    });
    REQUIRE(Settle(strand));
    CHECK(order == std::vector<int>{1, 2});
  }
  SECTION("what was posted during an inline task runs afterwards, on the pool") {
    std::thread::id ran_on;
    strand.Dispatch([&] { strand.Post([&] { ran_on = std::this_thread::get_id(); }); });
    REQUIRE(Settle(strand));
    CHECK(ran_on != std::thread::id());
    CHECK(ran_on != std::this_thread::get_id());
  }
}

TEST_CASE("a chain of strands does not nest on one stack without end", "[runtime]") {
  ThreadPool pool({.name = "chain"});
  std::vector<std::unique_ptr<Strand>> strands;
  for (int i = 0; i < 100; ++i) strands.push_back(std::make_unique<Strand>(pool));
  std::atomic<int> nested = 0;
  std::atomic<int> nested_max = 0;
  Notification done;
  std::function<void(size_t)> go_on = [&](size_t i) {
    if (i == strands.size()) return done.Notify();
    strands[i]->Dispatch([&, i] {
      nested_max = std::max<int>(nested_max, ++nested);
      go_on(i + 1);
      --nested;
    });
  };
  {
    Hold hold(pool);  // The rest of the chain waits until this thread's part is done.
    go_on(0);
    CHECK(nested == 0);
    CHECK(nested_max > 1);
    CHECK(nested_max < 20);
  }
  CHECK(done.WaitFor(kPatience));
}

TEST_CASE("a strand is current in its own tasks, the innermost one", "[runtime]") {
  ThreadPool pool({.name = "current"});
  Strand outer(pool);
  Strand inner(pool);
  CHECK_FALSE(outer.IsCurrent());
  outer.Dispatch([&] {
    CHECK(outer.IsCurrent());
    STROM_ASSERT_ON(outer);
    inner.Dispatch([&] {
      CHECK(inner.IsCurrent());
      CHECK_FALSE(outer.IsCurrent());  // As if it had been posted.
    });
    CHECK(outer.IsCurrent());
    CHECK_FALSE(inner.IsCurrent());
  });
  CHECK_FALSE(outer.IsCurrent());
}

TEST_CASE("what a task owns is destroyed on its strand", "[runtime]") {
  ThreadPool pool({.name = "owner"});
  Strand strand(pool);
  bool destroyed_on_strand = false;
  const auto on_destruction = [&](int*) { destroyed_on_strand = strand.IsCurrent(); };
  static int anything = 0;
  strand.Post([owned = std::shared_ptr<int>(&anything, on_destruction)] {});
  REQUIRE(Settle(strand));
  CHECK(destroyed_on_strand);
}

TEST_CASE("tasks outlive the strand they were given to", "[runtime]") {
  ThreadPool pool({.name = "outlive"});
  Notification ran;
  {
    Hold hold(pool);
    auto strand = std::make_unique<Strand>(pool);
    for (int i = 0; i < 40; ++i) strand->Post([] {});
    strand->Post([&] { ran.Notify(); });
    strand.reset();
  }
  CHECK(ran.WaitFor(kPatience));

  auto suicidal = std::make_unique<Strand>(pool);
  suicidal->Dispatch([&] { suicidal.reset(); });
  CHECK(suicidal == nullptr);
}

TEST_CASE("a strand's timer runs its task on the strand, unless cancelled", "[runtime]") {
  ThreadPool pool({.name = "timer", .threads = 2});
  Strand strand(pool);
  const RealClock clock;
  std::atomic<bool> cancelled_ran = false;
  std::atomic<bool> on_strand = false;
  Notification fired;
  const TimerId later = strand.PostAt(clock.Now() + Seconds(600), [&] { cancelled_ran = true; });
  const TimerId soon = strand.PostAt(clock.Now() + Millis(1), [&] {
    on_strand = strand.IsCurrent();
    fired.Notify();
  });
  REQUIRE(fired.WaitFor(kPatience));
  CHECK(on_strand);
  CHECK_FALSE(strand.Cancel(soon));
  CHECK(strand.Cancel(later));
  CHECK_FALSE(strand.Cancel(later));
  CHECK_FALSE(cancelled_ran);
}

TEST_CASE("a shut-down executor frees a strand's tasks, even those that own the strand",
          "[runtime]") {
  struct Owner {
    explicit Owner(Executor& executor) : strand(executor) {}
    Strand strand;
  };
  ThreadPool pool({.name = "shutdown"});
  std::weak_ptr<Owner> observer;
  bool ran = false;
  Notification entered;
  pool.Post([&] {
    entered.Notify();
    while (pool.AllowInline()) std::this_thread::yield();  // Until the pool is shutting down.
  });
  REQUIRE(entered.WaitFor(kPatience));
  {
    auto owner = std::make_shared<Owner>(pool);
    observer = owner;
    owner->strand.Post([&ran, owner] { ran = true; });  // A circle: the task, the owner, the queue.
    owner->strand.Post([owner] {});
  }
  CHECK_FALSE(observer.expired());
  pool.Shutdown();
  CHECK(observer.expired());

  Strand late(pool);
  late.Post([&] { ran = true; });
  late.Dispatch([&] { ran = true; });
  CHECK_FALSE(ran);
}

}  // namespace strom::runtime
