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
//
// Beside them, of Strom alone, kv-<bucket>.closed (rows_mark.h), kv-<bucket>.snapshot and
// kv-<bucket>.restoring, which are on their way to and from the object store, and broken-<bucket>,
// a log that did not open and in whose place another one was begun.
namespace strom::tablet {

// The place of a bucket's log, relative to the data directory.
std::string LogDirectory(const PhysicalTablePath& path, const TableBucket& bucket);

// The place of the rows of the bucket whose log is in `log_directory`, beside it.
std::string KvDirectory(const std::string& log_directory);

// And of the checkpoint of them that a snapshot is made of.
std::string CheckpointDirectory(const std::string& log_directory);

// The place of a log that was set aside, beside that one.
std::string BrokenDirectory(const std::string& log_directory);

// The logs there are below `root`, with their full paths. Anything else there is left alone, and so
// are, with a message, tables that cannot be listed. Errors: kStorage.
Result<std::map<TableBucket, std::string>> FindLogs(io::FileSystem& files, const std::string& root);

// Puts a log's directory aside, in place of one that was before. Errors: kStorage.
Status SetLogAside(io::FileSystem& files, const std::string& directory);

// The key of the folder that holds the snapshots of the bucket whose log is in `log_directory`,
// relative to the data directory; see KvSnapshotPaths.
std::string SnapshotFolder(const std::string& log_directory);

// Removes a log's directory for good (its rows went before), one that was set aside, and its
// partition's and table's if it leaves them empty. Errors: kStorage.
Status RemoveLog(io::FileSystem& files, const std::string& root, const std::string& directory);

}  // namespace strom::tablet
