#include "pipeline/layer/job/layer_job.h"

#include <algorithm>
#include <utility>

namespace strom::layer {
namespace {

// The snapshot is applied in pieces of so many rows: large ones make few intermediate results.
constexpr size_t kSnapshotRowsPerBatch = 200'000;
constexpr size_t kRowsPerBatch = 20'000;

}  // namespace

LayerJob::LayerJob(pipeline::JobContext context, pipeline::JobClock clock, LayerPlan plan,
                   pipeline::KeyedOutput output)
    : context_(context),
      clock_(clock),
      target_(std::move(plan.target)),
      columns_(std::move(plan.columns)),
      sources_(std::move(plan.sources)),
      output_(std::move(output)) {
  for (LayerPlan::Query& query : plan.queries) queries_.push_back({.kept = std::move(query)});
}

Result<std::unique_ptr<LayerJob>> LayerJob::Make(pipeline::JobContext context,
                                                 pipeline::JobClock clock, LayerPlan plan) {
  const Schema& schema = plan.target.descriptor.schema;
  if (!schema.has_primary_key()) {
    return Error(ErrorCode::kInvalidTable,
                 "table {} has no primary key: a query into a log table cannot be kept up to date",
                 plan.target.path);
  }
  std::vector<Column> columns;
  if (plan.columns.empty()) columns = schema.columns();
  for (const std::string& name : plan.columns) {
    const std::optional<size_t> at = schema.Find(name);
    if (!at) {
      return Error(ErrorCode::kInvalidTargetColumn, "table {} has no column {}", plan.target.path,
                   name);
    }
    columns.push_back(schema.columns()[*at]);
  }
  std::vector<size_t> key;
  for (const std::string& name : schema.primary_key()) {
    const auto at = std::find_if(columns.begin(), columns.end(),
                                 [&](const Column& column) { return column.name == name; });
    if (at == columns.end()) {
      return Error(ErrorCode::kInvalidTargetColumn,
                   "column {} of the primary key of table {} is not written", name,
                   plan.target.path);
    }
    key.push_back(static_cast<size_t>(at - columns.begin()));
  }
  STROM_ASSIGN_OR_RETURN(
      pipeline::KeyedOutput output,
      pipeline::KeyedOutput::Make(std::move(columns), std::move(key), plan.clock_columns));
  return std::unique_ptr<LayerJob>(
      new LayerJob(context, clock, std::move(plan), std::move(output)));
}

Status LayerJob::Run() {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::SourceFeeds> feeds,
                         pipeline::SourceFeeds::Open(context_.connection, sources_, context_.stop));
  STROM_ASSIGN_OR_RETURN(
      const std::unique_ptr<TableWriter> writer,
      TableWriter::Open(context_, target_, columns_, [queue = feeds.get()] { queue->Wake(); }));
  STROM_RETURN_IF_ERROR(OfferRowsAgain(*feeds));
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "snapshot"; });
  STROM_RETURN_IF_ERROR(Load(*feeds));
  STROM_RETURN_IF_ERROR(Reconcile(*writer));
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "running"; });
  return Follow(*feeds, *writer);
}

void LayerJob::Take(const pipeline::FeedBatch& batch) {
  for (Query& query : queries_) {
    for (size_t i = 0; i < query.kept.feeds.size(); ++i) {
      if (query.kept.feeds[i] != batch.source) continue;
      query.pending_rows += batch.rows.size();
      query.pending.push_back({i, batch.rows});
    }
  }
}

Status LayerJob::OfferRowsAgain(pipeline::SourceFeeds& feeds) {
  for (Query& query : queries_) {
    for (size_t i = 0; i < query.kept.feeds.size(); ++i) {
      const size_t feed = query.kept.feeds[i];
      if (!sources_[feed].table.descriptor.has_primary_key()) continue;
      STROM_RETURN_IF_ERROR(query.kept.query->ReadAgainFrom(
          i, [&feeds, feed](absl::FunctionRef<Status(pipeline::Delta)> visit) {
            return feeds.ReadAgain(feed, visit);
          }));
    }
  }
  return Status::Ok();
}

Status LayerJob::Apply(Query& query, Timestamp now, std::vector<pipeline::KeyedChange>& changes) {
  STROM_ASSIGN_OR_RETURN(pipeline::Delta delta, query.kept.query->Apply(query.pending, now));
  query.pending.clear();
  query.pending_rows = 0;
  STROM_ASSIGN_OR_RETURN(std::vector<pipeline::KeyedChange> different,
                         output_.Apply(std::move(delta)));
  std::move(different.begin(), different.end(), std::back_inserter(changes));
  return Status::Ok();
}

Status LayerJob::Load(pipeline::SourceFeeds& feeds) {
  const Timestamp now = clock_.Now();  // While no source has been read as a whole, none again.
  std::vector<pipeline::KeyedChange> ignored;  // The whole output is compared with the target.
  STROM_RETURN_IF_ERROR(feeds.ReadSnapshots([&](pipeline::FeedBatch batch) {
    context_.report.Update([&](pipeline::JobProgress& p) {
      p.snapshot_rows += static_cast<int64_t>(batch.rows.size());
    });
    Take(batch);
    for (Query& query : queries_) {
      if (query.pending_rows < kSnapshotRowsPerBatch) continue;
      STROM_RETURN_IF_ERROR(Apply(query, now, ignored));
      ignored.clear();
    }
    return Status::Ok();
  }));
  for (Query& query : queries_) STROM_RETURN_IF_ERROR(Apply(query, now, ignored));
  return Status::Ok();
}

Status LayerJob::Reconcile(TableWriter& writer) {
  pipeline::KeyedOutput::Reconciler reconciler(output_);
  std::vector<pipeline::KeyedChange> changes;
  int64_t written = 0;
  const auto write = [&]() -> Status {
    STROM_RETURN_IF_ERROR(writer.Write(changes));
    written += static_cast<int64_t>(changes.size());
    changes.clear();
    return Status::Ok();
  };
  STROM_RETURN_IF_ERROR(writer.AwaitEarlier());
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<client::TableReader> reader,
                         context_.connection.NewTableReader(target_, {.columns = columns_}));
  while (true) {
    STROM_ASSIGN_OR_RETURN(const std::vector<client::TableRow> rows, reader->Next().Get());
    if (rows.empty()) break;
    for (const client::TableRow& row : rows) {
      STROM_RETURN_IF_ERROR(reconciler.OnTargetRow(row.row, changes));
    }
    STROM_RETURN_IF_ERROR(write());
  }
  STROM_ASSIGN_OR_RETURN(changes, reconciler.Missing());
  STROM_RETURN_IF_ERROR(write());
  STROM_RETURN_IF_ERROR(writer.Flush());
  context_.report.Update([&](pipeline::JobProgress& p) { p.rows_out += written; });
  return Status::Ok();
}

MonoTime LayerJob::NextTick() const {
  const auto depends = [](const Query& query) { return query.kept.query->depends_on_time(); };
  const bool ticks = !clock_.frozen() && std::any_of(queries_.begin(), queries_.end(), depends);
  return ticks ? context_.clock.Now() + pipeline::kClockTick : MonoTime::Infinite();
}

Status LayerJob::Follow(pipeline::SourceFeeds& feeds, TableWriter& writer) {
  while (!context_.stop.requested()) {
    feeds.Await(NextTick());
    pipeline::Turns::Turn turn = context_.turns.Take(context_.fence.group);
    STROM_ASSIGN_OR_RETURN(std::vector<pipeline::FeedBatch> batches, feeds.Take(kRowsPerBatch));
    int64_t rows_in = 0;
    WallMillis newest = 0;
    for (const pipeline::FeedBatch& batch : batches) {
      rows_in += static_cast<int64_t>(batch.rows.size());
      newest = std::max(newest, batch.newest_ms);
      Take(batch);
    }
    std::vector<pipeline::KeyedChange> changes;
    for (Query& query : queries_) {
      const bool tick = batches.empty() && query.kept.query->depends_on_time();
      if (query.pending_rows == 0 && !tick) continue;
      STROM_RETURN_IF_ERROR(Apply(query, clock_.Now(), changes));
    }
    STROM_RETURN_IF_ERROR(writer.Write(changes));
    turn.Settle();
    if (!changes.empty()) STROM_RETURN_IF_ERROR(writer.Flush());
    context_.report.Update([&](pipeline::JobProgress& p) {
      pipeline::NoteBatch(p, rows_in, static_cast<int64_t>(changes.size()));
      pipeline::NoteNewest(p, newest, context_.clock.WallNow());
    });
  }
  writer.Settle();
  return Status::Ok();
}

}  // namespace strom::layer
