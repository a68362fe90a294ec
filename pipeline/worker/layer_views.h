#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/layer/job/layer_job.h"
#include "pipeline/layer/view.h"

namespace strom::worker {

// What a layer job does: the union of queries into one primary-key table.
struct LayerSpec {
  TableInfo target;
  std::vector<std::string> columns;         // Of the target that are written; empty: all.
  std::vector<sql::BoundQuery> queries;     // Each gives those columns, in that order.
  std::map<std::string, TableInfo> tables;  // Of the queries' sources, by path.
};

// The job, its queries kept by views in `database`, which outlives it. Errors: those of
// layer::LayerJob::Make; kInvalidSql from View::Make.
Result<std::unique_ptr<layer::LayerJob>> MakeLayerJob(const pipeline::JobContext& context,
                                                      const pipeline::JobClock& clock,
                                                      duck::Database& database, LayerSpec spec);

}  // namespace strom::worker
