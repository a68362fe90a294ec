#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/runtime/timer_queue.h"
#include "tests/sim/world/sim_random.h"
#include "tests/sim/world/trace_hash.h"

namespace strom::sim {

// Time and threads of a simulated world, on the one thread of the test. Any of the tasks that can
// run may be next; the seed decides. A task takes no time; time moves only when nothing can run,
// and then straight to the next timer.
//
// It is an executor itself, for small tests; in a cluster each server has SimExecutors of its own.
// Outlives all of them and every clock.
class SimScheduler final : public runtime::Executor {
 public:
  explicit SimScheduler(uint64_t seed) : random_(seed) {}
  ~SimScheduler() override;  // Drops what is queued.

  void Post(runtime::Task task) override;
  runtime::TimerId PostAt(MonoTime when, runtime::Task task) override;
  bool Cancel(runtime::TimerId timer) override;
  bool AllowInline() override { return random_.Chance(0.5); }

  // Runs tasks until `predicate`, asked before each, holds: true; or until `limit` has passed:
  // false. None of the Run functions may be called in a task.
  bool RunUntil(absl::FunctionRef<bool()> predicate, MonoDuration limit);
  // Runs what is due within `duration`, and lets all of it pass.
  void RunFor(MonoDuration duration);
  // Runs tasks until none can run at this instant.
  void RunReady() { RunFor(MonoDuration()); }

  MonoTime now() const { return now_; }
  // Also for the world's other decisions; parts that decide often Fork it.
  SimRandom& random() { return random_; }
  // Holds every task run so far; other parts of the world mix in what they did.
  TraceHash& trace() { return trace_; }
  uint64_t tasks_run() const { return tasks_run_; }

 private:
  friend class SimExecutor;

  struct Entry {
    uint64_t owner;  // 0: the scheduler's own.
    uint64_t sequence;
    runtime::Task task;
  };

  void PostFor(uint64_t owner, runtime::Task task);
  runtime::TimerId PostAtFor(uint64_t owner, MonoTime when, runtime::Task task);
  void DropTasksOf(uint64_t owner);
  void SetPaused(uint64_t owner, bool paused);
  void AddRunnable(Entry entry);
  // Moves timers that are due to the runnable tasks.
  void WakeDue();
  // False if nothing can run up to `deadline`.
  bool RunOne(MonoTime deadline);

  SimRandom random_;
  TraceHash trace_;
  MonoTime now_ = MonoTime() + Seconds(1000);  // Not zero: nobody may take that for "never".
  std::vector<Entry> runnable_;
  std::map<uint64_t, std::vector<Entry>> paused_;  // By owner; what would be runnable.
  runtime::TimerQueue<Entry> timers_;
  uint64_t owners_ = 0;
  uint64_t sequence_ = 0;
  uint64_t tasks_run_ = 0;
  uint64_t tasks_run_now_ = 0;  // Since time last moved.
  bool running_ = false;        // A task is on the stack.
  bool closed_ = false;
};

// One pool of one simulated server.
class SimExecutor final : public runtime::Executor {
 public:
  explicit SimExecutor(SimScheduler& scheduler);
  ~SimExecutor() override { Shutdown(); }

  void Post(runtime::Task task) override;
  runtime::TimerId PostAt(MonoTime when, runtime::Task task) override;
  bool Cancel(runtime::TimerId timer) override { return scheduler_.Cancel(timer); }
  bool AllowInline() override { return !closed_ && scheduler_.AllowInline(); }

  // The server dies: its tasks and timers are dropped unrun, and so are later ones.
  void Shutdown();
  // The server stands still (SIGSTOP, a machine that is suspended), or goes on. What others do
  // inline in it, as a strand's Dispatch may, is not prevented.
  void SetPaused(bool paused) { scheduler_.SetPaused(owner_, paused); }
  // Every task from now on waits up to so long before it can run: a slow disk, if these are the
  // tasks that touch it. 0 ends it.
  void SetDelay(MonoDuration delay_max) { delay_max_ = delay_max; }

 private:
  SimScheduler& scheduler_;
  const uint64_t owner_;
  MonoDuration delay_max_;
  bool closed_ = false;
};

// The clocks of one simulated server: monotonic time is the scheduler's, wall time may be off.
class SimClock final : public runtime::Clock {
 public:
  explicit SimClock(const SimScheduler& scheduler) : scheduler_(scheduler) {}

  MonoTime Now() const override { return scheduler_.now(); }
  WallMillis WallNow() const override;

  // Moves wall time by this much from now on, either way.
  void JumpWall(int64_t by_ms) { wall_offset_ms_ += by_ms; }

 private:
  const SimScheduler& scheduler_;
  int64_t wall_offset_ms_ = 0;
};

}  // namespace strom::sim
