#include "common/runtime/timer_thread.h"

#include <utility>

#include "common/runtime/system_clock.h"

namespace strom::runtime {

TimerThread::~TimerThread() { Stop(); }

TimerId TimerThread::Add(MonoTime when, Task task) {
  WaitLock lock(mutex_);
  if (stopping_) return kNoTimer;  // The argument is destroyed by the caller, without our lock.
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  const MonoTime next_before = timers_.next();
  const TimerId timer = timers_.Add(when, std::move(task));
  if (when < next_before) changed_.NotifyOne();
  return timer;
}

bool TimerThread::Cancel(TimerId timer) {
  std::optional<Task> removed;  // Destroyed after the lock: destructors may call us.
  WaitLock lock(mutex_);
  removed = timers_.Remove(timer);
  return removed.has_value();
}

void TimerThread::Stop() {
  TimerQueue<Task> dropped;
  std::thread thread;
  {
    WaitLock lock(mutex_);
    stopping_ = true;
    std::swap(dropped, timers_);
    std::swap(thread, thread_);
    changed_.NotifyOne();
  }
  if (thread.joinable()) thread.join();
}

void TimerThread::Run() {
  mutex_.Lock();
  while (!stopping_) {
    std::optional<Task> due = timers_.PopDue(SystemNow());
    if (due) {
      mutex_.Unlock();
      sink_(*std::move(due));
      mutex_.Lock();
    } else {
      changed_.WaitUntil(mutex_, timers_.next());
    }
  }
  mutex_.Unlock();
}

}  // namespace strom::runtime
