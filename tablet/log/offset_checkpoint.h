#pragma once

#include <map>
#include <string>

#include "common/io/file_system.h"
#include "common/types/table_bucket.h"

namespace strom::tablet {

using BucketOffsets = std::map<TableBucket, LogOffset>;

// A text file with one offset a bucket: high watermarks, recovery points.
//
//   0                    format version
//   2                    number of entries
//   42 0 1500            table id, bucket, offset
//   43 9 1 77            table id, partition id, bucket, offset
//
// Same layout as Fluss: OffsetCheckpointFile.java. Written atomically and synced.
Status WriteOffsetCheckpoint(io::FileSystem& files, const std::string& path,
                             const BucketOffsets& offsets);

// Empty if there is no such file. Errors: kStorage; kCorruptRecord naming the line.
Result<BucketOffsets> ReadOffsetCheckpoint(io::FileSystem& files, const std::string& path);

}  // namespace strom::tablet
