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
class SinkJob final : public pipeline::Job {
 public:
  // The parts of `context` outlive it.
  SinkJob(pipeline::JobContext context, pipeline::JobClock clock, SinkPlan plan)
      : context_(context), clock_(clock), plan_(std::move(plan)) {}

  Status Run() override;

 private:
  Result<std::vector<std::vector<pipeline::BucketPosition>>> StartOf(
      const std::optional<SinkPosition>& position) const;

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
