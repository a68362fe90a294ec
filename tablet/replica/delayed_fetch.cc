#include "tablet/replica/delayed_fetch.h"

#include <algorithm>
#include <atomic>

namespace strom::tablet {
namespace {

// Names of waits are unique in the process.
OffsetWaiters::Id NextWaitId() {
  static std::atomic<OffsetWaiters::Id> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

class DelayedFetch : public std::enable_shared_from_this<DelayedFetch> {
 public:
  DelayedFetch(const ReplicaManager& replicas, runtime::Executor& executor, FetchRequest request,
               absl::AnyInvocable<void(FetchResults)> done)
      : executor_(executor), request_(std::move(request)), done_(std::move(done)) {
    for (const FetchRequest::Bucket& bucket : request_.buckets) {
      replicas_.push_back(replicas.Find(bucket.bucket));
    }
  }

  void Start(MonoTime now) {
    Attempt first = Read();
    if (first.enough || now >= request_.wait_until) return Finish(std::move(first.results));
    // A wake may come before the timer is set, even before this returns: whoever is first answers.
    timer_ = executor_.PostAt(request_.wait_until,
                              [self = shared_from_this()] { self->Finish(self->Read().results); });
    for (size_t i = 0; i < replicas_.size(); ++i) {
      if (!first.results[i].ok()) continue;  // No news to expect from there.
      replicas_[i]->AwaitCommitted(wait_id_, ReadableFrom(i, first.results[i]->high_watermark),
                                   [self = shared_from_this()] { self->OnWake(); });
    }
  }

 private:
  struct Attempt {
    FetchResults results;
    bool enough = false;
  };

  // A reader that is at or behind the high watermark waits for it to move.
  LogOffset ReadableFrom(size_t i, LogOffset high_watermark) const {
    return std::max(request_.buckets[i].offset, high_watermark);
  }

  Attempt Read() const {
    Attempt attempt;
    size_t total = 0;
    for (size_t i = 0; i < replicas_.size(); ++i) {
      const FetchRequest::Bucket& bucket = request_.buckets[i];
      if (!replicas_[i]) {
        attempt.results.push_back(
            Error(ErrorCode::kUnknownTableOrBucket, "this server has no {}", bucket.bucket));
        continue;
      }
      const size_t left = request_.size_max - std::min(total, request_.size_max);
      auto read = replicas_[i]->ReadCommitted({.offset = bucket.offset,
                                               .size_max = std::min(bucket.size_max, left),
                                               .at_least_one = total == 0,
                                               .projection = bucket.projection});
      if (read.ok()) {
        total += read->records.size();
      } else if (read.status().code() != ErrorCode::kNotLeaderOrFollower) {
        attempt.enough = true;
      }
      attempt.results.push_back(std::move(read));
    }
    attempt.enough |= total >= std::max<size_t>(request_.size_min, 1);
    return attempt;
  }

  void OnWake() {
    if (finished_.load(std::memory_order_acquire)) return;
    // A wake means that records came or the role changed, so there is an answer to give. With a
    // size_min above the news, clients simply ask again.
    Finish(Read().results);
  }

  void Finish(FetchResults results) {
    if (finished_.exchange(true)) return;
    executor_.Cancel(timer_.load());
    for (const auto& replica : replicas_) {
      if (replica) replica->ForgetWait(wait_id_);
    }
    done_(std::move(results));
  }

  runtime::Executor& executor_;
  const FetchRequest request_;
  absl::AnyInvocable<void(FetchResults)> done_;
  std::vector<std::shared_ptr<Replica>> replicas_;
  const OffsetWaiters::Id wait_id_ = NextWaitId();
  std::atomic<runtime::TimerId> timer_{runtime::kNoTimer};
  std::atomic<bool> finished_{false};
};

}  // namespace

void Fetch(const ReplicaManager& replicas, runtime::Executor& executor, const runtime::Clock& clock,
           FetchRequest request, absl::AnyInvocable<void(FetchResults)> done) {
  std::make_shared<DelayedFetch>(replicas, executor, std::move(request), std::move(done))
      ->Start(clock.Now());
}

}  // namespace strom::tablet
