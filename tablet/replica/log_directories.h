#pragma once

#include <map>
#include <string>

#include "common/io/file_system.h"
#include "common/types/table_bucket.h"
#include "common/types/table_path.h"

// Where the logs of a server's buckets are below its data directory. Same tree as Fluss's:
//
//   <db>/<table>-<table id>/log-<bucket>
//   <db>/<table>-<table id>/<partition>-p<partition id>/log-<bucket>
namespace strom::tablet {

// The place of a bucket's log, relative to the data directory.
std::string LogDirectory(const PhysicalTablePath& path, const TableBucket& bucket);

// The logs there are below `root`, with their full paths. Anything else there is left alone.
// Errors: kStorage.
Result<std::map<TableBucket, std::string>> FindLogs(io::FileSystem& files, const std::string& root);

// Removes a log's directory for good, and its partition's and table's if it leaves them empty.
// Errors: kStorage.
Status RemoveLog(io::FileSystem& files, const std::string& root, const std::string& directory);

}  // namespace strom::tablet
