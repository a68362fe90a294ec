#pragma once

#include <optional>
#include <string>

#include "common/io/file_system.h"
#include "common/record/record_schema.h"
#include "tests/sim/checkers/history.h"

namespace strom::sim {

// Adds the batches and records of a segment file to `log`; a torn end is named in its `damage`.
void DecodeSegment(BytesView bytes, const record::RecordSchema& schema, ReplicaLog& log);

// The log of a bucket as it lies in a server's data directory, in segment files; none if there is
// none. What a process keeps in memory does not count. A torn end is left out and named in
// `damage`.
std::optional<ReplicaLog> ReadReplicaLog(io::FileSystem& files, const std::string& data_directory,
                                         const TableBucket& bucket,
                                         const record::RecordSchema& schema);

// The same without records, and only where it ends: quick.
std::optional<LogOffset> ReadLogEnd(io::FileSystem& files, const std::string& data_directory,
                                    const TableBucket& bucket);

}  // namespace strom::sim
