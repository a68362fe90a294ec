#include "tests/prove/judge/service_windows.h"

#include <algorithm>

#include "common/base/check.h"

namespace strom::prove {
namespace {

// The smallest that `percent` of them do not exceed; `sorted` is not empty.
MonoDuration Percentile(const std::vector<MonoDuration>& sorted, size_t percent) {
  return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

}  // namespace

ServiceWindows::ServiceWindows(size_t services, MonoTime now)
    : services_(services, {.served_at = now, .served_asking = MonoTime(), .longest = {}}) {}

void ServiceWindows::OnSuccess(size_t service, const sim::Interval& time) {
  STROM_CHECK(service < services_.size()) << service << " of " << services_.size();
  One& one = services_[service];
  one.served_asking = std::max(one.served_asking, time.invoked);
  if (time.completed <= one.served_at) return;
  one.longest = std::max(one.longest, time.completed - one.served_at);
  one.served_at = time.completed;
}

void ServiceWindows::Open() {
  for (One& one : services_) one.longest = MonoDuration();
}

std::vector<MonoDuration> ServiceWindows::Close(MonoTime now) {
  std::vector<MonoDuration> windows;
  for (const One& one : services_) windows.push_back(std::max(one.longest, now - one.served_at));
  return windows;
}

std::optional<size_t> ServiceWindows::NotServedSince(MonoTime since, size_t services) const {
  for (size_t i = 0; i < services; ++i) {
    if (services_[i].served_asking < since) return i;
  }
  return std::nullopt;
}

WindowFigures FiguresOf(std::vector<MonoDuration> windows) {
  if (windows.empty()) return {};
  std::sort(windows.begin(), windows.end());
  return {.p50 = Percentile(windows, 50),
          .p99 = Percentile(windows, 99),
          .max = windows.back(),
          .count = windows.size()};
}

}  // namespace strom::prove
