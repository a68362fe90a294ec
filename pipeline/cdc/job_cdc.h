#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/cdc/change_stream.h"
#include "pipeline/cdc/job_plan.h"
#include "pipeline/cdc/job_spec.h"
#include "pipeline/cdc/job_target.h"
#include "pipeline/core/job.h"
#include "pipeline/core/progress_store.h"

namespace strom::cdc {

// Follows the tables of one source database: copies each as it was at one position of the
// write-ahead log, then applies every later change, transactions in the order they committed.
//
//   stream ─▶ cut: what has arrived ─▶ plan stored ─▶ one batch a bucket, acknowledged ─▶ confirm
//
// One plan is under way at a time. Progress lives in the cluster (progress_store.h): "plan" is the
// newest batch plan, "table:<job>" says that a table was copied. After a crash the next run sends
// the newest plan's batches again, and servers drop those they had; so each version of a row is in
// the changelog once, in order. The slot is confirmed only behind plans that are acknowledged.
//
// A table that cannot be followed (it is not there, has another type, a row does not fit) is set
// aside and reported; the others go on. Once it can be followed it is copied anew, and what differs
// is written.
class CdcJob final : public pipeline::Job {
 public:
  // The parts of `context` outlive it.
  CdcJob(pipeline::JobContext context, CdcSpec spec);
  ~CdcJob() override;

  // Errors: those of SourceSession; kExternalSystem if the slot is gone, and with it changes that
  // were not taken over; kFencedJobEpoch; others of the database and of the cluster.
  Status Run() override;

  // Removes what the group left in the source database, once its last job is dropped: slot and
  // publication; and what it remembers. To be repeated after an error.
  static Status CleanUp(const pipeline::JobContext& context, const CdcSpec& spec);
  // Forgets one table, whose job is dropped while others go on.
  static Status Forget(const pipeline::JobContext& context, const std::string& job);

 private:
  Status Prepare();
  // Takes out of the tables those that cannot be followed now. They are looked at again later.
  Status CheckTables(SourceSession& session);
  void SetAside(const CdcTable& table, const Status& why);
  Status SetAsideAndForget(const CdcTarget& target, const Status& why);
  // An error once a table that failed its check passes it: the group then starts anew.
  Status LookAtFailedTables();
  Status CopyMissing();
  Status Follow();
  // Collects `events` into targets; gives the position of the last one, and where the last whole
  // transaction among them ends.
  Status Collect(std::vector<SourceEvent> events);
  // The plan behind plan_, up to `to`, without what it does.
  BatchPlan NextPlan(EventPosition to) const;
  Status Commit(EventPosition to);
  Status WritePlan(const BatchPlan& plan);
  Status Truncate(EventPosition at, const std::vector<CdcTarget*>& targets);
  Status Redo();
  bool IsDone(const SourceEvent& event) const;
  void Report(int64_t rows);

  const pipeline::JobContext context_;
  const CdcSpec spec_;
  std::vector<const CdcTable*> tables_;  // That are followed.
  std::vector<const CdcTable*> failed_checks_;
  MonoTime next_look_;
  std::unique_ptr<pipeline::ProgressStore> progress_;
  std::map<const SourceTable*, std::unique_ptr<CdcTarget>> targets_;
  std::map<const SourceTable*, Lsn> starts_;
  std::unique_ptr<ChangeStream> stream_;

  // The newest plan; `redo_` while it may not be acknowledged, since a run before this one made it.
  std::optional<BatchPlan> plan_;
  bool redo_ = false;
  // Of the plan that is being collected:
  MonoTime next_plan_;  // It does not begin before.
  EventPosition collected_to_;
  bool plan_is_full_ = false;  // It ends where it is.
  int64_t collected_rows_ = 0;
  int64_t collected_micros_ = 0;  // When its newest transaction committed.
  Lsn whole_end_;                 // End of the last transaction that was collected whole.
};

}  // namespace strom::cdc
