#include "pipeline/cdc/job_cdc.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/base/mutation.h"
#include "pipeline/cdc/job_snapshot.h"

namespace strom::cdc {
namespace {

constexpr const char* kPlanName = "plan";
constexpr const char* kSlotName = "slot";

// How long a stop waits for the stream at most.
constexpr MonoDuration kPollTimeout = Millis(200);
// Plans begin this far apart at least: under load what comes meanwhile is one plan, not many, and a
// change that comes alone does not wait.
constexpr MonoDuration kPlanInterval = Millis(5);

std::string StateName(const std::string& job) { return "table:" + job; }

std::vector<std::shared_ptr<const SourceTable>> SourcesOf(
    const std::vector<const CdcTable*>& tables) {
  std::vector<std::shared_ptr<const SourceTable>> sources;
  for (const CdcTable* const table : tables) sources.push_back(table->source);
  return sources;
}

// Whether an error is of one table, not of the database or the cluster.
bool IsOfTable(const Status& status) {
  return status.code() == ErrorCode::kExternalSystem ||
         status.code() == ErrorCode::kCorruptRecord ||
         status.code() == ErrorCode::kInvalidTargetColumn ||
         status.code() == ErrorCode::kTableNotExist;
}

// How often a table that failed its check is looked at again.
constexpr MonoDuration kLookInterval = Seconds(20);

// Servers forget a writer whose bucket was idle for long (server.writer-id.expiration-time, 7 days
// by default) and refuse its next batch. Under a new id every bucket begins at 0 again, so a writer
// that is changed in time is never forgotten.
constexpr int64_t kWriterAgeMaxMs = int64_t{24} * 3600 * 1000;

}  // namespace

CdcJob::CdcJob(pipeline::JobContext context, CdcSpec spec)
    : context_(context), spec_(std::move(spec)) {}

CdcJob::~CdcJob() = default;

Status CdcJob::Run() {
  STROM_RETURN_IF_ERROR(Prepare());
  STROM_RETURN_IF_ERROR(CopyMissing());
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<ReplicationSession> session,
                         spec_.source->Stream(context_.clock));
  stream_ = std::make_unique<ChangeStream>(
      ChangeStream::Options{.slot = spec_.source->slot(), .tables = SourcesOf(tables_)},
      std::move(session), Lsn(), context_.clock);
  context_.report.Update([](pipeline::JobProgress& p) {
    p.phase = "running";
    p.detail.clear();
  });
  return Follow();
}

Status CdcJob::Prepare() {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<SourceSession> session,
                         spec_.source->Connect(context_.clock));
  STROM_RETURN_IF_ERROR(session->CheckServer());
  STROM_RETURN_IF_ERROR(CheckTables(*session));
  STROM_ASSIGN_OR_RETURN(progress_,
                         pipeline::ProgressStore::Open(context_.connection, context_.fence));
  // The publication comes before the slot: the stream is decoded with the publications of its time.
  STROM_RETURN_IF_ERROR(session->EnsurePublication(SourcesOf(tables_)));
  STROM_ASSIGN_OR_RETURN(const std::optional<std::string> known, progress_->Get(kSlotName));
  STROM_ASSIGN_OR_RETURN(const EnsuredSlot slot, session->EnsureSlot());
  if (known && slot.created) {
    STROM_RETURN_IF_ERROR(session->DropSlot());
    return Error(
        ErrorCode::kExternalSystem,
        "{}: the replication slot {} was removed; changes of the time without it are lost. "
        "Drop the jobs of this database and register them again to copy its tables anew",
        spec_.source->ToString(), spec_.source->slot());
  }
  if (!known) STROM_RETURN_IF_ERROR(progress_->Put(kSlotName, spec_.source->slot()));
  STROM_ASSIGN_OR_RETURN(const std::optional<std::string> plan, progress_->Get(kPlanName));
  if (plan) {
    STROM_ASSIGN_OR_RETURN(plan_, BatchPlan::FromText(*plan));
    redo_ = !Mutated(Mutant::kPlanNotDoneAgain);
  }
  return Status::Ok();
}

Status CdcJob::CheckTables(SourceSession& session) {
  for (const auto& [job, why] : spec_.broken) {
    context_.report.Update([&](pipeline::JobProgress& p) { p.failed[job] = why.ToString(); });
  }
  Status last;
  for (const CdcTable& table : spec_.tables) {
    Status checked = session.CheckTable(*table.source);
    if (checked.ok()) {
      Result<std::unique_ptr<CdcTarget>> target = CdcTarget::Open(context_, table);
      checked = target.status();
      if (target.ok()) targets_[table.source.get()] = *std::move(target);
    }
    if (checked.ok()) {
      tables_.push_back(&table);
    } else if (IsOfTable(checked)) {
      SetAside(table, checked);
      failed_checks_.push_back(&table);
      last = std::move(checked);
    } else {
      return checked;
    }
  }
  next_look_ = context_.clock.Now() + kLookInterval;
  return tables_.empty() ? last : Status::Ok();
}

void CdcJob::SetAside(const CdcTable& table, const Status& why) {
  STROM_LOG(kError, "job {}: table {} is set aside: {}", table.job, table.source->ToString(),
            why.ToString());
  context_.report.Update([&](pipeline::JobProgress& p) { p.failed[table.job] = why.ToString(); });
  std::erase(tables_, &table);
}

Status CdcJob::SetAsideAndForget(const CdcTarget& target, const Status& why) {
  const CdcTable& table = target.table();
  SetAside(table, why);
  failed_checks_.push_back(&table);
  // Changes are left out from here on, so it has to be copied anew.
  STROM_RETURN_IF_ERROR(progress_->Remove(StateName(table.job)));
  targets_.erase(table.source.get());
  return Status::Ok();
}

Status CdcJob::LookAtFailedTables() {
  if (failed_checks_.empty() || context_.clock.Now() < next_look_) return Status::Ok();
  next_look_ = context_.clock.Now() + kLookInterval;
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<SourceSession> session,
                         spec_.source->Connect(context_.clock));
  for (const CdcTable* const table : failed_checks_) {
    if (!session->CheckTable(*table->source).ok()) continue;
    return Error(ErrorCode::kOperationNotAttempted, "table {} can be followed now: starting anew",
                 table->source->ToString());
  }
  return Status::Ok();
}

Status CdcJob::CopyMissing() {
  const std::vector<const CdcTable*> all = tables_;
  for (const CdcTable* const table : all) {
    STROM_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                           progress_->Get(StateName(table->job)));
    if (text) {
      STROM_ASSIGN_OR_RETURN(const TableState state, TableState::FromText(*text));
      if (state.target == table->target.id) {
        starts_[table->source.get()] = state.start;
        continue;
      }
    }
    const Result<Lsn> start = CopyTable(context_, spec_, *table);
    if (!start.ok() && IsOfTable(start.status())) {
      SetAside(*table, start.status());
      targets_.erase(table->source.get());
      continue;
    }
    STROM_RETURN_IF_ERROR(start.status());
    STROM_RETURN_IF_ERROR(
        progress_->Put(StateName(table->job), TableState{*start, table->target.id}.ToText()));
    starts_[table->source.get()] = *start;
  }
  return Status::Ok();
}

bool CdcJob::IsDone(const SourceEvent& event) const {
  if (!plan_) return false;
  return event.position <= (redo_ ? plan_->from : plan_->to);
}

Status CdcJob::Follow() {
  while (!context_.stop.requested()) {
    STROM_RETURN_IF_ERROR(LookAtFailedTables());
    const MonoDuration pause = next_plan_ - context_.clock.Now();
    if (pause > MonoDuration() && context_.stop.WaitFor(pause)) break;
    STROM_ASSIGN_OR_RETURN(std::vector<SourceEvent> events,
                           stream_->Poll(kPollTimeout, spec_.changes_max));
    STROM_RETURN_IF_ERROR(Collect(std::move(events)));
    if (collected_to_ == EventPosition()) {
      // Nothing of ours is under way: the slot may follow what others write.
      if (!redo_) STROM_RETURN_IF_ERROR(stream_->Confirm(stream_->read_end()));
      continue;
    }
    if (!redo_) STROM_RETURN_IF_ERROR(Commit(collected_to_));
  }
  return Status::Ok();
}

Status CdcJob::Collect(std::vector<SourceEvent> events) {
  for (size_t i = 0; i < events.size(); ++i) {
    SourceEvent& event = events[i];
    if (IsDone(event)) {
      if (event.kind == EventKind::kCommit) whole_end_ = event.end_lsn;
      continue;
    }
    // The first event behind a plan that is done again ends it.
    if (redo_ && event.position > plan_->to) STROM_RETURN_IF_ERROR(Redo());
    const EventPosition at = event.position;
    if (plan_is_full_ && at > collected_to_) STROM_RETURN_IF_ERROR(Commit(collected_to_));
    if (event.kind == EventKind::kCommit) {
      whole_end_ = event.end_lsn;
      collected_to_ = at;
      continue;
    }
    const auto found = targets_.find(event.table.get());
    if (found == targets_.end() || at.commit_lsn < starts_.at(event.table.get())) {
      collected_to_ = at;
      continue;
    }
    CdcTarget& target = *found->second;
    if (event.kind == EventKind::kTruncate && !redo_) {
      // All tables of one TRUNCATE, and declarations of one table, stand at positions of their own
      // or share one: those of this position go together.
      if (collected_to_ != EventPosition()) STROM_RETURN_IF_ERROR(Commit(collected_to_));
      std::vector<CdcTarget*> emptied = {&target};
      while (i + 1 < events.size() && events[i + 1].position == at) {
        const auto also = targets_.find(events[++i].table.get());
        if (also != targets_.end()) emptied.push_back(also->second.get());
      }
      STROM_RETURN_IF_ERROR(Truncate(at, emptied));
      continue;
    }
    if (!redo_ && target.TakesFromOldKey(event)) {
      if (collected_to_ != EventPosition() && collected_to_ != at) {
        STROM_RETURN_IF_ERROR(Commit(collected_to_));
      }
      plan_is_full_ = true;
    }
    ++collected_rows_;
    collected_micros_ = event.commit_micros;
    if (event.kind != EventKind::kTruncate) {
      const Status added = target.Add(std::move(event), redo_);
      if (IsOfTable(added)) {
        STROM_RETURN_IF_ERROR(SetAsideAndForget(target, added));
      } else if (!added.ok()) {
        return added;
      }
    }
    collected_to_ = at;
  }
  if (redo_ && collected_to_ == plan_->to) STROM_RETURN_IF_ERROR(Redo());
  return Status::Ok();
}

// Does the plan of the run before again. What its batches held is what was collected since, or less
// if the slot was confirmed in its middle: then all of it was acknowledged, and servers drop it.
Status CdcJob::Redo() {
  STROM_LOG(kInfo, "group {}: the plan up to {} is done again", context_.fence.group,
            plan_->to.commit_lsn.ToString());
  for (const TableId table : plan_->truncated) {
    for (const auto& [source, target] : targets_) {
      if (target->id() == table) STROM_RETURN_IF_ERROR(target->Empty());
    }
  }
  STROM_RETURN_IF_ERROR(WritePlan(*plan_));
  redo_ = false;
  if (whole_end_ != Lsn()) STROM_RETURN_IF_ERROR(stream_->Confirm(whole_end_));
  collected_to_ = {};
  return Status::Ok();
}

Status CdcJob::WritePlan(const BatchPlan& plan) {
  for (const auto& [source, target] : targets_) STROM_RETURN_IF_ERROR(target->Write(plan));
  for (const auto& [source, target] : targets_) target->Clear();
  Report(collected_rows_);
  collected_rows_ = 0;
  return Status::Ok();
}

BatchPlan CdcJob::NextPlan(EventPosition to) const {
  BatchPlan plan;
  if (plan_) {
    plan.from = plan_->to;
    plan.writer = plan_->writer;
    plan.writer_since_ms = plan_->writer_since_ms;
    plan.sequences = plan_->Advanced();
  }
  plan.to = to;
  return plan;
}

Status CdcJob::Commit(EventPosition to) {
  next_plan_ = context_.clock.Now() + kPlanInterval;
  BatchPlan plan = NextPlan(to);
  for (const auto& [source, target] : targets_) {
    for (const auto& [bucket, batch] : target->batches()) plan.touched[target->id()].insert(bucket);
  }
  if (!plan.touched.empty()) {
    const WallMillis now = context_.clock.WallNow();
    if (plan.writer == kNoWriter || now - plan.writer_since_ms > kWriterAgeMaxMs) {
      STROM_ASSIGN_OR_RETURN(plan.writer, targets_.begin()->second->writer().NewWriterId());
      plan.writer_since_ms = now;
      plan.sequences.clear();
    }
    if (!Mutated(Mutant::kPlanForgotten)) {
      STROM_RETURN_IF_ERROR(progress_->Put(kPlanName, plan.ToText()));
    }
    if (Mutated(Mutant::kConfirmBeforeDurable)) {
      STROM_RETURN_IF_ERROR(stream_->Confirm(whole_end_));
    }
    STROM_RETURN_IF_ERROR(WritePlan(plan));
    plan_ = std::move(plan);
  }
  collected_to_ = {};
  plan_is_full_ = false;
  return stream_->Confirm(whole_end_);
}

Status CdcJob::Truncate(EventPosition at, const std::vector<CdcTarget*>& targets) {
  BatchPlan plan = NextPlan(at);
  for (const CdcTarget* const target : targets) plan.truncated.insert(target->id());
  STROM_RETURN_IF_ERROR(progress_->Put(kPlanName, plan.ToText()));
  plan_ = std::move(plan);
  for (CdcTarget* const target : targets) STROM_RETURN_IF_ERROR(target->Empty());
  return Status::Ok();
}

void CdcJob::Report(int64_t rows) {
  context_.report.Update([&](pipeline::JobProgress& p) {
    pipeline::NoteBatch(p, rows, rows);
    if (collected_micros_ > 0) p.newest_ms = collected_micros_ / 1000;
    p.detail = "confirmed " + whole_end_.ToString();
  });
}

Status CdcJob::Forget(const pipeline::JobContext& context, const std::string& job) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::ProgressStore> progress,
                         pipeline::ProgressStore::Open(context.connection, context.fence));
  return progress->Remove(StateName(job));
}

Status CdcJob::CleanUp(const pipeline::JobContext& context, const CdcSpec& spec) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<SourceSession> session,
                         spec.source->Connect(context.clock));
  STROM_RETURN_IF_ERROR(session->DropSlot());
  STROM_RETURN_IF_ERROR(session->DropPublication());
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::ProgressStore> progress,
                         pipeline::ProgressStore::Open(context.connection, context.fence));
  using Texts = std::map<std::string, std::string>;
  STROM_ASSIGN_OR_RETURN(const Texts texts, progress->Load());
  for (const auto& [name, text] : texts) STROM_RETURN_IF_ERROR(progress->Remove(name));
  return Status::Ok();
}

}  // namespace strom::cdc
