#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/types/table_descriptor.h"
#include "pipeline/core/job.h"
#include "pipeline/core/job_clock.h"
#include "pipeline/core/source_feeds.h"
#include "pipeline/sink/sink.h"

namespace strom::sink {

// What a sink's query makes of its source: each row of the result comes from one row of the source.
// One thread at a time.
class RowQuery {
 public:
  virtual ~RowQuery() = default;

  // Takes changes of the source, in their order; `now` never goes back. What leaves the result and
  // what comes in: net, no row both ways.
  virtual Result<pipeline::Delta> Apply(std::vector<pipeline::ChangeTable> changes,
                                        Timestamp now) = 0;

  // Whether rows come and go by time alone, so that it must know those that are there, and is asked
  // now and then. Given the rows of the source at some moment, and what the clock said then, it
  // knows them: what it gives depends on these two only, and no key comes from two rows.
  virtual bool depends_on_time() const { return false; }
  // Before the first Apply: `rows_again` gives the rows of the source behind all changes that Apply
  // was given; who can ask for them need not keep them.
  virtual Status ReadAgain(const pipeline::RowsAgain& /*rows_again*/) { return Status::Ok(); }
};

// What a sink job does: a query over one Strom table into a table of another database.
struct SinkPlan {
  TableInfo source;
  std::vector<std::string> columns;  // Of it that the query looks at; empty: all.
  std::unique_ptr<RowQuery> query;
  SinkTable target;
  // Connects to the target; called at the start of the job.
  std::function<Result<std::unique_ptr<Sink>>()> open;
};

// Follows the changelog of a table and writes it to another database, exactly once: the position
// in the changelog is written with the rows, in one transaction, and read back at the start. The
// first run begins at the changelog's beginning.
//
// A query that depends on the time is given, at the start, the rows that the source had at the
// position, and the clock's minute that stands there: then it knows what is in the target. It sees
// the clock by whole minutes.
class SinkJob final : public pipeline::Job {
 public:
  // The parts of `context` outlive it.
  SinkJob(pipeline::JobContext context, pipeline::JobClock clock, SinkPlan plan)
      : context_(context), clock_(clock), plan_(std::move(plan)) {}

  Status Run() override;

 private:
  Result<std::vector<std::vector<pipeline::BucketPosition>>> StartOf(
      const std::optional<SinkPosition>& position) const;
  // Begins at `start`; the query knows afterwards what is in the target there.
  Status Begin(pipeline::SourceFeeds& feeds,
               const std::vector<std::vector<pipeline::BucketPosition>>& start,
               std::optional<int64_t> clock_ms);
  MonoTime NextTick() const;

  const pipeline::JobContext context_;
  const pipeline::JobClock clock_;
  const SinkPlan plan_;
};

// What a delta does to a table with this key, at most one change a key: a key that comes in, in the
// end, is an upsert, one that only goes a delete. Errors: kCorruptRecord for a NULL in the key.
Result<std::vector<pipeline::KeyedChange>> ByKey(pipeline::Delta delta,
                                                 const std::vector<Column>& columns,
                                                 const std::vector<size_t>& key);

}  // namespace strom::sink
