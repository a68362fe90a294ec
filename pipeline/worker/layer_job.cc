#include "pipeline/worker/layer_job.h"

#include <algorithm>
#include <set>
#include <utility>

namespace strom::worker {
namespace {

// The snapshot is applied in pieces of so many rows: large ones make few intermediate results.
constexpr size_t kSnapshotRowsPerBatch = 200'000;
constexpr size_t kRowsPerBatch = 20'000;
// How often a result that depends on the time is looked at.
constexpr MonoDuration kTick = Seconds(10);

// Columns that are clock columns of all.
std::vector<size_t> CommonClockColumns(const std::vector<std::unique_ptr<layer::View>>& views) {
  std::vector<size_t> common;
  for (size_t i = 0; i < views.size(); ++i) {
    std::vector<size_t> mine = views[i]->clock_columns();
    std::sort(mine.begin(), mine.end());
    if (i == 0) {
      common = std::move(mine);
      continue;
    }
    std::vector<size_t> both;
    std::set_intersection(common.begin(), common.end(), mine.begin(), mine.end(),
                          std::back_inserter(both));
    common = std::move(both);
  }
  return common;
}

// Of each source's path, the columns that any of the queries looks at.
std::map<std::string, std::set<size_t>> UsedColumns(
    const std::vector<std::unique_ptr<layer::View>>& views,
    const std::vector<sql::BoundQuery>& queries) {
  std::map<std::string, std::set<size_t>> used;
  for (size_t i = 0; i < views.size(); ++i) {
    for (size_t s = 0; s < queries[i].sources.size(); ++s) {
      const std::vector<size_t> columns = views[i]->UsedColumns(s);
      used[queries[i].sources[s].path].insert(columns.begin(), columns.end());
    }
  }
  return used;
}

// Empty for all: then nobody has to take columns out.
std::vector<std::string> NamesOf(const sql::SourceTable& source, const std::set<size_t>& columns) {
  std::vector<std::string> names;
  if (columns.size() == source.columns.size()) return names;
  for (const size_t column : columns) names.push_back(source.columns[column].name);
  return names;
}

}  // namespace

LayerJob::LayerJob(pipeline::JobContext context, pipeline::JobClock clock, TableInfo target,
                   std::vector<std::string> columns, pipeline::KeyedOutput output)
    : context_(context),
      clock_(clock),
      target_(std::move(target)),
      columns_(std::move(columns)),
      output_(std::move(output)) {}

Result<std::unique_ptr<LayerJob>> LayerJob::Make(pipeline::JobContext context,
                                                 pipeline::JobClock clock, duck::Database& database,
                                                 LayerSpec spec) {
  const Schema& schema = spec.target.descriptor.schema;
  if (!schema.has_primary_key()) {
    return Error(ErrorCode::kInvalidTable,
                 "table {} has no primary key: a query into a log table cannot be kept up to date",
                 spec.target.path);
  }
  std::vector<Column> columns;
  if (spec.columns.empty()) columns = schema.columns();
  for (const std::string& name : spec.columns) {
    const std::optional<size_t> at = schema.Find(name);
    if (!at) {
      return Error(ErrorCode::kInvalidTargetColumn, "table {} has no column {}", spec.target.path,
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
                   spec.target.path);
    }
    key.push_back(static_cast<size_t>(at - columns.begin()));
  }
  std::vector<std::unique_ptr<layer::View>> views;
  for (const sql::BoundQuery& bound : spec.queries) {
    STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::View> view, layer::View::Make(database, bound));
    views.push_back(std::move(view));
  }
  STROM_ASSIGN_OR_RETURN(
      pipeline::KeyedOutput output,
      pipeline::KeyedOutput::Make(std::move(columns), std::move(key), CommonClockColumns(views)));
  std::unique_ptr<LayerJob> job(new LayerJob(context, clock, std::move(spec.target),
                                             std::move(spec.columns), std::move(output)));
  const auto used = UsedColumns(views, spec.queries);
  std::map<std::string, size_t> feed_of;
  for (size_t i = 0; i < views.size(); ++i) {
    Query query;
    query.view = std::move(views[i]);
    for (size_t s = 0; s < spec.queries[i].sources.size(); ++s) {
      const sql::SourceTable& source = spec.queries[i].sources[s];
      const auto table = spec.tables.find(source.path);
      STROM_CHECK(table != spec.tables.end()) << "source " << source.path << " has no table";
      const std::set<size_t>& columns = used.at(source.path);
      query.view->TakeColumns(s, {columns.begin(), columns.end()});
      const auto [feed, fresh] = feed_of.try_emplace(source.path, job->sources_.size());
      if (fresh) job->sources_.push_back({table->second, NamesOf(source, columns)});
      query.feeds.push_back(feed->second);
    }
    job->queries_.push_back(std::move(query));
  }
  return job;
}

Status LayerJob::Run() {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::SourceFeeds> feeds,
                         pipeline::SourceFeeds::Open(context_.connection, sources_, context_.stop));
  STROM_ASSIGN_OR_RETURN(
      const std::unique_ptr<TableWriter> writer,
      TableWriter::Open(context_, target_, columns_, [queue = feeds.get()] { queue->Wake(); }));
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "snapshot"; });
  STROM_RETURN_IF_ERROR(Load(*feeds));
  STROM_RETURN_IF_ERROR(Reconcile(*writer));
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "running"; });
  return Follow(*feeds, *writer);
}

void LayerJob::Take(const pipeline::FeedBatch& batch) {
  for (Query& query : queries_) {
    for (size_t i = 0; i < query.feeds.size(); ++i) {
      if (query.feeds[i] != batch.source) continue;
      query.pending_rows += batch.rows.size();
      query.pending.push_back({i, batch.rows});
    }
  }
}

Status LayerJob::Apply(Query& query, std::vector<pipeline::KeyedChange>& changes) {
  STROM_ASSIGN_OR_RETURN(pipeline::Delta delta, query.view->Apply(query.pending, clock_.Now()));
  query.pending.clear();
  query.pending_rows = 0;
  STROM_ASSIGN_OR_RETURN(std::vector<pipeline::KeyedChange> different,
                         output_.Apply(std::move(delta)));
  std::move(different.begin(), different.end(), std::back_inserter(changes));
  return Status::Ok();
}

Status LayerJob::Load(pipeline::SourceFeeds& feeds) {
  std::vector<pipeline::KeyedChange> ignored;  // The whole output is compared with the target.
  STROM_RETURN_IF_ERROR(feeds.ReadSnapshots([&](pipeline::FeedBatch batch) {
    context_.report.Update([&](pipeline::JobProgress& p) {
      p.snapshot_rows += static_cast<int64_t>(batch.rows.size());
    });
    Take(batch);
    for (Query& query : queries_) {
      if (query.pending_rows < kSnapshotRowsPerBatch) continue;
      STROM_RETURN_IF_ERROR(Apply(query, ignored));
      ignored.clear();
    }
    return Status::Ok();
  }));
  for (Query& query : queries_) STROM_RETURN_IF_ERROR(Apply(query, ignored));
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
  const bool ticks = !clock_.frozen() &&
                     std::any_of(queries_.begin(), queries_.end(),
                                 [](const Query& query) { return query.view->depends_on_time(); });
  return ticks ? context_.clock.Now() + kTick : MonoTime::Infinite();
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
      const bool tick = batches.empty() && query.view->depends_on_time();
      if (query.pending_rows > 0 || tick) STROM_RETURN_IF_ERROR(Apply(query, changes));
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

}  // namespace strom::worker
