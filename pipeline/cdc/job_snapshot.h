#pragma once

#include "pipeline/cdc/job_spec.h"
#include "pipeline/cdc/lsn.h"
#include "pipeline/core/job.h"

namespace strom::cdc {

// Copies the rows of a table as they are now into its target; gives the position they were at: of
// the stream, transactions that commit there or later are not in the copy.
//
// A target that has rows already, of a copy that did not end, is made equal: rows it has are not
// written again, other ones are replaced, and those that are gone from the source deleted.
// Errors: those of SourceDatabase::ReadTable, of reading and writing the target;
// kOperationNotAttempted after a stop.
Result<Lsn> CopyTable(const pipeline::JobContext& context, const CdcSpec& spec,
                      const CdcTable& table);

}  // namespace strom::cdc
