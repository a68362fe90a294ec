// Leases, under which tablet servers show rows of primary-key tables: see LeaseBook.
#include <algorithm>

#include "common/base/mutation.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {
namespace {

constexpr MonoDuration kContactInterval = Millis(300);

}  // namespace

// A lease is granted only while nobody else can lead: another coordinator does not know of it, and
// waits only for those that were granted before it began.
Result<MonoDuration> Term::RenewLease(ServerId server) {
  STROM_ASSERT_ON(*world_.strand);
  STROM_CHECK(leading_) << "a lease before the term leads";
  KeepCertain();
  const MonoTime now = world_.clock.Now();
  if (now >= certain_until_ && !Mutated(Mutant::kLeaseWithoutContact)) {
    return Error(ErrorCode::kNotCoordinatorLeader,
                 "the metadata store gives no sign: since {} ms another coordinator may lead",
                 (now - certain_until_).millis());
  }
  if (!leases_.Grant(server, now)) {
    return Error(ErrorCode::kOperationNotAttempted,
                 "tablet server {} has not answered to the loss of a bucket", server);
  }
  return options_.leases.lease;
}

void Term::KeepCertain() {
  const MonoTime now = world_.clock.Now();
  if (asking_ || now < contact_asked_ + kContactInterval) return;
  asking_ = true;
  const std::string path = catalog_.paths().CoordinatorActive();
  store_->Exists(path, nullptr, [this, path, now](metadata::MetaResult<metadata::Stat> stat) {
    asking_ = false;
    if (lost_) return;
    // A removal asked for by a term before this one may come late.
    const bool gone = stat.code == metadata::MetaCode::kNoNode ||
                      (stat.ok() && stat.value.ephemeral_owner != store_->session_id());
    if (gone) {
      return Lose(Error(ErrorCode::kNotCoordinatorLeader,
                        "{} is not of this session any more: another one may lead", path));
    }
    if (stat.ok()) OnContact(now);
  });
  contact_asked_ = now;
}

// The session lives for its timeout longer than the service heard of it. A third less: the one of
// the service's servers that has answered may tell the others a while later, or never.
void Term::OnContact(MonoTime asked) {
  const MonoDuration certain = MonoDuration::FromNanos(store_->session_timeout().nanos() / 3 * 2);
  certain_until_ = std::max(certain_until_, asked + certain);
  contact_asked_ = std::max(contact_asked_, asked);
}

MonoTime Term::WithheldUntil(const TableBucket& bucket, const BucketState& state) const {
  // Nobody led it before, or nobody else could.
  if (state.leadership->leader_epoch == LeaderEpoch() || state.replicas.size() < 2) return {};
  if (!state_.Find(bucket.table)->descriptor.has_primary_key()) return {};
  return leases_.FreeAt(bucket, state.leadership->leader);
}

void Term::OnHeard(ServerId server, const TableBucket& bucket, BucketEpoch told) {
  if (!leases_.OnHeard(server, bucket, told, world_.clock.Now())) return;
  const BucketState* const state = state_.Find(bucket);
  if (!state || state->leadership->leader == server) return;
  // The new leader need not wait any longer for this one.
  const auto leader = servers_.find(state->leadership->leader);
  if (leader == servers_.end()) return;
  leader->second.notifier->NotifyLeader(bucket, NoticeOf(bucket));
  leader->second.notifier->Send();
}

}  // namespace strom::coordinator
