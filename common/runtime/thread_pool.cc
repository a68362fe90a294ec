#include "common/runtime/thread_pool.h"

#include <utility>

#include <pthread.h>
#include <sys/resource.h>

#include "common/base/check.h"

namespace strom::runtime {
namespace {

thread_local const ThreadPool* pool_of_thread = nullptr;

}  // namespace

ThreadPool::ThreadPool(Options options)
    : options_(std::move(options)), timers_([this](Task task) { Post(std::move(task)); }) {
  STROM_CHECK(options_.threads > 0) << options_.name;
  threads_.reserve(options_.threads);
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() { Shutdown(); }

void ThreadPool::Post(Task task) {
  {
    WaitLock lock(mutex_);
    if (stopping_) return;  // The task is destroyed by the caller, without our lock.
    queue_.push_back(std::move(task));
  }
  work_.NotifyOne();
}

bool ThreadPool::TryPost(Task& task) {
  {
    WaitLock lock(mutex_);
    if (!stopping_) {
      if (queue_.size() >= options_.queue_limit) {
        ++refused_count_;
        return false;
      }
      queue_.push_back(std::move(task));
    }
  }
  task = nullptr;
  work_.NotifyOne();
  return true;
}

TimerId ThreadPool::PostAt(MonoTime when, Task task) { return timers_.Add(when, std::move(task)); }

bool ThreadPool::Cancel(TimerId timer) { return timers_.Cancel(timer); }

void ThreadPool::Shutdown() {
  STROM_CHECK(pool_of_thread != this) << options_.name << " shut down by one of its own tasks";
  {
    WaitLock lock(mutex_);
    stopping_ = true;
  }
  work_.NotifyAll();
  timers_.Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  std::deque<Task> dropped;  // Destroyed without the lock: destructors may post.
  WaitLock lock(mutex_);
  std::swap(dropped, queue_);
}

size_t ThreadPool::queue_length() const {
  WaitLock lock(mutex_);
  return queue_.size();
}

void ThreadPool::Work() {
  pool_of_thread = this;
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  // On Linux it is each thread's own. To give way is always allowed.
  if (options_.niceness > 0) setpriority(PRIO_PROCESS, 0, options_.niceness);
  mutex_.Lock();
  while (!stopping_) {
    if (queue_.empty()) {
      work_.WaitUntil(mutex_, MonoTime::Infinite());
      continue;
    }
    Task task = std::move(queue_.front());
    queue_.pop_front();
    mutex_.Unlock();
    task();
    task = nullptr;  // What it owns goes before the next one starts, and without the lock.
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace strom::runtime
