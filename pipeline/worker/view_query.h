#pragma once

#include <memory>

#include "pipeline/layer/view.h"
#include "pipeline/sink/sink_job.h"
#include "pipeline/worker/sink_spec.h"

namespace strom::worker {

// Whether a sink job that runs `view`, which depends on the time, can know at its start what is in
// the target: from the rows its source had where it stopped. Each row of the result must come from
// one of a primary-key table, and have its key.
bool SinkKeepsRows(const layer::View& view, const SinkSpec& spec);

// The job of a sink whose query is `view`, that of `spec`. The view's database outlives it.
// Errors: kInvalidSql for a query that needs other state.
Result<std::unique_ptr<sink::SinkJob>> MakeSinkJob(const pipeline::JobContext& context,
                                                   const pipeline::JobClock& clock,
                                                   std::unique_ptr<layer::View> view,
                                                   SinkSpec spec);

}  // namespace strom::worker
