#include "common/runtime/strand.h"

#include <deque>
#include <utility>

#include "common/runtime/wait.h"

namespace strom::runtime {
namespace {

// Enough to pay for the trip through the executor, few enough to let the others in.
constexpr int kTasksPerTurn = 16;
// Strands that run each other's tasks inline share one stack.
constexpr int kInlineDepthMax = 8;

// The strand whose task this thread runs, the innermost if they nest, and how deep they nest.
thread_local const void* current_strand = nullptr;
thread_local int inline_depth = 0;

}  // namespace

// Shared by the strand, its queued turn and its timers, so that queued tasks outlive the strand.
struct Strand::State {
  explicit State(Executor& e) : executor(e) {}

  // A turn travelling through the executor. Dropped unrun (shutdown), it drops the strand's tasks
  // too: they may own the strand's owner, and nobody else would ever break that circle.
  class Turn {
   public:
    explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Turn(Turn&&) = default;
    ~Turn() {
      if (state_) state_->DropQueue();
    }
    void operator()() { RunTurn(std::exchange(state_, nullptr)); }

   private:
    std::shared_ptr<State> state_;
  };

  static void Post(const std::shared_ptr<State>& state, Task task) {
    {
      WaitLock lock(state->mutex);
      state->queue.push_back(std::move(task));
      if (std::exchange(state->active, true)) return;
    }
    state->executor.Post(Turn(state));
  }

  // Makes the calling thread the one that runs this strand's tasks, if there is none.
  bool TryEnter() {
    WaitLock lock(mutex);
    return !std::exchange(active, true);
  }

  // Ends TryEnter: the strand is idle again, or its next turn is queued.
  static void Leave(const std::shared_ptr<State>& state) {
    {
      WaitLock lock(state->mutex);
      if (state->queue.empty()) {
        state->active = false;
        return;
      }
    }
    state->executor.Post(Turn(state));
  }

  static void RunTurn(const std::shared_ptr<State>& state) {
    for (int i = 0; i < kTasksPerTurn; ++i) {
      Task task;
      {
        WaitLock lock(state->mutex);
        if (state->queue.empty()) break;
        task = std::move(state->queue.front());
        state->queue.pop_front();
      }
      state->Run(std::move(task));
    }
    Leave(state);
  }

  // Runs and destroys `task` as this strand. noexcept: a task that throws ends the process.
  void Run(Task task) noexcept {
    const void* const outer = std::exchange(current_strand, this);
    task();
    task = nullptr;
    current_strand = outer;
  }

  void DropQueue() {
    std::deque<Task> dropped;  // Destroyed without the lock: destructors may post.
    WaitLock lock(mutex);
    std::swap(dropped, queue);
    active = false;
  }

  Executor& executor;
  WaitMutex mutex;
  std::deque<Task> queue ABSL_GUARDED_BY(mutex);
  // A turn is queued on the executor, or a thread is running a task.
  bool active ABSL_GUARDED_BY(mutex) = false;
};

Strand::Strand(Executor& executor) : state_(std::make_shared<State>(executor)) {}

Strand::~Strand() = default;

void Strand::Post(Task task) { State::Post(state_, std::move(task)); }

void Strand::Dispatch(Task task) {
  const std::shared_ptr<State> state = state_;  // The task may destroy this strand.
  if (inline_depth >= kInlineDepthMax || !state->executor.AllowInline() || !state->TryEnter()) {
    State::Post(state, std::move(task));
    return;
  }
  ++inline_depth;
  state->Run(std::move(task));
  --inline_depth;
  State::Leave(state);
}

TimerId Strand::PostAt(MonoTime when, Task task) {
  return state_->executor.PostAt(when, [state = state_, task = std::move(task)]() mutable {
    State::Post(state, std::move(task));
  });
}

bool Strand::Cancel(TimerId timer) { return state_->executor.Cancel(timer); }

bool Strand::IsCurrent() const { return current_strand == state_.get(); }

Executor& Strand::executor() const { return state_->executor; }

}  // namespace strom::runtime
