#include "common/runtime/thread_pool.h"

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"

namespace strom::runtime {
namespace {

const MonoDuration kPatience = Seconds(20);

// Calls a function when destroyed, wherever it was moved to.
std::shared_ptr<void> OnDestruction(std::function<void()> call) {
  static int anything = 0;
  return {&anything, [call = std::move(call)](void*) { call(); }};
}

}  // namespace

TEST_CASE("a pool of N threads runs N tasks at the same time", "[runtime]") {
  constexpr int kThreads = 3;
  ThreadPool pool({.name = "together", .threads = kThreads});
  std::atomic<int> arrived = 0;
  Notification all_there;
  std::vector<Notification> left(kThreads);
  for (Notification& leaving : left) {
    pool.Post([&] {
      if (++arrived == kThreads) all_there.Notify();
      all_there.WaitFor(kPatience);  // Each needs the others to be running.
      leaving.Notify();
    });
  }
  CHECK(all_there.WaitFor(kPatience));
  for (Notification& leaving : left) CHECK(leaving.WaitFor(kPatience));
}

TEST_CASE("one thread runs tasks in the order they were posted, under the pool's name",
          "[runtime]") {
  ThreadPool pool({.name = "a name that is too long"});
  std::vector<int> order;
  std::string name(32, '\0');
  Notification done;
  for (int i = 0; i < 5; ++i) pool.Post([&, i] { order.push_back(i); });
  pool.Post([&] {
    pthread_getname_np(pthread_self(), name.data(), name.size());
    done.Notify();
  });
  REQUIRE(done.WaitFor(kPatience));
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(std::string(name.c_str()) == "a name that is ");
}

TEST_CASE("timers fire by time, not by the order they were set, and never early", "[runtime]") {
  ThreadPool pool({.name = "timers"});
  const RealClock clock;
  const MonoTime start = clock.Now();
  std::vector<int> order;  // Of one thread.
  std::vector<MonoTime> fired_at;
  Notification done;
  const auto note = [&](int which) {
    order.push_back(which);
    fired_at.push_back(clock.Now());
    if (order.size() == 3) done.Notify();
  };
  pool.PostAt(start + Seconds(600), [&] { note(600); });
  pool.PostAt(start + Millis(60), [&] { note(60); });  // Wakes the timer thread to wait less.
  pool.PostAt(start + Millis(20), [&] { note(20); });
  pool.PostAt(start + Seconds(-1), [&] { note(0); });
  REQUIRE(done.WaitFor(kPatience));
  CHECK(order == std::vector<int>{0, 20, 60});
  CHECK(fired_at[1] >= start + Millis(20));
  CHECK(fired_at[2] >= start + Millis(60));
}

TEST_CASE("a cancelled timer never fires, and its task is freed at once", "[runtime]") {
  ThreadPool pool({.name = "cancel"});
  const RealClock clock;
  bool freed = false;
  std::atomic<bool> ran = false;
  const TimerId timer =
      pool.PostAt(clock.Now() + Millis(500),
                  [&ran, owned = OnDestruction([&] { freed = true; })] { ran = true; });
  CHECK(timer != kNoTimer);
  CHECK(pool.Cancel(timer));
  CHECK(freed);
  CHECK_FALSE(pool.Cancel(timer));
  CHECK_FALSE(pool.Cancel(kNoTimer));

  std::set<TimerId> ids;
  for (int i = 0; i < 10; ++i) ids.insert(pool.PostAt(MonoTime::Infinite(), [&] { ran = true; }));
  CHECK(ids.size() == 10);
  CHECK_FALSE(ids.contains(timer));

  Notification fired;
  const TimerId soon = pool.PostAt(clock.Now(), [&] { fired.Notify(); });
  REQUIRE(fired.WaitFor(kPatience));
  CHECK_FALSE(pool.Cancel(soon));
  CHECK_FALSE(ran);
}

TEST_CASE("a full queue refuses what can be refused and takes the rest", "[runtime]") {
  ThreadPool pool({.name = "bounded", .threads = 1, .queue_limit = 2});
  Notification started;
  Notification release;
  pool.Post([&] {
    started.Notify();
    release.Wait();
  });
  REQUIRE(started.WaitFor(kPatience));

  std::atomic<int> ran = 0;
  Notification last;
  const auto make = [&]() -> Task { return [&] { ++ran; }; };
  Task first = make();
  CHECK(pool.TryPost(first));
  CHECK_FALSE(first);
  Task second = make();
  CHECK(pool.TryPost(second));
  CHECK(pool.queue_length() == 2);

  Task refused = make();
  CHECK_FALSE(pool.TryPost(refused));
  REQUIRE(refused);  // Untouched: the caller may answer, or try again.
  CHECK(pool.refused_count() == 1);
  CHECK(pool.queue_length() == 2);
  pool.Post(make());
  pool.Post([&] { last.Notify(); });
  CHECK(pool.queue_length() == 4);
  CHECK_FALSE(pool.TryPost(refused));

  release.Notify();
  REQUIRE(last.WaitFor(kPatience));
  CHECK(ran == 3);
  CHECK(pool.queue_length() == 0);
  CHECK(pool.TryPost(refused));
}

TEST_CASE("shutdown waits for what runs and drops what waits", "[runtime]") {
  ThreadPool pool({.name = "shutdown", .threads = 1, .queue_limit = 10});
  Notification started;
  bool finished = false;
  std::atomic<bool> dropped_ran = false;
  int freed = 0;
  pool.Post([&] {
    started.Notify();
    while (pool.AllowInline()) std::this_thread::yield();  // Until Shutdown has begun.
    finished = true;
  });
  REQUIRE(started.WaitFor(kPatience));
  const auto free_and_post = [&] {  // Destructors may well use the pool.
    ++freed;
    pool.Post([&] { dropped_ran = true; });
  };
  pool.Post([&dropped_ran, owned = OnDestruction(free_and_post)] { dropped_ran = true; });
  pool.PostAt(SystemNow() + Seconds(600),
              [&dropped_ran, owned = OnDestruction(free_and_post)] { dropped_ran = true; });

  pool.Shutdown();
  CHECK(finished);
  CHECK(freed == 2);
  CHECK_FALSE(dropped_ran);

  pool.Post([&, owned = OnDestruction([&] { ++freed; })] { dropped_ran = true; });
  CHECK(freed == 3);
  CHECK(pool.PostAt(SystemNow(), [&] { dropped_ran = true; }) == kNoTimer);
  Task late = [&] { dropped_ran = true; };
  CHECK(pool.TryPost(late));
  CHECK_FALSE(late);
  CHECK_FALSE(pool.AllowInline());
  pool.Shutdown();
  CHECK_FALSE(dropped_ran);
}

}  // namespace strom::runtime
