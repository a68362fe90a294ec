#pragma once

#include <memory>

#include "pipeline/layer/view.h"
#include "pipeline/sink/sink_job.h"
#include "pipeline/worker/sink_spec.h"

namespace strom::worker {

// The job of a sink whose query is `view`, that of `spec`. The view's database outlives it.
// Errors: kInvalidSql for a query that needs state.
Result<std::unique_ptr<sink::SinkJob>> MakeSinkJob(const pipeline::JobContext& context,
                                                   const pipeline::JobClock& clock,
                                                   std::unique_ptr<layer::View> view,
                                                   SinkSpec spec);

}  // namespace strom::worker
