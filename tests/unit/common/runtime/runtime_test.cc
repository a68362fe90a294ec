// The small pieces: clocks, random numbers, notifications, the timer queue.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"
#include "common/runtime/timer_queue.h"

namespace strom::runtime {

TEST_CASE("deadlines saturate instead of wrapping round", "[runtime]") {
  CHECK(MonoTime(5) + MonoDuration::Max() == MonoTime::Infinite());
  CHECK(MonoTime::Infinite() + Seconds(1) == MonoTime::Infinite());
  CHECK(MonoTime(5) + Seconds(-1) < MonoTime(0));
  CHECK((MonoTime() + Seconds(3)) - (MonoTime() + Millis(1)) == Millis(2999));
}

TEST_CASE("real clocks agree with the machine's", "[runtime]") {
  const RealClock clock;
  MonoTime last = clock.Now();
  for (int i = 0; i < 1000; ++i) {
    const MonoTime now = clock.Now();
    REQUIRE(now >= last);
    last = now;
  }
  CHECK(last > MonoTime());
  CHECK(clock.WallNow() > 1'700'000'000'000);  // November 2023, in milliseconds.
  CHECK(clock.WallNow() < 10'000'000'000'000);
}

TEST_CASE("uniform numbers stay below their bound and come up equally often", "[runtime]") {
  RealRandom random;
  std::array<int, 10> counts = {};
  for (int i = 0; i < 20000; ++i) ++counts.at(random.Uniform(counts.size()));
  // 2000 expected, standard deviation 42: ten of them happen to no one.
  for (const int count : counts) CHECK(std::abs(count - 2000) < 420);
  for (int i = 0; i < 100; ++i) CHECK(random.Uniform(1) == 0);

  // Two thirds of 2^64: a plain remainder would favour the lower half two to one.
  const uint64_t bound = UINT64_MAX / 3 * 2;
  int low = 0;
  for (int i = 0; i < 20000; ++i) low += random.Uniform(bound) < bound / 2 ? 1 : 0;
  CHECK(std::abs(low - 10000) < 710);
}

TEST_CASE("chance keeps its odds", "[runtime]") {
  RealRandom random;
  int hits = 0;
  for (int i = 0; i < 10000; ++i) {
    REQUIRE_FALSE(random.Chance(0));
    REQUIRE(random.Chance(1));
    hits += random.Chance(0.25) ? 1 : 0;
  }
  CHECK(std::abs(hits - 2500) < 440);
}

TEST_CASE("two sources of randomness do not agree", "[runtime]") {
  RealRandom one;
  RealRandom two;
  CHECK(std::array{one.Next(), one.Next()} != std::array{two.Next(), two.Next()});
}

TEST_CASE("a notification wakes its waiters once and for all", "[runtime]") {
  Notification notification;
  CHECK_FALSE(notification.HasBeenNotified());
  const MonoTime start = SystemNow();
  CHECK_FALSE(notification.WaitFor(Millis(5)));
  CHECK(SystemNow() >= start + Millis(5));
  CHECK_FALSE(notification.WaitUntil(start));  // Long past.

  ThreadPool pool({.name = "notify", .threads = 2});
  pool.Post([&] { notification.Notify(); });
  notification.Wait();
  CHECK(notification.HasBeenNotified());
  notification.Notify();
  CHECK(notification.WaitUntil(start));  // Past, but it has happened.
}

TEST_CASE("a notification may go as soon as it was seen", "[runtime]") {
  ThreadPool pool({.name = "short-lived", .threads = 2});
  for (int i = 0; i < 500; ++i) {
    Notification notification;  // On the stack, gone while Notify may still be returning.
    pool.Post([&] { notification.Notify(); });
    if (i % 2 == 0) {
      notification.Wait();
    } else {
      while (!notification.HasBeenNotified()) {
      }
    }
  }
  SUCCEED();  // The sanitizers and the kernel judge.
}

TEST_CASE("a timer queue gives items back by time, then by age", "[runtime]") {
  TimerQueue<std::string> queue;
  CHECK(queue.next() == MonoTime::Infinite());
  CHECK_FALSE(queue.PopDue(MonoTime::Infinite()).has_value());

  queue.Add(MonoTime(20), "second");
  const TimerId removed = queue.Add(MonoTime(5), "removed");
  queue.Add(MonoTime(20), "third");
  queue.Add(MonoTime(10), "first");
  CHECK(queue.next() == MonoTime(5));
  CHECK(queue.Remove(removed) == "removed");
  CHECK_FALSE(queue.Remove(removed).has_value());
  CHECK(queue.next() == MonoTime(10));

  CHECK_FALSE(queue.PopDue(MonoTime(9)).has_value());
  CHECK(queue.PopDue(MonoTime(10)) == "first");
  CHECK_FALSE(queue.PopDue(MonoTime(10)).has_value());
  CHECK(queue.PopDue(MonoTime(30)) == "second");
  CHECK(queue.PopDue(MonoTime(30)) == "third");
  CHECK(queue.size() == 0);
}

TEST_CASE("a timer queue gives up what a predicate picks", "[runtime]") {
  TimerQueue<std::string> queue;
  const TimerId odd = queue.Add(MonoTime(1), "odd");
  queue.Add(MonoTime(2), "even");
  queue.Add(MonoTime(3), "odd");
  const auto is_odd = [](const std::string& item) { return item == "odd"; };
  CHECK(queue.RemoveIf(is_odd) == std::vector<std::string>{"odd", "odd"});
  CHECK_FALSE(queue.Remove(odd).has_value());
  CHECK(queue.PopDue(MonoTime(9)) == "even");
  CHECK(queue.size() == 0);
}

}  // namespace strom::runtime
