#include "pipeline/worker/sink_job.h"

#include <algorithm>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "common/row/compacted_row.h"

namespace strom::worker {
namespace {

constexpr size_t kRowsPerTransaction = 5'000;

}  // namespace

Result<std::vector<pipeline::KeyedChange>> ByKey(pipeline::Delta delta,
                                                 const std::vector<Column>& columns,
                                                 const std::vector<size_t>& key) {
  std::vector<pipeline::KeyedChange> changes;
  absl::flat_hash_map<std::string, size_t> places;  // Of a key's change.
  for (const bool inserts : {false, true}) {
    for (pipeline::SignedRow& change : delta) {
      if (change.insert != inserts) continue;
      Bytes bytes;
      for (const size_t column : key) {
        if (change.row[column].is_null()) {
          return Error(ErrorCode::kCorruptRecord, "column {} of the sink's primary key is NULL",
                       columns[column].name);
        }
        STROM_RETURN_IF_ERROR(
            AppendCompactedValue(bytes, change.row[column], columns[column].type));
      }
      const auto [at, fresh] = places.try_emplace(std::move(bytes), changes.size());
      if (fresh) {
        changes.push_back({inserts, std::move(change.row)});
      } else if (inserts) {
        changes[at->second] = {true, std::move(change.row)};
      }
    }
  }
  return changes;
}

SinkJob::SinkJob(pipeline::JobContext context, pipeline::JobClock clock, TableInfo source,
                 std::vector<std::string> columns, sink::SinkTable target,
                 std::unique_ptr<layer::View> view,
                 std::function<Result<std::unique_ptr<sink::Sink>>()> open)
    : context_(context),
      clock_(clock),
      source_(std::move(source)),
      columns_(std::move(columns)),
      target_(std::move(target)),
      view_(std::move(view)),
      open_(std::move(open)) {}

Result<std::unique_ptr<SinkJob>> SinkJob::Make(pipeline::JobContext context,
                                               pipeline::JobClock clock,
                                               std::unique_ptr<layer::View> view, SinkSpec spec) {
  if (!view->stateless()) {
    return Error(ErrorCode::kInvalidSql,
                 "the query of a sink may filter and compute rows, but not join or group them: "
                 "write its result into a table first, and that into {}",
                 spec.target.name);
  }
  const sql::SourceTable& source = spec.query.sources[0];
  std::vector<std::string> columns;
  const std::vector<size_t> used = view->UsedColumns(0);
  if (used.size() < source.columns.size()) {
    for (const size_t column : used) columns.push_back(source.columns[column].name);
    view->TakeColumns(0, used);
  }
  return std::unique_ptr<SinkJob>(new SinkJob(context, clock, std::move(spec.source),
                                              std::move(columns), std::move(spec.target),
                                              std::move(view), std::move(spec.open)));
}

Result<std::vector<std::vector<pipeline::BucketPosition>>> SinkJob::StartOf(
    const std::optional<sink::SinkPosition>& position) const {
  std::vector<std::vector<pipeline::BucketPosition>> start(1);
  if (!position) return start;
  const auto at = position->sources.find(source_.path.ToString());
  if (at == position->sources.end()) return start;
  if (at->second.table_id != source_.id.value()) {
    return Error(
        ErrorCode::kInvalidTable,
        "table {} was dropped and created anew (its id is {}, was {}): drop the job, empty "
        "its target and register it again",
        source_.path, source_.id.value(), at->second.table_id);
  }
  for (const auto& [bucket, next] : at->second.next) {
    start[0].push_back({BucketId(bucket), LogOffset(next)});
  }
  return start;
}

Status SinkJob::Run() {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<sink::Sink> sink, open_());
  STROM_ASSIGN_OR_RETURN(const std::optional<sink::SinkPosition> stored, sink->Begin());
  STROM_ASSIGN_OR_RETURN(const auto start, StartOf(stored));
  STROM_ASSIGN_OR_RETURN(
      const std::unique_ptr<pipeline::SourceFeeds> feeds,
      pipeline::SourceFeeds::Open(context_.connection, {{source_, columns_}}, context_.stop));
  STROM_RETURN_IF_ERROR(feeds->ReadFrom(start));
  sink::SinkPosition position = stored.value_or(sink::SinkPosition());
  sink::SinkPosition::Source& mine = position.sources[source_.path.ToString()];
  mine.table_id = source_.id.value();
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "running"; });
  while (!context_.stop.requested()) {
    feeds->Await(MonoTime::Infinite());
    std::optional<pipeline::Turns::Turn> turn(context_.turns.Take(context_.fence.group));
    STROM_ASSIGN_OR_RETURN(std::vector<pipeline::FeedBatch> batches,
                           feeds->Take(kRowsPerTransaction));
    if (batches.empty()) continue;
    std::vector<layer::SourceDelta> deltas;
    int64_t rows_in = 0;
    WallMillis newest = 0;
    for (pipeline::FeedBatch& batch : batches) {
      rows_in += static_cast<int64_t>(batch.rows.size());
      newest = std::max(newest, batch.newest_ms);
      for (const pipeline::BucketPosition& at : batch.positions) {
        mine.next[at.bucket.value()] = at.next.value();
      }
      deltas.push_back({0, std::move(batch.rows)});
    }
    STROM_ASSIGN_OR_RETURN(pipeline::Delta delta, view_->Apply(deltas, clock_.Now()));
    STROM_ASSIGN_OR_RETURN(const std::vector<pipeline::KeyedChange> changes,
                           ByKey(std::move(delta), target_.columns, target_.primary_key));
    turn.reset();  // The target's database works now.
    STROM_RETURN_IF_ERROR(sink->Write(changes, position));
    context_.report.Update([&](pipeline::JobProgress& p) {
      pipeline::NoteBatch(p, rows_in, static_cast<int64_t>(changes.size()));
      pipeline::NoteNewest(p, newest, context_.clock.WallNow());
    });
  }
  return Status::Ok();
}

}  // namespace strom::worker
