#include "tablet/replica/read_lease.h"

#include <algorithm>

#include "common/base/mutation.h"

namespace strom::tablet {

void ReadLease::Extend(CoordinatorEpoch grantor, MonoTime asked, MonoDuration lease) {
  absl::MutexLock lock(&mutex_);
  if (grantor < grantor_) return;
  end_ = grantor == grantor_ ? std::max(end_, asked + lease) : asked + lease;
  grantor_ = grantor;
}

Status ReadLease::Check(CoordinatorEpoch told_by) const {
  const MonoTime now = clock_.Now();
  absl::ReaderMutexLock lock(&mutex_);
  const bool its = told_by == grantor_ || Mutated(Mutant::kLeaseOfAnyCoordinator);
  if (its && now < end_) return Status::Ok();
  if (!its) {
    return Error(ErrorCode::kLeaderNotAvailable,
                 "told to lead by coordinator {}, but its lease is of coordinator {}", told_by,
                 grantor_);
  }
  return Error(ErrorCode::kLeaderNotAvailable, "its lease was over {} ms ago",
               (now - end_).millis());
}

}  // namespace strom::tablet
