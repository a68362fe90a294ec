#include "coordinator/server/waits.h"

#include <memory>
#include <utility>

namespace strom::coordinator {

Waits::~Waits() {
  for (const auto& wait : waits_) strand_.Cancel(wait->timer);
}

void Waits::Add(Condition condition, MonoTime deadline, Outcome outcome) {
  if (condition()) return outcome(true);
  auto wait = std::make_shared<Wait>();
  wait->condition = std::move(condition);
  wait->outcome = std::move(outcome);
  // The timer's task may be queued already when the wait ends otherwise, or the object does.
  wait->timer = strand_.PostAt(deadline, [weak = std::weak_ptr(wait)] {
    const std::shared_ptr<Wait> late = weak.lock();
    if (!late || std::exchange(late->done, true)) return;
    late->outcome(false);
  });
  waits_.push_back(std::move(wait));
}

void Waits::Check() {
  // Outcomes may add waits, and so come back here.
  std::list<std::shared_ptr<Wait>> met;
  for (auto it = waits_.begin(); it != waits_.end();) {
    const auto here = it++;
    if ((*here)->done) {
      waits_.erase(here);
    } else if ((*here)->condition()) {
      (*here)->done = true;
      met.splice(met.end(), waits_, here);
    }
  }
  for (const auto& wait : met) {
    strand_.Cancel(wait->timer);
    wait->outcome(true);
  }
}

}  // namespace strom::coordinator
