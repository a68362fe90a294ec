#include "tablet/replica/delayed_fetch.h"

#include <algorithm>
#include <atomic>

namespace strom::tablet {

OffsetWaiters::Id TakeWaitIds(size_t count) {
  static std::atomic<OffsetWaiters::Id> next{1};
  return next.fetch_add(count, std::memory_order_relaxed);
}

namespace {

// Kept alive by its timer until it is answered; the waits in the replicas, which it holds, only
// know it.
class DelayedFetch : public std::enable_shared_from_this<DelayedFetch> {
 public:
  DelayedFetch(const ReplicaManager& replicas, runtime::Executor& executor, FetchRequest request,
               absl::AnyInvocable<void(FetchResults)> done)
      : executor_(executor),
        request_(std::move(request)),
        done_(std::move(done)),
        first_wait_id_(TakeWaitIds(request_.buckets.size())) {
    for (const FetchRequest::Bucket& bucket : request_.buckets) {
      replicas_.push_back(replicas.Find(bucket.bucket));
    }
  }

  void Start(MonoTime now) {
    if (request_.size_min > 1) size_before_ = LogSizes();
    Attempt first = Read();
    // Where there is an error, no news are to be expected.
    const bool can_wait = std::ranges::any_of(first.results, [](const auto& r) { return r.ok(); });
    if (first.enough || !can_wait || now >= request_.wait_until) {
      return Finish(std::move(first.results));
    }
    size_missing_ = static_cast<int64_t>(request_.size_min) - static_cast<int64_t>(first.size);
    // From here on wakes and the timer may come at any time, on any thread, even before this
    // returns: whoever is first answers.
    timer_ = executor_.PostAt(request_.wait_until,
                              [self = shared_from_this()] { self->Finish(self->Read().results); });
    for (size_t i = 0; i < replicas_.size(); ++i) {
      if (!first.results[i].ok()) continue;
      // A reader at or behind the high watermark waits for it to move.
      Await(i, std::max(request_.buckets[i].offset, first.results[i]->high_watermark));
    }
  }

 private:
  struct Attempt {
    FetchResults results;
    size_t size = 0;
    bool enough = false;
  };

  Attempt Read() const {
    Attempt attempt;
    for (size_t i = 0; i < replicas_.size(); ++i) {
      const FetchRequest::Bucket& bucket = request_.buckets[i];
      if (!replicas_[i]) {
        attempt.results.push_back(
            Error(ErrorCode::kUnknownTableOrBucket, "this server has no {}", bucket.bucket));
        continue;
      }
      const size_t left = request_.size_max - std::min(attempt.size, request_.size_max);
      auto read = replicas_[i]->ReadCommitted({.offset = bucket.offset,
                                               .size_max = std::min(bucket.size_max, left),
                                               .at_least_one = attempt.size == 0,
                                               .projection = bucket.projection});
      if (read.ok()) {
        attempt.size += read->records.size();
      } else if (read.status().code() != ErrorCode::kNotLeaderOrFollower) {
        attempt.enough = true;
      }
      attempt.results.push_back(std::move(read));
    }
    attempt.enough |= attempt.size >= std::max<size_t>(request_.size_min, 1);
    return attempt;
  }

  // Of all buckets' logs: what they grow by is what there is more to read.
  int64_t LogSizes() const {
    int64_t size = 0;
    for (const auto& replica : replicas_) {
      if (replica) size += static_cast<int64_t>(replica->log().size_bytes());
    }
    return size;
  }

  void Await(size_t i, LogOffset offset) {
    replicas_[i]->AwaitCommitted(first_wait_id_ + i, offset, [weak = weak_from_this(), i] {
      if (const auto self = weak.lock()) self->OnWake(i);
    });
    // Answered meanwhile: then Finish may have come too early to forget this one.
    if (finished_.load()) replicas_[i]->ForgetWait(first_wait_id_ + i);
  }

  void OnWake(size_t i) {
    if (finished_.load()) return;
    const bool wait_on = request_.size_min > 1 && replicas_[i]->is_leader() &&
                         LogSizes() - size_before_ < size_missing_;
    if (wait_on) return Await(i, replicas_[i]->high_watermark());
    if (replicas_.size() == 1) return Finish(Read().results);
    // Writes to several buckets come in one request as a rule: behind those that are queued
    // already, one answer has what they bring, where else there would be two.
    if (woken_.exchange(true)) return;
    executor_.Post([self = shared_from_this()] {
      if (!self->finished_.load()) self->Finish(self->Read().results);
    });
  }

  void Finish(FetchResults results) {
    if (finished_.exchange(true)) return;
    executor_.Cancel(timer_.load());
    for (size_t i = 0; i < replicas_.size(); ++i) {
      if (replicas_[i]) replicas_[i]->ForgetWait(first_wait_id_ + i);
    }
    done_(std::move(results));
  }

  runtime::Executor& executor_;
  const FetchRequest request_;
  absl::AnyInvocable<void(FetchResults)> done_;
  std::vector<std::shared_ptr<Replica>> replicas_;
  const OffsetWaiters::Id first_wait_id_;
  int64_t size_before_ = 0;
  int64_t size_missing_ = 0;
  std::atomic<runtime::TimerId> timer_{runtime::kNoTimer};
  std::atomic<bool> woken_{false};  // The answer is on its way.
  std::atomic<bool> finished_{false};
};

}  // namespace

void Fetch(const ReplicaManager& replicas, runtime::Executor& executor, const runtime::Clock& clock,
           FetchRequest request, absl::AnyInvocable<void(FetchResults)> done) {
  std::make_shared<DelayedFetch>(replicas, executor, std::move(request), std::move(done))
      ->Start(clock.Now());
}

}  // namespace strom::tablet
