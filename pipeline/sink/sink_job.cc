#include "pipeline/sink/sink_job.h"

#include <algorithm>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "common/base/mutation.h"
#include "common/row/compacted_row.h"

namespace strom::sink {
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

Result<std::vector<std::vector<pipeline::BucketPosition>>> SinkJob::StartOf(
    const std::optional<SinkPosition>& position) const {
  std::vector<std::vector<pipeline::BucketPosition>> start(1);
  if (!position || Mutated(Mutant::kSinkStartsAnew)) return start;
  const auto at = position->sources.find(plan_.source.path.ToString());
  if (at == position->sources.end()) return start;
  if (at->second.table_id != plan_.source.id.value()) {
    return Error(
        ErrorCode::kInvalidTable,
        "table {} was dropped and created anew (its id is {}, was {}): drop the job, empty "
        "its target and register it again",
        plan_.source.path, plan_.source.id.value(), at->second.table_id);
  }
  for (const auto& [bucket, next] : at->second.next) {
    start[0].push_back({BucketId(bucket), LogOffset(next)});
  }
  return start;
}

Status SinkJob::Begin(pipeline::SourceFeeds& feeds,
                      const std::vector<std::vector<pipeline::BucketPosition>>& start,
                      std::optional<int64_t> clock_ms) {
  if (!plan_.query->depends_on_time()) return feeds.ReadFrom(start);
  STROM_RETURN_IF_ERROR(
      plan_.query->ReadAgain([&feeds](absl::FunctionRef<Status(pipeline::Delta)> visit) {
        return feeds.ReadAgain(0, visit);
      }));
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "snapshot"; });
  const Timestamp then = clock_ms ? Timestamp{*clock_ms, 0} : clock_.Minute();
  return feeds.ReadRowsAt(start, [&](pipeline::FeedBatch batch) {
    context_.report.Update([&](pipeline::JobProgress& p) {
      p.snapshot_rows += static_cast<int64_t>(batch.rows.size());
    });
    return plan_.query->Apply({std::move(batch.rows)}, then).status();  // It is in the target.
  });
}

MonoTime SinkJob::NextTick() const {
  const bool ticks = plan_.query->depends_on_time() && !clock_.frozen();
  return ticks ? context_.clock.Now() + pipeline::kClockTick : MonoTime::Infinite();
}

Status SinkJob::Run() {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<Sink> sink, plan_.open());
  STROM_ASSIGN_OR_RETURN(const std::optional<SinkPosition> stored, sink->Begin());
  STROM_ASSIGN_OR_RETURN(const auto start, StartOf(stored));
  STROM_ASSIGN_OR_RETURN(
      const std::unique_ptr<pipeline::SourceFeeds> feeds,
      pipeline::SourceFeeds::Open(context_.connection, {{plan_.source, plan_.columns}},
                                  context_.stop));
  SinkPosition position = stored.value_or(SinkPosition());
  SinkPosition before = position;  // For the mutant.
  SinkPosition::Source& mine = position.sources[plan_.source.path.ToString()];
  mine.table_id = plan_.source.id.value();
  const bool by_time = plan_.query->depends_on_time();
  STROM_RETURN_IF_ERROR(Begin(*feeds, start, mine.clock_ms));
  context_.report.Update([](pipeline::JobProgress& p) { p.phase = "running"; });
  while (!context_.stop.requested()) {
    feeds->Await(NextTick());
    std::optional<pipeline::Turns::Turn> turn(context_.turns.Take(context_.fence.group));
    STROM_ASSIGN_OR_RETURN(std::vector<pipeline::FeedBatch> batches,
                           feeds->Take(kRowsPerTransaction));
    if (batches.empty() && !by_time) continue;
    std::vector<pipeline::ChangeTable> deltas;
    int64_t rows_in = 0;
    WallMillis newest = 0;
    for (pipeline::FeedBatch& batch : batches) {
      rows_in += static_cast<int64_t>(batch.rows.size());
      newest = std::max(newest, batch.newest_ms);
      for (const pipeline::BucketPosition& at : batch.positions) {
        mine.next[at.bucket.value()] = at.next.value();
      }
      deltas.push_back(std::move(batch.rows));
    }
    const Timestamp now = by_time ? clock_.Minute() : clock_.Now();
    if (by_time) mine.clock_ms = now.millis;
    STROM_ASSIGN_OR_RETURN(pipeline::Delta delta, plan_.query->Apply(std::move(deltas), now));
    STROM_ASSIGN_OR_RETURN(const std::vector<pipeline::KeyedChange> changes,
                           ByKey(std::move(delta), plan_.target.columns, plan_.target.primary_key));
    turn.reset();  // The target's database works now.
    if (batches.empty() && changes.empty()) continue;  // The minute has passed, nothing else.
    if (Mutated(Mutant::kSinkPositionApart)) {
      STROM_RETURN_IF_ERROR(sink->Write(changes, std::exchange(before, position)));
      STROM_RETURN_IF_ERROR(sink->Write({}, position));
    } else {
      STROM_RETURN_IF_ERROR(sink->Write(changes, position));
    }
    context_.report.Update([&](pipeline::JobProgress& p) {
      pipeline::NoteBatch(p, rows_in, static_cast<int64_t>(changes.size()));
      pipeline::NoteNewest(p, newest, context_.clock.WallNow());
    });
  }
  return Status::Ok();
}

}  // namespace strom::sink
