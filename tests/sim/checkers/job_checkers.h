#pragma once

#include "tests/sim/checkers/job_history.h"

// Checks of a pipeline: pure functions over what its databases did and the changelogs of its
// tables, which are the leaders' logs at the end, below the high watermark.
namespace strom::sim {

// S20: behind the copy, the changelog of an ODS table has every change of every key once, in order;
// the copy gave nothing but versions from before it, ascending.
Violations CheckOnceIntoOds(const JobHistory& jobs, const FinalState& end);

// S23: what lay below a confirmed position was in the log when it was confirmed.
Violations CheckConfirms(const JobHistory& jobs, const FinalState& end);

// S24: the changelog of a layer brings every key through changes of the source in their order, some
// left out, and ends with the source's rows.
Violations CheckLayers(const JobHistory& jobs, const FinalState& end);

// S25: no row of a sink is ever replaced by an older one; at the end it has the source's rows.
Violations CheckSinkRows(const JobHistory& jobs);

// S26: every transaction of a sink begins where the one before it ended, and does what the
// changelog did in between, all of it and nothing else.
Violations CheckSinkTransactions(const JobHistory& jobs, const FinalState& end);

}  // namespace strom::sim
