#include "tests/sim/world/sim_scheduler.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace strom::sim {
namespace {

// Tasks that keep posting each other without a timer would stop time for good.
constexpr uint64_t kTasksPerInstantMax = 1'000'000;
constexpr WallMillis kWallStartMs = 1'700'000'000'000;  // Of the scheduler's time zero.

}  // namespace

SimScheduler::~SimScheduler() {
  closed_ = true;
  // Destructors of tasks may post: into emptied queues, where nothing is kept any more.
  const std::vector<Entry> dropped = std::exchange(runnable_, {});
  const auto dropped_timers = std::exchange(timers_, {});
}

void SimScheduler::Post(runtime::Task task) { PostFor(0, std::move(task)); }

runtime::TimerId SimScheduler::PostAt(MonoTime when, runtime::Task task) {
  return PostAtFor(0, when, std::move(task));
}

bool SimScheduler::Cancel(runtime::TimerId timer) { return timers_.Remove(timer).has_value(); }

void SimScheduler::PostFor(uint64_t owner, runtime::Task task) {
  if (closed_) return;
  AddRunnable({owner, ++sequence_, std::move(task)});
}

void SimScheduler::AddRunnable(Entry entry) {
  const auto paused = paused_.find(entry.owner);
  (paused == paused_.end() ? runnable_ : paused->second).push_back(std::move(entry));
}

void SimScheduler::SetPaused(uint64_t owner, bool paused) {
  std::vector<Entry> entries;
  if (!paused) {
    const auto waiting = paused_.extract(owner);
    if (waiting.empty()) return;
    entries = std::move(waiting.mapped());
    for (Entry& entry : entries) runnable_.push_back(std::move(entry));
    return;
  }
  auto& waiting = paused_[owner];
  for (Entry& entry : runnable_) {
    (entry.owner == owner ? waiting : entries).push_back(std::move(entry));
  }
  runnable_ = std::move(entries);
}

runtime::TimerId SimScheduler::PostAtFor(uint64_t owner, MonoTime when, runtime::Task task) {
  if (closed_) return runtime::kNoTimer;
  return timers_.Add(when, {owner, ++sequence_, std::move(task)});
}

void SimScheduler::DropTasksOf(uint64_t owner) {
  const auto owned = [owner](const Entry& entry) { return entry.owner == owner; };
  const std::vector<Entry> dropped_timers = timers_.RemoveIf(owned);
  std::vector<Entry> dropped;
  std::vector<Entry> kept;
  for (Entry& entry : runnable_) (owned(entry) ? dropped : kept).push_back(std::move(entry));
  runnable_ = std::move(kept);
  const auto dropped_paused = paused_.extract(owner);
}

void SimScheduler::WakeDue() {
  while (std::optional<Entry> due = timers_.PopDue(now_)) AddRunnable(*std::move(due));
}

bool SimScheduler::RunOne(MonoTime deadline) {
  WakeDue();
  while (runnable_.empty()) {  // What is due may be of a server that stands still.
    const MonoTime next = timers_.next();
    if (next > deadline || next == MonoTime::Infinite()) return false;
    now_ = next;
    tasks_run_now_ = 0;
    WakeDue();
  }
  STROM_CHECK(++tasks_run_now_ <= kTasksPerInstantMax)
      << "tasks keep posting tasks at " << now_.nanos() << " ns; time cannot move";
  std::swap(runnable_[random_.Uniform(runnable_.size())], runnable_.back());
  Entry entry = std::move(runnable_.back());
  runnable_.pop_back();
  trace_.Mix(static_cast<uint64_t>(now_.nanos()));
  trace_.Mix(entry.owner);
  trace_.Mix(entry.sequence);
  ++tasks_run_;
  STROM_CHECK(!std::exchange(running_, true)) << "a task must not run the scheduler";
  entry.task();
  entry.task = nullptr;
  running_ = false;
  return true;
}

bool SimScheduler::RunUntil(absl::FunctionRef<bool()> predicate, MonoDuration limit) {
  const MonoTime end = now_ + limit;
  while (!predicate()) {
    if (!RunOne(end)) {
      if (end != MonoTime::Infinite()) now_ = std::max(now_, end);
      return predicate();
    }
  }
  return true;
}

void SimScheduler::RunFor(MonoDuration duration) {
  RunUntil([] { return false; }, duration);
}

SimExecutor::SimExecutor(SimScheduler& scheduler)
    : scheduler_(scheduler), owner_(++scheduler.owners_) {}

void SimExecutor::Post(runtime::Task task) {
  if (closed_) return;
  if (delay_max_ == MonoDuration()) return scheduler_.PostFor(owner_, std::move(task));
  const auto delay = static_cast<int64_t>(
      scheduler_.random().Uniform(static_cast<uint64_t>(delay_max_.nanos()) + 1));
  scheduler_.PostAtFor(owner_, scheduler_.now() + MonoDuration::FromNanos(delay), std::move(task));
}

runtime::TimerId SimExecutor::PostAt(MonoTime when, runtime::Task task) {
  return closed_ ? runtime::kNoTimer : scheduler_.PostAtFor(owner_, when, std::move(task));
}

void SimExecutor::Shutdown() {
  closed_ = true;
  scheduler_.DropTasksOf(owner_);
}

WallMillis SimClock::WallNow() const {
  return kWallStartMs + scheduler_.now().nanos() / 1'000'000 + wall_offset_ms_;
}

}  // namespace strom::sim
