#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/job.h"
#include "pipeline/core/job_clock.h"
#include "pipeline/core/keyed_output.h"
#include "pipeline/core/source_feeds.h"
#include "pipeline/layer/view.h"
#include "pipeline/worker/table_writer.h"

namespace strom::worker {

// What a layer job does: the union of queries into one primary-key table.
struct LayerSpec {
  TableInfo target;
  std::vector<std::string> columns;         // Of the target that are written; empty: all.
  std::vector<sql::BoundQuery> queries;     // Each gives those columns, in that order.
  std::map<std::string, TableInfo> tables;  // Of the queries' sources, by path.
};

// Keeps a table equal to the result of queries over other tables.
//
// Its state is a cache: at start it reads the sources' rows, computes the result, compares it with
// what the target holds and writes the differences; then it follows the sources' changelogs. So
// nothing needs to be remembered, and a run after a crash continues wherever the one before was.
class LayerJob final : public pipeline::Job {
 public:
  // `database` and the parts of `context` outlive it. Errors: kInvalidTable for a target without a
  // primary key, or whose key the job does not write; kInvalidSql from View::Make.
  static Result<std::unique_ptr<LayerJob>> Make(pipeline::JobContext context,
                                                pipeline::JobClock clock, duck::Database& database,
                                                LayerSpec spec);

  Status Run() override;

 private:
  // A query, and which feed each of its sources reads.
  struct Query {
    std::unique_ptr<layer::View> view;
    std::vector<size_t> feeds;
    std::vector<layer::SourceDelta> pending;
    size_t pending_rows = 0;
  };

  LayerJob(pipeline::JobContext context, pipeline::JobClock clock, TableInfo target,
           std::vector<std::string> columns, pipeline::KeyedOutput output);

  void Take(const pipeline::FeedBatch& batch);
  // Applies what is pending of `query`; what is different in the output goes to `changes`.
  Status Apply(Query& query, std::vector<pipeline::KeyedChange>& changes);
  Status Load(pipeline::SourceFeeds& feeds);
  Status Reconcile(TableWriter& writer);
  Status Follow(pipeline::SourceFeeds& feeds, TableWriter& writer);
  MonoTime NextTick() const;

  const pipeline::JobContext context_;
  const pipeline::JobClock clock_;
  const TableInfo target_;
  const std::vector<std::string> columns_;
  pipeline::KeyedOutput output_;
  std::vector<pipeline::FeedSource> sources_;  // Each table once.
  std::vector<Query> queries_;
};

}  // namespace strom::worker
