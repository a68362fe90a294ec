#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/job.h"
#include "pipeline/core/job_clock.h"
#include "pipeline/core/source_feeds.h"
#include "pipeline/layer/view.h"
#include "pipeline/sink/sink.h"

namespace strom::worker {

// What a sink job does: a query over one Strom table into a table of another database.
struct SinkSpec {
  sql::BoundQuery query;  // Row-wise: each row of the result comes from one row of the source.
  TableInfo source;
  sink::SinkTable target;
  // Connects to the target; called at every start of the job.
  std::function<Result<std::unique_ptr<sink::Sink>>()> open;
  // Forgets the position in the target, whatever has become of it since.
  std::function<Status()> forget;
};

// Follows the changelog of a table and writes it to another database, exactly once: the position
// in the changelog is written with the rows, in one transaction, and read back at the start. The
// first run begins at the changelog's beginning.
class SinkJob final : public pipeline::Job {
 public:
  // `view` is that of the spec's query. The parts of `context` outlive it, as the view's database
  // does. Errors: kInvalidSql for a query that needs state.
  static Result<std::unique_ptr<SinkJob>> Make(pipeline::JobContext context,
                                               pipeline::JobClock clock,
                                               std::unique_ptr<layer::View> view, SinkSpec spec);

  Status Run() override;

 private:
  SinkJob(pipeline::JobContext context, pipeline::JobClock clock, TableInfo source,
          std::vector<std::string> columns, sink::SinkTable target,
          std::unique_ptr<layer::View> view,
          std::function<Result<std::unique_ptr<sink::Sink>>()> open);

  Result<std::vector<std::vector<pipeline::BucketPosition>>> StartOf(
      const std::optional<sink::SinkPosition>& position) const;

  const pipeline::JobContext context_;
  const pipeline::JobClock clock_;
  const TableInfo source_;
  const std::vector<std::string> columns_;  // That the query looks at; empty: all.
  const sink::SinkTable target_;
  const std::unique_ptr<layer::View> view_;
  const std::function<Result<std::unique_ptr<sink::Sink>>()> open_;
};

// What a delta does to a table with this key, at most one change a key: a key that comes in, in the
// end, is an upsert, one that only goes a delete. Errors: kCorruptRecord for a NULL in the key.
Result<std::vector<pipeline::KeyedChange>> ByKey(pipeline::Delta delta,
                                                 const std::vector<Column>& columns,
                                                 const std::vector<size_t>& key);

}  // namespace strom::worker
