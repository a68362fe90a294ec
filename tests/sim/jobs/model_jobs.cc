#include "tests/sim/jobs/model_jobs.h"

#include <algorithm>
#include <utility>

#include "pipeline/cdc/job_cdc.h"
#include "pipeline/layer/job/layer_job.h"
#include "pipeline/sink/sink_job.h"

namespace strom::sim {
namespace {

constexpr const char* kGroup = "postgres-cdc://model:5432/db";

Result<TableInfo> Find(client::Connection& connection, const std::string& name) {
  const size_t dot = name.find('.');
  return connection.admin().GetTable({name.substr(0, dot), name.substr(dot + 1)}).Get();
}

// Adds changes to a net result: a row that comes and goes is not in it.
void AddTo(pipeline::Delta& net, const pipeline::Delta& delta) {
  for (const pipeline::SignedRow& change : delta) {
    const auto opposite =
        std::find(net.begin(), net.end(), pipeline::SignedRow{!change.insert, change.row});
    if (opposite != net.end()) {
      net.erase(opposite);
    } else {
      net.push_back(change);
    }
  }
}

// SELECT *, for a sink and for a layer.
class AllRows final : public sink::RowQuery, public layer::KeptQuery {
 public:
  Result<pipeline::Delta> Apply(std::vector<pipeline::ChangeTable> changes,
                                Timestamp /*now*/) override {
    pipeline::Delta net;
    for (const pipeline::ChangeTable& delta : changes) AddTo(net, delta.Copy());
    return net;
  }
  Result<pipeline::Delta> Apply(std::span<const pipeline::SourceDelta> batch,
                                Timestamp /*now*/) override {
    pipeline::Delta net;
    for (const pipeline::SourceDelta& delta : batch) AddTo(net, delta.rows.Copy());
    // Removals first, as a view gives them.
    std::stable_partition(net.begin(), net.end(),
                          [](const pipeline::SignedRow& change) { return !change.insert; });
    return net;
  }
  bool depends_on_time() const override { return false; }
};

}  // namespace

JobDefinition ModelJobs::Cdc(size_t table, const TablePath& target) {
  const std::string name = ModelSource::TableName(table);
  return {.name = "cdc_" + name,
          .kind = JobKind::kCdc,
          .group = kGroup,
          .target = target.ToString(),
          .sources = {kGroup + ("/" + name)},
          .script = name};
}

JobDefinition ModelJobs::Layer(const TablePath& source, const TablePath& target) {
  return {.name = target.ToString(),
          .kind = JobKind::kLayer,
          .group = target.ToString(),
          .target = target.ToString(),
          .sources = {source.ToString()},
          .script = source.table};
}

JobDefinition ModelJobs::Sink(const TablePath& source) {
  const std::string name = "sink_" + source.table;
  return {.name = name,
          .kind = JobKind::kSink,
          .group = name,
          .target = "jdbc:model/" + source.table,
          .sources = {source.ToString()},
          .script = source.table};
}

Result<std::unique_ptr<pipeline::Job>> ModelJobs::Make(const std::vector<JobDefinition>& jobs,
                                                       const pipeline::JobContext& context) {
  switch (jobs.at(0).kind) {
    case JobKind::kCdc:
      return MakeCdc(jobs, context);
    case JobKind::kLayer:
      return MakeLayer(jobs[0], context);
    case JobKind::kSink:
      return MakeSink(jobs[0], context);
  }
  STROM_UNREACHABLE();
}

Result<std::unique_ptr<pipeline::Job>> ModelJobs::MakeLayer(const JobDefinition& job,
                                                            const pipeline::JobContext& context) {
  STROM_ASSIGN_OR_RETURN(TableInfo source, Find(context.connection, job.sources.at(0)));
  STROM_ASSIGN_OR_RETURN(TableInfo target, Find(context.connection, job.target));
  layer::LayerPlan plan{.target = std::move(target)};
  plan.sources.push_back({.table = std::move(source), .columns = {}});
  plan.queries.push_back({.query = std::make_unique<AllRows>(), .feeds = {0}});
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::LayerJob> made,
                         layer::LayerJob::Make(context, pipeline::JobClock(context.clock),
                                               std::move(plan)));
  return std::unique_ptr<pipeline::Job>(std::move(made));
}

Result<std::unique_ptr<pipeline::Job>> ModelJobs::MakeCdc(const std::vector<JobDefinition>& jobs,
                                                          const pipeline::JobContext& context) {
  cdc::CdcSpec spec{.source = source_.From(host_), .changes_max = 20};
  for (const JobDefinition& job : jobs) {
    STROM_ASSIGN_OR_RETURN(TableInfo target, Find(context.connection, job.target));
    STROM_ASSIGN_OR_RETURN(Schema schema,
                           Schema::Make({.columns = {{.name = "k", .type = DataType::BigInt()},
                                                     {.name = "v", .type = DataType::BigInt()},
                                                     {.name = "more", .type = DataType::BigInt()}},
                                         .primary_key = {"k"}}));
    spec.tables.push_back({.job = job.name,
                           .source = std::make_shared<const cdc::SourceTable>(
                               cdc::SourceTable{"public", job.script, std::move(schema)}),
                           .target = std::move(target),
                           .columns = {}});
  }
  return std::unique_ptr<pipeline::Job>(std::make_unique<cdc::CdcJob>(context, std::move(spec)));
}

Result<std::unique_ptr<pipeline::Job>> ModelJobs::MakeSink(const JobDefinition& job,
                                                           const pipeline::JobContext& context) {
  STROM_ASSIGN_OR_RETURN(TableInfo source, Find(context.connection, job.sources.at(0)));
  const std::vector<Column>& columns = source.descriptor.schema.columns();
  sink::SinkTable target{
      .schema_name = "public", .name = job.script, .columns = columns, .primary_key = {0}};
  return std::unique_ptr<pipeline::Job>(std::make_unique<sink::SinkJob>(
      context, pipeline::JobClock(context.clock),
      sink::SinkPlan{.source = std::move(source),
                     .columns = {},
                     .query = std::make_unique<AllRows>(),
                     .target = std::move(target),
                     .open = [this, job, fence = context.fence] {
                       return sink_.Open(host_, job.name, fence);
                     }}));
}

Status ModelJobs::CleanUp(const JobDefinition& job, bool last,
                          const pipeline::JobContext& context) {
  if (job.kind == JobKind::kLayer) return Status::Ok();
  if (job.kind == JobKind::kSink) return sink_.Forget(host_, job.name);
  if (!last) return cdc::CdcJob::Forget(context, job.name);
  return cdc::CdcJob::CleanUp(context, {.source = source_.From(host_)});
}

}  // namespace strom::sim
