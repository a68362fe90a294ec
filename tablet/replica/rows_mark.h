#pragma once

#include <optional>
#include <string>

#include "common/io/file_system.h"
#include "tablet/kv/kv_tablet.h"

// What the store of a bucket's rows holds while nobody has it open: the file "<folder>.closed"
// beside its folder, the last thing that an orderly close writes and the first to go before the
// store is opened again. So a store without it may hold anything and is of no use: RocksDB, without
// a log of its own, comes back from a crash with some of what was written. One line of text,
// "1 <offset> <row count>".
namespace strom::tablet {

// Reads and removes the mark, for good. None, or one that does not read: none.
// Errors: kStorage; then it may still be there, and the store must not be opened.
Result<std::optional<StoredRows>> TakeRowsMark(io::FileSystem& files,
                                               const std::string& kv_directory);

// After the log below rows.offset was synced and the store synced and closed. Errors: kStorage.
Status LeaveRowsMark(io::FileSystem& files, const std::string& kv_directory,
                     const StoredRows& rows);

}  // namespace strom::tablet
