#include <catch2/catch_test_macros.hpp>

#include "common/runtime/thread_pool.h"
#include "pipeline/core/job_clock.h"
#include "pipeline/core/stop_signal.h"
#include "pipeline/core/wake_queue.h"

namespace strom::pipeline {
namespace {

TEST_CASE("a queue hands over in order and wakes its taker", "[pipeline]") {
  WakeQueue<int> queue;
  runtime::ThreadPool pool({.name = "test", .threads = 1});
  pool.Post([&] {
    queue.Put(1);
    queue.Put(2);
  });
  CHECK(queue.Take(MonoTime::Infinite()) == 1);
  CHECK(queue.Take(MonoTime::Infinite()) == 2);
  CHECK(queue.Take(MonoTime()) == std::nullopt);
  pool.Shutdown();
}

TEST_CASE("a closed queue gives nothing more, and lets a waiting taker go", "[pipeline]") {
  WakeQueue<int> queue;
  queue.Put(1);
  runtime::ThreadPool pool({.name = "test", .threads = 1});
  CHECK(queue.Take(MonoTime::Infinite()) == 1);
  pool.Post([&] { queue.Close(); });
  CHECK(queue.Take(MonoTime::Infinite()) == std::nullopt);
  queue.Put(2);
  CHECK(queue.Take(MonoTime::Infinite()) == std::nullopt);
  pool.Shutdown();
}

TEST_CASE("a stop calls its listeners once, and those that come later at once", "[pipeline]") {
  StopSignal stop;
  int calls = 0;
  {
    const StopSignal::Listener gone(stop, [&] { calls += 100; });
  }
  const StopSignal::Listener first(stop, [&] { ++calls; });
  CHECK_FALSE(stop.requested());
  CHECK_FALSE(stop.WaitFor(Millis(0)));
  stop.Request();
  stop.Request();
  CHECK(calls == 1);
  CHECK(stop.requested());
  CHECK(stop.WaitFor(Seconds(100)));
  const StopSignal::Listener late(stop, [&] { calls += 10; });
  CHECK(calls == 11);
}

TEST_CASE("a frozen job clock stands still, another follows the wall clock", "[pipeline]") {
  class Fixed final : public runtime::Clock {
   public:
    MonoTime Now() const override { return MonoTime(1); }
    WallMillis WallNow() const override { return 1234; }
  };
  const Fixed clock;
  CHECK(JobClock(clock).Now() == Timestamp{1234, 0});
  CHECK_FALSE(JobClock(clock).frozen());
  const JobClock frozen(clock, Timestamp{99, 5});
  CHECK(frozen.Now() == Timestamp{99, 5});
  CHECK(frozen.frozen());
}

}  // namespace
}  // namespace strom::pipeline
