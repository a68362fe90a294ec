#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "common/runtime/thread_waits.h"
#include "tests/sim/world/sim_scheduler.h"
#include "tests/sim/world/sim_stack.h"

namespace strom::sim {

class SimThreads;

// How all threads of the simulated world wait, while this lives. One at a time.
class SimWaits final : public runtime::ThreadWaits {
 public:
  explicit SimWaits(const SimScheduler& scheduler);
  ~SimWaits() override;

  MonoTime Now() const override { return scheduler_.now(); }
  void Sleep(const void* what, MonoTime deadline) override;
  void Wake(const void* what) override;

 private:
  friend class SimThreads;
  struct Sleeper {
    SimThreads* threads = nullptr;
    uint64_t thread = 0;
    uint64_t sleep = 0;
  };

  const SimScheduler& scheduler_;
  std::multimap<const void*, Sleeper> sleepers_;
};

// The threads of one simulated process whose tasks may wait: each task is a thread, begun and gone
// on with by tasks of `executor`, so that it stands still and ends with it.
class SimThreads final : public runtime::Executor {
 public:
  SimThreads(SimWaits& waits, SimExecutor& executor) : waits_(waits), executor_(executor) {}
  // The process is dead: its executor is shut down. Threads that wait are ended where they are;
  // what is on their stacks is destroyed. Not in a thread.
  ~SimThreads() override;

  void Post(runtime::Task task) override;
  runtime::TimerId PostAt(MonoTime when, runtime::Task task) override;
  bool Cancel(runtime::TimerId timer) override { return executor_.Cancel(timer); }
  bool AllowInline() override { return false; }

 private:
  friend class SimWaits;
  struct Thread {
    runtime::Task task;               // Until it begins,
    std::unique_ptr<SimStack> stack;  // and then.
    uint64_t sleep = 0;               // Which of its sleeps it is in, or was in last.
    bool asleep = false;
    bool waking = false;  // A task that ends the sleep is posted.
  };
  // What unwinds a thread whose process is dead.
  struct Ended {};

  void Begin(uint64_t id);
  void Run(uint64_t id);
  void Sleep(const void* what, MonoTime deadline);
  // Ends this sleep of the thread, if it is still in it.
  void Wake(uint64_t id, uint64_t sleep);
  void WakeLater(uint64_t id, uint64_t sleep);
  Thread* Sleeping(uint64_t id, uint64_t sleep);

  SimWaits& waits_;
  SimExecutor& executor_;
  std::map<uint64_t, Thread> threads_;
  uint64_t last_id_ = 0;
  uint64_t running_ = 0;  // Which runs now.
  bool ending_ = false;
};

}  // namespace strom::sim
