#include "tablet/replica/isr_tracker.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/mutation.h"
#include "common/base/result.h"

namespace strom::tablet {
namespace {

constexpr MonoDuration kBackOffMin = Millis(50);
constexpr MonoDuration kBackOffMax = Seconds(1);

bool Contains(const std::vector<ServerId>& servers, ServerId server) {
  return std::ranges::find(servers, server) != servers.end();
}

}  // namespace

IsrTracker::IsrTracker(Options options, Committed committed, LogOffset high_watermark, MonoTime now)
    : options_(options), high_watermark_(high_watermark) {
  OnCommitted(std::move(committed), now);
}

void IsrTracker::OnLeaderLog(LogOffset log_end, LogOffset position) {
  STROM_CHECK(position <= log_end) << position << " of a log that ends at " << log_end;
  log_end_ = log_end;
  position_ = position;
  Advance();
}

Status IsrTracker::OnFollowerFetch(ServerId follower, LogOffset position, MonoTime now) {
  const auto found = followers_.find(follower);
  if (found == followers_.end()) {
    return Error(ErrorCode::kNotLeaderOrFollower, "server {} is none of the {} replicas", follower,
                 committed_.replicas.size());
  }
  STROM_CHECK(position <= log_end_) << position << " of a log that ends at " << log_end_;
  Follower& f = found->second;
  if (position >= log_end_) {
    f.caught_up_at = now;
  } else if (f.position && position >= f.leader_end) {
    f.caught_up_at = std::max(f.caught_up_at, f.fetched_at);
  }
  f.position = position;
  f.fetched_at = now;
  f.leader_end = log_end_;
  Advance();
  return Status::Ok();
}

void IsrTracker::OnCommitted(Committed committed, MonoTime now) {
  STROM_CHECK(Contains(committed.isr, options_.leader)) << "the leader is not in its ISR";
  const Committed before = std::exchange(committed_, std::move(committed));
  const auto stays = [&](const auto& entry) {
    return Contains(committed_.replicas, entry.first) || Contains(committed_.isr, entry.first);
  };
  std::erase_if(followers_, [&](const auto& entry) { return !stays(entry); });
  for (const auto* servers : {&committed_.replicas, &committed_.isr}) {
    for (const ServerId server : *servers) {
      if (server != options_.leader) followers_.try_emplace(server);
    }
  }
  // Who is not in it may have come back with another log: what it says next counts.
  for (const auto& [server, follower] : followers_) {
    if (!Contains(committed_.isr, server)) Forget(server);
  }
  // A new member has as long to show itself as any.
  for (const ServerId member : committed_.isr) {
    if (member == options_.leader || Contains(before.isr, member)) continue;
    followers_[member].caught_up_at = now;
  }
  proposed_.reset();
  doubtful_.clear();
  in_doubt_ = false;
  back_off_ = MonoDuration();
  retry_at_ = MonoTime();
  Advance();
}

void IsrTracker::Forget(ServerId follower) {
  const auto found = followers_.find(follower);
  if (found != followers_.end()) found->second.position.reset();
}

bool IsrTracker::Counts(ServerId server) const {
  if (proposed_ && Mutated(Mutant::kPendingShrinkCounts)) return Contains(*proposed_, server);
  return Contains(committed_.isr, server) || Contains(doubtful_, server) ||
         (proposed_ && Contains(*proposed_, server));
}

std::vector<ServerId> IsrTracker::Electable() const {
  std::vector<ServerId> others;
  for (const auto& [server, follower] : followers_) {
    if (Counts(server)) others.push_back(server);
  }
  return others;
}

void IsrTracker::Advance() {
  if (!has_enough()) return;
  LogOffset lowest = position_;
  for (const auto& [server, follower] : followers_) {
    if (!Counts(server) || Mutated(Mutant::kHighWatermarkFromLogEnd)) continue;
    if (!follower.position) return;
    lowest = std::min(lowest, *follower.position);
  }
  high_watermark_ = std::max(high_watermark_, lowest);
}

bool IsrTracker::HasLapsed(const Follower& follower, MonoTime now) const {
  if (follower.position && *follower.position < high_watermark_) return true;
  if (follower.position && *follower.position >= log_end_) return false;
  return now >= follower.caught_up_at + options_.lag_max;
}

bool IsrTracker::MayJoin(const Follower& follower) const {
  if (!follower.position || *follower.position < high_watermark_) return false;
  return *follower.position >= options_.epoch_start || Mutated(Mutant::kIsrJoinedBehind);
}

std::vector<ServerId> IsrTracker::Wanted(MonoTime now) const {
  std::vector<ServerId> wanted;
  for (const ServerId member : committed_.isr) {
    if (member == options_.leader || !HasLapsed(followers_.at(member), now)) {
      wanted.push_back(member);
    }
  }
  if (now < join_from_) return wanted;
  for (const ServerId replica : committed_.replicas) {
    if (replica == options_.leader || Contains(committed_.isr, replica)) continue;
    if (MayJoin(followers_.at(replica))) wanted.push_back(replica);
  }
  return wanted;
}

std::optional<std::vector<ServerId>> IsrTracker::Propose(MonoTime now) {
  if (proposed_ || now < retry_at_) return std::nullopt;
  std::vector<ServerId> wanted = Wanted(now);
  // In doubt, the same ISR again makes sure: either it is taken over, or a newer state is there.
  if (wanted == committed_.isr && !in_doubt_) return std::nullopt;
  proposed_ = std::move(wanted);
  if (Mutated(Mutant::kIsrCountsBeforeAgreed)) committed_.isr = *proposed_;
  return proposed_;
}

void IsrTracker::OnRefused(MonoTime now) {
  STROM_CHECK(proposed_) << "nothing is proposed";
  for (const ServerId server : *proposed_) {
    if (!Contains(committed_.isr, server)) Forget(server);
  }
  proposed_.reset();
  BackOff(now);
  Advance();
}

void IsrTracker::OnDoubt(MonoTime now) {
  STROM_CHECK(proposed_) << "nothing is proposed";
  for (const ServerId server : *proposed_) {
    if (!Contains(doubtful_, server)) doubtful_.push_back(server);
  }
  in_doubt_ = true;
  proposed_.reset();
  BackOff(now);
}

void IsrTracker::BackOff(MonoTime now) {
  back_off_ = std::clamp(back_off_ * 2, kBackOffMin, kBackOffMax);
  retry_at_ = now + back_off_;
}

MonoTime IsrTracker::next_check(MonoTime now) const {
  if (proposed_) return MonoTime::Infinite();
  if (in_doubt_ || Wanted(now) != committed_.isr) return std::max(retry_at_, now);
  MonoTime next = now < join_from_ ? join_from_ : MonoTime::Infinite();
  for (const ServerId member : committed_.isr) {
    if (member == options_.leader) continue;
    const Follower& follower = followers_.at(member);
    if (follower.position && *follower.position >= log_end_) continue;
    next = std::min(next, std::max(retry_at_, follower.caught_up_at + options_.lag_max));
  }
  return next;
}

}  // namespace strom::tablet
