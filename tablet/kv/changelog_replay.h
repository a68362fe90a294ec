#pragma once

#include <absl/functional/function_ref.h>

#include "tablet/kv/kv_table.h"
#include "tablet/kv/pre_write_buffer.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {

// Reads the changes in [from, to) of a primary-key table's log, in order, as they were in the
// pre-write buffer: -U records are passed over, the new row of a key is a put, -D a delete. Doing
// them all to any state that already holds a prefix of them gives the state at `to`.
//
// `visit` is called for each; its error ends the walk. Nothing is skipped: every batch is checked
// to follow the one before, and its CRC. Blocks; on the strand or while the log does not change.
// Errors: `visit`'s; kLogOffsetOutOfRange if the log does not hold the range; kCorruptRecord for a
// batch that is no changelog; kSchemaNotExist; kStorage.
Status ReplayChangelog(const LogTablet& log, const KvTable& table, LogOffset from, LogOffset to,
                       absl::FunctionRef<Status(PreWriteBuffer::Change)> visit);

// The same for the first part of it, a few MiB of log. Returns where the next part begins, at most
// `to`. Also beside appends to the log, and beside cuts above `to`: one that comes just now may be
// an error, and the next try is none. `from` < `to`.
Result<LogOffset> ReplayPart(const LogTablet& log, const KvTable& table, LogOffset from,
                             LogOffset to, absl::FunctionRef<Status(PreWriteBuffer::Change)> visit);

}  // namespace strom::tablet
