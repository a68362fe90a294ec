#pragma once

#include <map>
#include <string>

#include "common/io/file_system.h"
#include "common/types/table_bucket.h"
#include "common/types/table_path.h"

// Where the logs and rows of a server's buckets are below its data directory. Same tree as Fluss's:
//
//   <db>/<table>-<table id>/log-<bucket>, kv-<bucket>
//   <db>/<table>-<table id>/<partition>-p<partition id>/log-<bucket>, kv-<bucket>
namespace strom::tablet {

// The place of a bucket's log, relative to the data directory.
std::string LogDirectory(const PhysicalTablePath& path, const TableBucket& bucket);

// The place of the rows of the bucket whose log is in `log_directory`, beside it.
std::string KvDirectory(const std::string& log_directory);

// The logs there are below `root`, with their full paths. Anything else there is left alone.
// Errors: kStorage.
Result<std::map<TableBucket, std::string>> FindLogs(io::FileSystem& files, const std::string& root);

// Removes a log's directory for good (its rows went before), and its partition's and table's if it
// leaves them empty. Errors: kStorage.
Status RemoveLog(io::FileSystem& files, const std::string& root, const std::string& directory);

}  // namespace strom::tablet
