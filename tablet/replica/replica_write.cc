// How clients' writes get into the log of a leader, and when they are answered.
#include <utility>

#include "common/base/mutation.h"
#include "tablet/replica/batch_validation.h"
#include "tablet/replica/replica.h"

namespace strom::tablet {

Status Replica::CheckInSync(Acks acks) const {
  if (acks != Acks::kAll || isr_->has_enough()) return Status::Ok();
  return Error(ErrorCode::kNotEnoughReplicas, "{}: {} of at least {} replicas are in sync",
               bucket(), isr_->isr().size(), isr_->isr_min());
}

Result<AppendInfo> Replica::AppendOnStrand(Bytes batches, const WriteOptions& options) {
  // Kept until the append is done: see JobFences.
  STROM_ASSIGN_OR_RETURN(const JobFences::Pass pass, options.admission.Enter());
  STROM_RETURN_IF_ERROR(CheckServing());
  STROM_RETURN_IF_ERROR(CheckInSync(options.acks));
  return log_->AppendAsLeader(std::move(batches));
}

void Replica::Append(Bytes batches, WriteOptions options,
                     absl::AnyInvocable<void(Result<AppendInfo>)> done) {
  // On the calling thread, before anything queues.
  Status valid = CheckServing();
  if (valid.ok() && spec_.has_primary_key()) {
    valid = Error(ErrorCode::kInvalidTable,
                  "{} belongs to a primary-key table, whose log takes no appends but by PutKv",
                  bucket());
  }
  if (valid.ok()) valid = ValidateProduced(batches, spec_.schemas);
  if (!valid.ok()) return done(valid.WithContext(spec_.path.ToString()));
  strand_.Dispatch([self = shared_from_this(), batches = std::move(batches),
                    options = std::move(options), done = std::move(done)]() mutable {
    self->Answer(self->AppendOnStrand(std::move(batches), options), options, std::move(done));
  });
}

// Also a retry waits for what its first attempt appended.
void Replica::Answer(Result<AppendInfo> info, const WriteOptions& options,
                     WriteWaiters::Done done) {
  if (!info.ok()) {
    done(info.status().WithContext(spec_.path.ToString()));
  } else if (options.acks == Acks::kAll && terms_.durability != Durability::kLeader &&
             !Mutated(Mutant::kAckBeforeCommit)) {
    writes_.Add(*std::move(info), options.deadline, std::move(done));
  } else {
    done(std::move(info));
  }
  Settle();
}

void Replica::FailWrites(std::vector<WriteWaiters::Taken> taken, const Status& status) {
  for (WriteWaiters::Taken& write : taken) {
    write.done(status.WithContext(spec_.path.ToString()));
  }
}

}  // namespace strom::tablet
