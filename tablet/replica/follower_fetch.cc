#include "tablet/replica/follower_fetch.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tablet/replica/delayed_fetch.h"

namespace strom::tablet {

FollowerFetch::FollowerFetch(const ReplicaManager& replicas, runtime::Executor& executor,
                             const runtime::Clock& clock, FollowerFetchRequest request, Done done)
    : clock_(clock),
      request_(std::move(request)),
      first_wait_id_(TakeWaitIds(request_.buckets.size())),
      strand_(executor),
      done_(std::move(done)) {
  for (const FollowerFetchRequest::Bucket& bucket : request_.buckets) {
    buckets_.push_back({.replica = replicas.Find(bucket.bucket), .seen_end = {}, .result = {}});
  }
}

void FollowerFetch::Start() {
  strand_.Dispatch([self = shared_from_this()] {
    std::vector<size_t> all(self->buckets_.size());
    std::iota(all.begin(), all.end(), 0);
    self->StartRound(all);
  });
}

void FollowerFetch::End() {
  strand_.Dispatch([self = shared_from_this()] { self->EndWait(); });
}

void FollowerFetch::EndWait() {
  wait_is_over_ = true;
  if (!in_round_) Finish();
}

void FollowerFetch::StartRound(const std::vector<size_t>& buckets) {
  in_round_ = true;
  for (const size_t i : buckets) buckets_[i].result.reset();
  size_t left = request_.size_max - std::min(SizeRead(), request_.size_max);
  bool first = true;
  reading_.store(buckets.size() + 1);  // And this loop: the round does not end inside it.
  const auto end_one = [self = shared_from_this()] {
    if (self->reading_.fetch_sub(1) > 1) return;
    self->strand_.Dispatch([self] { self->FinishRound(); });
  };
  for (const size_t i : buckets) {
    Bucket& bucket = buckets_[i];
    const FollowerFetchRequest::Bucket& asked = request_.buckets[i];
    if (!bucket.replica) {
      bucket.result.emplace(
          Error(ErrorCode::kUnknownTableOrBucket, "this server has no {}", asked.bucket));
      end_one();
      continue;
    }
    bucket.seen_end = bucket.replica->log().log_end_offset();
    const size_t share = IsBehind(i) ? std::min(asked.size_max, left) : 0;
    left -= share;
    const bool at_least_one = IsBehind(i) && std::exchange(first, false);
    bucket.was_first |= at_least_one;
    bucket.replica->ReadForFollower(
        asked.position, share, at_least_one,
        [self = shared_from_this(), i, end_one](Result<FollowerRead> read) {
          self->buckets_[i].result.emplace(std::move(read));
          end_one();
        });
  }
  end_one();
}

bool FollowerFetch::MayGetMore(size_t i) const {
  const Bucket& bucket = buckets_[i];
  return bucket.result->ok() && !(*bucket.result)->diverging && (*bucket.result)->records.empty() &&
         IsBehind(i) && !bucket.was_first;
}

size_t FollowerFetch::SizeRead() const {
  size_t size = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.result && bucket.result->ok()) size += (*bucket.result)->records.size();
  }
  return size;
}

bool FollowerFetch::IsEnough() const {
  const bool has_news = std::ranges::any_of(buckets_, [](const Bucket& bucket) {
    return !bucket.result->ok() || (*bucket.result)->diverging.has_value();
  });
  return has_news || buckets_.empty() || SizeRead() >= std::max<size_t>(request_.size_min, 1);
}

void FollowerFetch::FinishRound() {
  in_round_ = false;
  std::vector<size_t> next;
  if (SizeRead() < request_.size_max) {
    for (size_t i = 0; i < buckets_.size(); ++i) {
      if (MayGetMore(i)) next.push_back(i);
    }
  }
  if (next.empty()) {
    if (IsEnough() || wait_is_over_ || clock_.Now() >= request_.wait_until) return Finish();
    next.assign(woken_.begin(), woken_.end());
    woken_.clear();
  }
  if (next.empty()) return Wait();
  StartRound(next);
}

void FollowerFetch::Wait() {
  if (timer_ == runtime::kNoTimer) {
    timer_ = strand_.PostAt(request_.wait_until, [self = shared_from_this()] { self->EndWait(); });
  }
  for (size_t i = 0; i < buckets_.size(); ++i) {
    if (!waiting_.insert(i).second) continue;
    buckets_[i].replica->AwaitAppended(first_wait_id_ + i,
                                       std::max(PositionOf(i), buckets_[i].seen_end),
                                       [weak = weak_from_this(), i] {
                                         const auto self = weak.lock();
                                         if (self)
                                           self->strand_.Dispatch([self, i] { self->OnWake(i); });
                                       });
  }
}

void FollowerFetch::OnWake(size_t i) {
  if (!done_) return;
  waiting_.erase(i);
  buckets_[i].was_first = false;  // There is another batch.
  woken_.insert(i);
  if (in_round_) return;
  const std::vector<size_t> next(woken_.begin(), woken_.end());
  woken_.clear();
  StartRound(next);
}

void FollowerFetch::Finish() {
  if (!done_) return;
  if (timer_ != runtime::kNoTimer) strand_.Cancel(timer_);
  for (const size_t i : waiting_) buckets_[i].replica->ForgetWait(first_wait_id_ + i);
  FollowerResults results;
  for (Bucket& bucket : buckets_) {
    if (bucket.result->ok() && (*bucket.result)->sent_at) (*bucket.result)->sent_at = clock_.Now();
    results.push_back(*std::move(bucket.result));
  }
  std::exchange(done_, nullptr)(std::move(results));
}

}  // namespace strom::tablet
