#include "tablet/server/fetch_loop.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/rpc/methods.h"
#include "common/rpc/strand_call.h"
#include "tablet/server/follower_wire.h"
#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {

FetchLoop::FetchLoop(World world, ServerId source, Options options)
    : world_(world),
      source_(source),
      options_(std::move(options)),
      strand_(std::make_shared<runtime::Strand>(world.executor)),
      retry_delay_(options_.retry_min) {}

void FetchLoop::Follow(std::shared_ptr<Replica> replica, LeaderEpoch epoch) {
  strand_->Post([self = shared_from_this(), replica = std::move(replica), epoch]() mutable {
    self->Add(std::move(replica), epoch);
  });
}

void FetchLoop::Unfollow(const TableBucket& bucket) {
  strand_->Post([self = shared_from_this(), bucket] { self->Remove(bucket); });
}

void FetchLoop::Stop(runtime::Task stopped) {
  strand_->Post([self = shared_from_this(), stopped = std::move(stopped)]() mutable {
    self->stopping_ = true;
    if (self->retry_ != runtime::kNoTimer) self->strand_->Cancel(self->retry_);
    for (const auto& [id, bucket] : self->buckets_) bucket->removed = true;
    self->buckets_.clear();
    self->turns_.clear();
    self->channel_ = nullptr;
    // Who stops it may let it go: it is there until the last replica has taken its answer.
    self->stopped_ = [self, stopped = std::move(stopped)]() mutable { stopped(); };
    if (self->taking_ == 0) self->FinishRound();
  });
}

void FetchLoop::Add(std::shared_ptr<Replica> replica, LeaderEpoch epoch) {
  if (stopping_) return;
  const TableBucket id = replica->bucket();
  const auto known = buckets_.find(id);
  if (known != buckets_.end() && known->second->replica == replica &&
      known->second->position.leader_epoch == epoch) {
    return;
  }
  Remove(id);
  auto bucket = std::make_shared<Bucket>(Bucket{.replica = std::move(replica),
                                                .position = {.leader_epoch = epoch},
                                                .delay = options_.retry_min});
  bucket->GoToLogEnd();
  buckets_[id] = bucket;
  turns_.push_back(std::move(bucket));
  // Somebody has just said that the source lives.
  if (retry_ != runtime::kNoTimer) strand_->Cancel(std::exchange(retry_, runtime::kNoTimer));
  retry_delay_ = options_.retry_min;
  Pump();
}

void FetchLoop::Remove(const TableBucket& bucket) {
  const auto it = buckets_.find(bucket);
  if (it == buckets_.end()) return;
  it->second->removed = true;
  std::erase(turns_, it->second);
  buckets_.erase(it);
}

void FetchLoop::Bucket::GoToLogEnd() {
  const LeaderEpoch epoch = position.leader_epoch;
  position = replica->position();
  position.leader_epoch = epoch;
}

void FetchLoop::Pump() {
  if (stopping_ || retry_ != runtime::kNoTimer || taking_ > 0) return;
  const bool any_ready = std::ranges::any_of(
      turns_, [](const auto& bucket) { return bucket->phase == Phase::kReady; });
  if (!any_ready) return;
  if (calling_) {
    EndWaitAtLeader();
  } else {
    Fetch();
  }
}

void FetchLoop::Fetch() {
  if (!channel_ || channel_->broken()) {
    const auto endpoint = TabletEndpoint(*world_.views.Get(), source_, options_.internal_listener);
    if (!endpoint.ok()) return BackOffSource(endpoint.status());
    channel_ = world_.network.Connect(*endpoint);
  }
  request_ = MakeFollowerRequest(options_.self);
  request_.set_max_bytes(static_cast<int32_t>(options_.size_max));
  request_.set_min_bytes(1);
  MonoDuration wait = options_.wait_max;
  for (const auto& bucket : turns_) {
    if (bucket->phase != Phase::kReady) continue;
    bucket->phase = Phase::kFetching;
    if (bucket->replica->spec().has_primary_key()) wait = options_.promise_wait;
    AddBucket({.bucket = bucket->replica->bucket(),
               .position = bucket->position,
               .size_max = options_.bucket_size_max},
              &request_);
    asked_.push_back(bucket);
  }
  request_.set_max_wait_ms(static_cast<int32_t>(wait.millis()));
  calling_ = true;
  wait_ended_ = false;
  rpc::CallFromStrand(*channel_, rpc::kFetchLog, request_,
                      world_.clock.Now() + options_.wait_max + options_.call_timeout, strand_,
                      weak_from_this(), &FetchLoop::OnAnswer);
}

// If it is lost, the wait ends by itself.
void FetchLoop::EndWaitAtLeader() {
  if (std::exchange(wait_ended_, true)) return;
  rpc::Call(*channel_, rpc::kFetchLog, MakeFollowerRequest(options_.self),
            world_.clock.Now() + options_.call_timeout,
            absl::AnyInvocable<void(Result<pb::FetchLogResponse>)>([](const auto&) {}));
}

void FetchLoop::OnAnswer(Result<pb::FetchLogResponse> answer) {
  calling_ = false;
  const auto asked = std::exchange(asked_, {});
  if (stopping_) return;
  auto results = answer.ok() ? TakeFollowerResults(request_, &*answer)
                             : Result<FollowerResults>(answer.status());
  if (!results.ok()) {
    for (const auto& bucket : asked) bucket->phase = Phase::kReady;
    return BackOffSource(results.status());
  }
  retry_delay_ = options_.retry_min;
  taking_ = 1;  // Until all of them have begun to.
  for (size_t i = 0; i < asked.size(); ++i) Take(asked[i], std::move((*results)[i]));
  if (--taking_ == 0) FinishRound();
}

void FetchLoop::Take(const std::shared_ptr<Bucket>& bucket, Result<FollowerRead> read) {
  if (bucket->removed) return;
  if (!read.ok()) return BackOff(bucket, read.status());
  bucket->had_records = !read->records.empty();
  bucket->phase = Phase::kTaking;
  ++taking_;
  bucket->replica->TakeFromLeader(
      bucket->position.leader_epoch, *std::move(read),
      [weak = weak_from_this(), strand = strand_,
       bucket](Result<FollowerPosition> position) mutable {
        strand->Post(
            [weak = std::move(weak), bucket = std::move(bucket), position = std::move(position)] {
              if (const auto self = weak.lock()) self->OnTaken(bucket, position);
            });
      });
}

void FetchLoop::OnTaken(const std::shared_ptr<Bucket>& bucket,
                        const Result<FollowerPosition>& position) {
  --taking_;
  if (!bucket->removed && !position.ok()) {
    BackOff(bucket, position.status());
  } else if (!bucket->removed) {
    const LeaderEpoch epoch = bucket->position.leader_epoch;
    bucket->position = *position;
    bucket->position.leader_epoch = epoch;
    bucket->delay = options_.retry_min;
    bucket->phase = Phase::kReady;
  }
  if (taking_ == 0) FinishRound();
}

void FetchLoop::FinishRound() {
  if (stopping_) {
    if (stopped_) std::exchange(stopped_, nullptr)();
    return;
  }
  std::ranges::stable_partition(turns_, [](const auto& bucket) { return !bucket->had_records; });
  for (const auto& bucket : turns_) bucket->had_records = false;
  if (turns_.empty()) channel_ = nullptr;
  Pump();
}

void FetchLoop::BackOff(const std::shared_ptr<Bucket>& bucket, const Status& why) {
  world_.errors.Add();
  if (bucket->delay == options_.retry_min) {
    STROM_LOG(kWarn, "{}: fetch from server {} under leader epoch {} fails, tried on: {}",
              bucket->replica->bucket(), source_, bucket->position.leader_epoch, why.ToString());
  }
  bucket->phase = Phase::kBackingOff;
  strand_->PostAt(world_.clock.Now() + bucket->delay, [weak = weak_from_this(), bucket] {
    const auto self = weak.lock();
    if (!self || bucket->removed) return;
    bucket->GoToLogEnd();
    bucket->phase = Phase::kReady;
    self->Pump();
  });
  bucket->delay = std::min(bucket->delay * 2, options_.retry_max);
}

void FetchLoop::BackOffSource(const Status& why) {
  channel_ = nullptr;
  world_.errors.Add();
  if (retry_delay_ == options_.retry_min) {
    STROM_LOG(kWarn, "fetch of {} buckets from server {} fails, tried on: {}", turns_.size(),
              source_, why.ToString());
  }
  retry_ = strand_->PostAt(world_.clock.Now() + retry_delay_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->retry_ = runtime::kNoTimer;
    self->Pump();
  });
  retry_delay_ = std::min(retry_delay_ * 2, options_.retry_max);
}

}  // namespace strom::tablet
