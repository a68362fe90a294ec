#include "common/rpc/framed/event_loop.h"

#include <chrono>
#include <utility>

#include <pthread.h>

#include <absl/base/thread_annotations.h>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "common/base/check.h"
#include "common/runtime/timer_queue.h"
#include "common/runtime/wait.h"

namespace strom::rpc::framed {
namespace {

thread_local const EventLoop* current_loop = nullptr;

}  // namespace

struct EventLoop::State {
  explicit State(const runtime::Clock& c)
      : clock(c), io(1), work(asio::make_work_guard(io)), alarm(io) {}

  // One Asio timer, for the earliest of ours. On the loop's thread.
  void ArmAlarm() {
    MonoTime next;
    {
      runtime::WaitLock lock(mutex);
      next = timers.next();
    }
    if (next == MonoTime::Infinite()) {
      alarm.cancel();
      return;
    }
    alarm.expires_after(std::chrono::nanoseconds((next - clock.Now()).nanos()));
    alarm.async_wait([this](const asio::error_code& error) {
      if (!error) RunDue();
    });
  }

  void RunDue() {
    while (true) {
      std::optional<runtime::Task> task;
      {
        runtime::WaitLock lock(mutex);
        task = timers.PopDue(clock.Now());
      }
      if (!task) break;
      (*task)();
    }
    ArmAlarm();
  }

  const runtime::Clock& clock;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer alarm;  // On the loop's thread.
  runtime::WaitMutex mutex;
  runtime::TimerQueue<runtime::Task> timers ABSL_GUARDED_BY(mutex);
};

EventLoop::EventLoop(const runtime::Clock& clock) : state_(std::make_unique<State>(clock)) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "strom-framed");
    current_loop = this;
    state_->io.run();
  });
}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Post(runtime::Task task) { asio::post(state_->io, std::move(task)); }

runtime::TimerId EventLoop::PostAt(MonoTime when, runtime::Task task) {
  runtime::TimerId id;
  bool earliest;
  {
    runtime::WaitLock lock(state_->mutex);
    earliest = when < state_->timers.next();
    id = state_->timers.Add(when, std::move(task));
  }
  if (earliest) asio::post(state_->io, [state = state_.get()] { state->ArmAlarm(); });
  return id;
}

bool EventLoop::Cancel(runtime::TimerId timer) {
  std::optional<runtime::Task> task;  // Destroyed without the lock.
  runtime::WaitLock lock(state_->mutex);
  task = state_->timers.Remove(timer);
  return task.has_value();
}

bool EventLoop::IsCurrent() const { return current_loop == this; }

asio::io_context& EventLoop::io() { return state_->io; }

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  STROM_CHECK(!IsCurrent()) << "an event loop cannot stop itself";
  state_->io.stop();
  thread_.join();
}

}  // namespace strom::rpc::framed
