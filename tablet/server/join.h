#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/check.h"

namespace strom::tablet {

// Collects a fixed number of results, which may come from any threads in any order, and hands them
// over in their places once all are there: how one request waits for its buckets.
template <class T>
class Join {
 public:
  using Done = absl::AnyInvocable<void(std::vector<T>)>;

  // `done` runs on the thread of the last result, or here if none are to come.
  static std::shared_ptr<Join> Of(size_t count, Done done) {
    std::shared_ptr<Join> join(new Join(count, std::move(done)));
    if (count == 0) join->Finish();
    return join;
  }

  // Once for each i below the count.
  void Set(size_t i, T result) {
    STROM_CHECK(!results_[i].has_value()) << "result " << i << " came twice";
    results_[i].emplace(std::move(result));
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) Finish();
  }

 private:
  Join(size_t count, Done done) : left_(count), results_(count), done_(std::move(done)) {}

  void Finish() {
    std::vector<T> results;
    results.reserve(results_.size());
    for (std::optional<T>& result : results_) results.push_back(*std::move(result));
    std::exchange(done_, nullptr)(std::move(results));
  }

  std::atomic<size_t> left_;
  std::vector<std::optional<T>> results_;
  Done done_;
};

}  // namespace strom::tablet
