#include "tests/sim/world/sim_threads.h"

#include <utility>

#include "common/base/check.h"

namespace strom::sim {
namespace {

SimThreads* running_process = nullptr;  // Whose thread runs now.

}  // namespace

SimWaits::SimWaits(const SimScheduler& scheduler) : scheduler_(scheduler) {
  STROM_CHECK(Current() == nullptr) << "there is one simulated world a thread";
  SetCurrent(this);
}

SimWaits::~SimWaits() { SetCurrent(nullptr); }

void SimWaits::Sleep(const void* what, MonoTime deadline) {
  STROM_CHECK(running_process != nullptr) << "a task waits that is no thread";
  running_process->Sleep(what, deadline);
}

void SimWaits::Wake(const void* what) {
  const auto [begin, end] = sleepers_.equal_range(what);
  for (auto at = begin; at != end; ++at) {
    at->second.threads->WakeLater(at->second.thread, at->second.sleep);
  }
}

SimThreads::~SimThreads() {
  ending_ = true;
  while (!threads_.empty()) {
    const uint64_t id = threads_.begin()->first;
    if (threads_.begin()->second.stack) {
      Run(id);
      STROM_CHECK(!threads_.contains(id)) << "a thread outlives its process";
    } else {
      threads_.erase(id);
    }
  }
}

void SimThreads::Post(runtime::Task task) {
  if (ending_) return;
  const uint64_t id = ++last_id_;
  threads_[id].task = std::move(task);
  executor_.Post([this, id] { Begin(id); });
}

runtime::TimerId SimThreads::PostAt(MonoTime when, runtime::Task task) {
  return executor_.PostAt(
      when, [this, task = std::move(task)]() mutable { Post(std::move(task)); });
}

void SimThreads::Begin(uint64_t id) {
  Thread& thread = threads_.at(id);
  thread.stack = std::make_unique<SimStack>([task = std::move(thread.task)]() mutable {
    try {
      task();
    } catch (const Ended&) {
    }
    task = nullptr;
  });
  Run(id);
}

void SimThreads::Run(uint64_t id) {
  SimStack& stack = *threads_.at(id).stack;
  running_process = this;
  running_ = id;
  stack.Resume();
  running_process = nullptr;
  if (stack.ended()) threads_.erase(id);
}

void SimThreads::Sleep(const void* what, MonoTime deadline) {
  STROM_CHECK(!ending_) << "a thread waits while it is ended";
  const uint64_t id = running_;
  Thread& thread = threads_.at(id);
  const uint64_t sleep = ++thread.sleep;
  thread.asleep = true;
  thread.waking = false;
  const auto place = waits_.sleepers_.emplace(what, SimWaits::Sleeper{this, id, sleep});
  const runtime::TimerId timer =
      deadline == MonoTime::Infinite()
          ? runtime::kNoTimer
          : executor_.PostAt(deadline, [this, id, sleep] { Wake(id, sleep); });
  thread.stack->Pause();
  thread.asleep = false;
  waits_.sleepers_.erase(place);
  if (timer != runtime::kNoTimer) executor_.Cancel(timer);
  if (ending_) throw Ended();
}

SimThreads::Thread* SimThreads::Sleeping(uint64_t id, uint64_t sleep) {
  const auto thread = threads_.find(id);
  if (thread == threads_.end() || !thread->second.asleep || thread->second.sleep != sleep) {
    return nullptr;
  }
  return &thread->second;
}

void SimThreads::Wake(uint64_t id, uint64_t sleep) {
  if (Sleeping(id, sleep)) Run(id);
}

void SimThreads::WakeLater(uint64_t id, uint64_t sleep) {
  Thread* const thread = Sleeping(id, sleep);
  if (thread == nullptr || std::exchange(thread->waking, true)) return;
  executor_.Post([this, id, sleep] { Wake(id, sleep); });
}

}  // namespace strom::sim
