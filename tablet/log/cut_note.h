#pragma once

#include <optional>
#include <string>

#include "common/io/file_system.h"
#include "common/types/ids.h"

namespace strom::tablet {

// What a log leaves in its directory before it is cut below its recovery point. The recovery points
// of all logs are written to one file now and then, so for a while that file says of this log that
// more was synced than it has, and then that what was written after the cut was synced.
//
// Also what makes a restart one step: a log that was being emptied when its server died begins anew
// where it should when it is opened, not at 0, below what its bucket has committed.
struct CutNote {
  LogOffset cut_at;       // Nothing from here on counts as synced ...
  LogOffset stale_until;  // ... where a recovery point from before the cut says so: up to this one.
  std::optional<LogOffset> restart_at = {};  // It was being emptied, to begin anew here.

  friend bool operator==(const CutNote&, const CutNote&) = default;
};

// Written atomically and synced, as one line of a checkpoint file: "cut_at stale_until", and
// restart_at if there is one.
Status WriteCutNote(io::FileSystem& files, const std::string& log_directory, const CutNote& note);

// nullopt if there is none. One that does not read says that nothing counts as synced.
// Errors: kStorage.
Result<std::optional<CutNote>> ReadCutNote(io::FileSystem& files, const std::string& log_directory);

// OK if there is none. Not synced: one that comes back only costs a scan.
Status RemoveCutNote(io::FileSystem& files, const std::string& log_directory);

}  // namespace strom::tablet
