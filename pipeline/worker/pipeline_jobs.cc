#include "pipeline/worker/pipeline_jobs.h"

#include <algorithm>
#include <utility>

#include "pipeline/cdc/job_cdc.h"
#include "pipeline/worker/cdc_spec.h"
#include "pipeline/worker/layer_views.h"
#include "pipeline/worker/parsed_job.h"
#include "pipeline/worker/sink_spec.h"
#include "pipeline/worker/staged_job.h"
#include "pipeline/worker/view_query.h"

namespace strom::worker {
namespace {

// Whether the changelog of the sink's source can be read from where its job is.
Result<bool> LogIsThere(client::Connection& connection, const SinkSpec& spec) {
  using Offsets = std::map<BucketId, LogOffset>;
  STROM_ASSIGN_OR_RETURN(
      const Offsets earliest,
      connection.admin().ListOffsets(spec.source.path, client::OffsetSpec::Earliest()).Get());
  const auto whole = [](const auto& entry) { return entry.second == LogOffset(0); };
  if (std::all_of(earliest.begin(), earliest.end(), whole)) return true;
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<sink::Sink> sink, spec.open());
  STROM_ASSIGN_OR_RETURN(const std::optional<sink::SinkPosition> position, sink->Begin());
  return position && position->sources.contains(spec.source.path.ToString());
}

// Whether the sink's job needs no hidden table, and no earlier run has made one.
Result<bool> WritesDirectly(client::Connection& connection, const JobDefinition& job,
                            const layer::View& view, const SinkSpec& spec) {
  if (view.stateless()) return true;
  if (!SinkKeepsRows(view, spec)) return false;
  const Status hidden = connection.admin().GetTable(HiddenTablePath(job)).Get().status();
  if (hidden.ok()) return false;
  const bool absent = hidden.code() == ErrorCode::kTableNotExist ||
                      hidden.code() == ErrorCode::kDatabaseNotExist;
  return absent ? LogIsThere(connection, spec) : Result<bool>(hidden);
}

}  // namespace

Result<std::unique_ptr<PipelineJobs>> PipelineJobs::Make() {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<duck::Database> database, duck::Database::Open());
  return std::unique_ptr<PipelineJobs>(new PipelineJobs(std::move(database)));
}

Result<std::unique_ptr<pipeline::Job>> PipelineJobs::Make(const std::vector<JobDefinition>& jobs,
                                                          const pipeline::JobContext& context) {
  STROM_CHECK(!jobs.empty()) << "a group without jobs";
  switch (jobs[0].kind) {
    case JobKind::kCdc: {
      STROM_ASSIGN_OR_RETURN(cdc::CdcSpec spec, CdcSpecOf(jobs, context.connection, *database_));
      return std::unique_ptr<pipeline::Job>(
          std::make_unique<cdc::CdcJob>(context, std::move(spec)));
    }
    case JobKind::kLayer:
      return MakeLayer(jobs[0], context);
    case JobKind::kSink:
      return MakeSink(jobs[0], context);
  }
  STROM_UNREACHABLE();
}

Result<std::unique_ptr<pipeline::Job>> PipelineJobs::MakeLayer(
    const JobDefinition& job, const pipeline::JobContext& context) {
  STROM_ASSIGN_OR_RETURN(const sql::ParsedJob parsed, Parse(job, context.connection));
  STROM_ASSIGN_OR_RETURN(const pipeline::JobClock clock, ClockOf(job, context.clock));
  std::optional<TableInfo> target;
  std::vector<std::string> columns;
  std::vector<sql::BoundQuery> queries;
  std::map<std::string, TableInfo> tables;
  for (const sql::Session::PendingInsert& insert : parsed.session.inserts()) {
    STROM_ASSIGN_OR_RETURN(const sql::Session::Target into, parsed.session.TargetOf(insert));
    if (!target) {
      STROM_ASSIGN_OR_RETURN(target, FindTable(context.connection, into.path));
    }
    std::vector<std::string> names;
    for (const Column& column : into.columns) names.push_back(column.name);
    if (!queries.empty() && names != columns) {
      return Error(ErrorCode::kInvalidSql,
                   "the INSERTs into {} write different columns, or in another order", into.path);
    }
    columns = std::move(names);
    STROM_ASSIGN_OR_RETURN(sql::BoundQuery query, parsed.session.Bind(*database_, insert));
    for (const sql::SourceTable& source : query.sources) {
      if (tables.contains(source.path)) continue;
      STROM_ASSIGN_OR_RETURN(TableInfo table, FindTable(context.connection, source.path));
      tables.emplace(source.path, std::move(table));
    }
    queries.push_back(std::move(query));
  }
  if (!target) return Error(ErrorCode::kInvalidSql, "job {} has no INSERT", job.name);
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::LayerJob> made,
                         MakeLayerJob(context, clock, *database_,
                                      {.target = *std::move(target),
                                       .columns = std::move(columns),
                                       .queries = std::move(queries),
                                       .tables = std::move(tables)}));
  return std::unique_ptr<pipeline::Job>(std::move(made));
}

Result<std::unique_ptr<pipeline::Job>> PipelineJobs::MakeSink(const JobDefinition& job,
                                                              const pipeline::JobContext& context) {
  STROM_ASSIGN_OR_RETURN(const pipeline::JobClock clock, ClockOf(job, context.clock));
  STROM_ASSIGN_OR_RETURN(SinkSpec spec, SinkSpecOf(job, context, *database_));
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::View> view,
                         layer::View::Make(*database_, spec.query));
  STROM_ASSIGN_OR_RETURN(const bool direct, WritesDirectly(context.connection, job, *view, spec));
  if (direct) {
    STROM_ASSIGN_OR_RETURN(std::unique_ptr<sink::SinkJob> made,
                           MakeSinkJob(context, clock, std::move(view), std::move(spec)));
    return std::unique_ptr<pipeline::Job>(std::move(made));
  }
  // Other results that need state, or whose beginning is not there any more, are kept in a hidden
  // table, and that one goes to the target.
  STROM_ASSIGN_OR_RETURN(TableInfo hidden, MakeHiddenTable(context.connection, job, spec.target));
  STROM_ASSIGN_OR_RETURN(sql::BoundQuery copy, SelectAll(*database_, hidden));
  LayerSpec first{.target = hidden, .columns = {}, .queries = {spec.query}, .tables = {}};
  for (const sql::SourceTable& source : spec.query.sources) {
    STROM_ASSIGN_OR_RETURN(TableInfo table, FindTable(context.connection, source.path));
    first.tables.emplace(source.path, std::move(table));
  }
  SinkSpec second{.query = std::move(copy),
                  .source = std::move(hidden),
                  .target = spec.target,
                  .open = spec.open,
                  .forget = spec.forget};
  return std::unique_ptr<pipeline::Job>(std::make_unique<StagedJob>(
      context,
      [this, clock,
       first](const pipeline::JobContext& inner) -> Result<std::unique_ptr<pipeline::Job>> {
        STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::LayerJob> made,
                               MakeLayerJob(inner, clock, *database_, first));
        return std::unique_ptr<pipeline::Job>(std::move(made));
      },
      [this, clock,
       second](const pipeline::JobContext& inner) -> Result<std::unique_ptr<pipeline::Job>> {
        STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::View> copied,
                               layer::View::Make(*database_, second.query));
        STROM_ASSIGN_OR_RETURN(std::unique_ptr<sink::SinkJob> made,
                               MakeSinkJob(inner, clock, std::move(copied), second));
        return std::unique_ptr<pipeline::Job>(std::move(made));
      }));
}

Status PipelineJobs::CleanUp(const JobDefinition& job, bool last,
                             const pipeline::JobContext& context) {
  switch (job.kind) {
    case JobKind::kCdc: {
      if (!last) return cdc::CdcJob::Forget(context, job.name);
      STROM_ASSIGN_OR_RETURN(const cdc::CdcSpec spec, CdcSourceOf(job, context.connection));
      return cdc::CdcJob::CleanUp(context, spec);
    }
    case JobKind::kLayer:
      return Status::Ok();
    case JobKind::kSink: {
      STROM_ASSIGN_OR_RETURN(const SinkSpec spec, SinkSpecOf(job, context, *database_));
      STROM_RETURN_IF_ERROR(spec.forget());
      return context.connection.admin()
          .DropTable(HiddenTablePath(job), client::IfMissing::kIgnore)
          .Get();
    }
  }
  STROM_UNREACHABLE();
}

}  // namespace strom::worker
