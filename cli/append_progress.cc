#include "cli/append_progress.h"

namespace strom::cli {

void AppendProgress::Answered(int64_t row, const Status& status) {
  tracker_.Answered(row, status);
  if (step_ == 0) return;
  const int64_t steps = tracker_.acknowledged() / step_;
  int64_t asked = asked_.load();
  while (asked < steps) {
    if (asked_.compare_exchange_weak(asked, steps)) return thread_.Post([this] { Print(); });
  }
}

void AppendProgress::Stop() {
  thread_.Shutdown();
  Print();
}

void AppendProgress::Print() {
  if (step_ == 0) return;
  const int64_t now = tracker_.acknowledged() / step_ * step_;
  if (now <= printed_) return;
  printed_ = now;
  out_ << "acked " << now << std::endl;  // At once: somebody may wait for it.
}

}  // namespace strom::cli
