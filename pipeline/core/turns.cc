#include "pipeline/core/turns.h"

#include <algorithm>

#include "common/base/check.h"

namespace strom::pipeline {
namespace {

// How often a job that waits looks whether one that is in its way has taken too long.
constexpr MonoDuration kLook = Millis(10);

}  // namespace

Turns::Turns(const runtime::Clock& clock, Options options) : clock_(clock), options_(options) {
  STROM_CHECK(options.at_once > 0) << options.at_once << " turns at a time";
}

void Turns::SetPlaces(const std::map<std::string, Place>& places) {
  const runtime::WaitLock lock(mutex_);
  for (const auto& [name, place] : places) {
    Group& group = groups_[name];
    group.depth = place.depth;
    group.upstream.clear();
    for (const std::string& upstream : place.upstream) {
      const auto at = places.find(upstream);
      if (at == places.end() || at->second.depth >= place.depth) continue;
      group.upstream.push_back(&groups_[upstream]);
    }
  }
}

// A waiter stands in the line until its turn comes or its thread ends.
class Turns::InLine {
 public:
  InLine(Turns& turns, Waiter& waiter) : turns_(turns), waiter_(waiter) {}
  ~InLine() {
    const runtime::WaitLock lock(turns_.mutex_);
    turns_.waiters_.remove(&waiter_);
  }
  InLine(const InLine&) = delete;
  InLine& operator=(const InLine&) = delete;

 private:
  Turns& turns_;
  Waiter& waiter_;
};

Turns::Turn Turns::Take(const std::string& name) {
  Waiter self;
  const InLine place(*this, self);
  {
    const runtime::WaitLock lock(mutex_);
    self.group = &groups_[name];
    waiters_.push_back(&self);
    Admit();
  }
  while (!self.admitted.WaitUntil(clock_.Now() + kLook)) {
    const runtime::WaitLock lock(mutex_);
    Admit();
  }
  return Turn(*this, *self.group);
}

size_t Turns::waiting() const {
  const runtime::WaitLock lock(mutex_);
  return waiters_.size();
}

void Turns::Change(Group& group, State state) {
  const runtime::WaitLock lock(mutex_);
  group.state = state;
  group.since = clock_.Now();
  Admit();
}

// Whether what the group is at, if anything, is to be respected yet.
bool Turns::Counts(const Group& group, MonoTime now) const {
  if (group.state == State::kIdle) return false;
  const MonoDuration limit =
      group.state == State::kComputing ? options_.compute_max : options_.settle_max;
  return now - group.since < limit;
}

bool Turns::MayGo(const Waiter& waiter, MonoTime now) const {
  return std::none_of(waiter.group->upstream.begin(), waiter.group->upstream.end(),
                      [&](const Group* upstream) { return Counts(*upstream, now); });
}

void Turns::Admit() {
  const MonoTime now = clock_.Now();
  while (true) {
    const auto computing = std::count_if(groups_.begin(), groups_.end(), [&](const auto& entry) {
      return entry.second.state == State::kComputing && Counts(entry.second, now);
    });
    if (computing >= options_.at_once) return;
    bool round_over = true;
    for (const Waiter* waiter : waiters_) round_over &= waiter->group->round == round_;
    auto next = waiters_.end();
    for (auto at = waiters_.begin(); at != waiters_.end(); ++at) {
      const bool due = round_over || (*at)->group->round != round_;
      if (!due || !MayGo(**at, now)) continue;
      if (next == waiters_.end() || (*at)->group->depth < (*next)->group->depth) next = at;
    }
    if (next == waiters_.end()) return;
    if (round_over) ++round_;
    Group& group = *(*next)->group;
    group.round = round_;
    group.state = State::kComputing;
    group.since = now;
    Waiter& waiter = **next;
    waiters_.erase(next);
    waiter.admitted.Notify();  // It may be gone now.
  }
}

}  // namespace strom::pipeline
