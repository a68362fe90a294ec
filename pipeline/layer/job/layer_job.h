#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipeline/core/change.h"
#include "pipeline/core/job.h"
#include "pipeline/core/job_clock.h"
#include "pipeline/core/keyed_output.h"
#include "pipeline/core/source_feeds.h"
#include "pipeline/layer/job/table_writer.h"

namespace strom::layer {

// A query whose result is kept up to date. One thread at a time.
class KeptQuery {
 public:
  virtual ~KeptQuery() = default;

  // Takes one batch of changes of the sources; `now` never goes back. What left the result and what
  // came in: net, no row both ways. After an error the query is of no use any more.
  virtual Result<pipeline::Delta> Apply(std::span<const pipeline::SourceDelta> batch,
                                        Timestamp now) = 0;
  // Whether the result can change by time alone, so that Apply has to be called with an empty batch
  // now and then.
  virtual bool depends_on_time() const = 0;
  // Before the first Apply: `rows_again` gives the rows of a source behind all changes that Apply
  // was given; who can ask for them need not keep them.
  virtual Status ReadAgainFrom(size_t /*source*/, const pipeline::RowsAgain& /*rows_again*/) {
    return Status::Ok();
  }
};

// What a layer job does: the union of queries into one primary-key table.
struct LayerPlan {
  struct Query {
    std::unique_ptr<KeptQuery> query;
    std::vector<size_t> feeds;  // Of each of its sources: which of `sources` it is.
  };

  TableInfo target;
  std::vector<std::string> columns;           // Of the target that are written; empty: all.
  std::vector<size_t> clock_columns;          // Of these: they say only when a row was made.
  std::vector<pipeline::FeedSource> sources;  // Each table once.
  std::vector<Query> queries;                 // Each gives the columns, in their order.
};

// Keeps a table equal to the result of queries over other tables.
//
// Its state is a cache: at start it reads the sources' rows, computes the result, compares it with
// what the target holds and writes the differences; then it follows the sources' changelogs. So
// nothing needs to be remembered, and a run after a crash continues wherever the one before was.
class LayerJob final : public pipeline::Job {
 public:
  // The parts of `context` outlive it. Errors: kInvalidTable for a target without a primary key;
  // kInvalidTargetColumn if the job writes a column that it has not, or not its key.
  static Result<std::unique_ptr<LayerJob>> Make(pipeline::JobContext context,
                                                pipeline::JobClock clock, LayerPlan plan);

  Status Run() override;

 private:
  struct Query {
    LayerPlan::Query kept;
    std::vector<pipeline::SourceDelta> pending;
    size_t pending_rows = 0;
  };

  LayerJob(pipeline::JobContext context, pipeline::JobClock clock, LayerPlan plan,
           pipeline::KeyedOutput output);

  void Take(const pipeline::FeedBatch& batch);
  Status OfferRowsAgain(pipeline::SourceFeeds& feeds);
  // Applies what is pending of `query`; what is different in the output goes to `changes`.
  Status Apply(Query& query, Timestamp now, std::vector<pipeline::KeyedChange>& changes);
  Status Load(pipeline::SourceFeeds& feeds);
  Status Reconcile(TableWriter& writer);
  Status Follow(pipeline::SourceFeeds& feeds, TableWriter& writer);
  MonoTime NextTick() const;

  const pipeline::JobContext context_;
  const pipeline::JobClock clock_;
  const TableInfo target_;
  const std::vector<std::string> columns_;
  const std::vector<pipeline::FeedSource> sources_;
  pipeline::KeyedOutput output_;
  std::vector<Query> queries_;
};

}  // namespace strom::layer
