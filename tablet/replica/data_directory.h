#pragma once

#include <memory>
#include <string>

#include "common/io/file_system.h"
#include "common/types/ids.h"

namespace strom::tablet {

// One server's data directory: held by one process at a time, and for its whole life by one server
// of one cluster. What it holds:
//
//   .lock                              held while a process uses it
//   strom.properties                   format version, cluster id, server id, directory id
//   .fluss_cleanshutdown               only between an orderly stop and the next start
//   recovery-point-offset-checkpoint   up to where each log is synced
//   <db>/<table>-<id>/log-<bucket>/    see log_files.h
//   <db>/<table>-<id>/kv-<bucket>/     rows of a primary-key table, made from the log
class DataDirectory {
 public:
  static constexpr int kFormatVersion = 1;

  struct Identity {
    std::string cluster_id;
    ServerId server_id;
    // Random, for a directory that has no id yet. Empty: then it stays without one, and nobody
    // finds out if it is lost.
    std::string new_directory_id = {};
  };

  // Creates the directory if it is missing, takes its lock and checks whose it is; an empty one
  // becomes `identity`'s. Errors: kStorage if another process holds it; kInvalidConfig naming both
  // sides if it belongs to another cluster or server, or was written by a newer version, and for
  // one that holds something else.
  static Result<std::unique_ptr<DataDirectory>> Open(io::FileSystem& files, std::string path,
                                                     const Identity& identity);

  const std::string& path() const { return path_; }
  // Random, the same for the directory's whole life: who finds another one under a server has found
  // out that the server lost what it held. On disk before Open returns. Empty: it has none.
  const std::string& id() const { return id_; }
  std::string recovery_point_path() const { return path_ + "/recovery-point-offset-checkpoint"; }
  std::string high_watermark_path() const { return path_ + "/high-watermark-checkpoint"; }

  // Whether the last process closed everything. Read once at start; the mark is gone from then on.
  bool was_clean() const { return was_clean_; }
  // The last act of an orderly stop.
  Status MarkClean();

 private:
  DataDirectory(io::FileSystem& files, std::string path, std::unique_ptr<io::FileLock> lock)
      : files_(files), path_(std::move(path)), lock_(std::move(lock)) {}

  Status CheckIdentity(const Identity& identity);
  Status WriteProperties(const Identity& identity);
  Status TakeCleanMark();

  io::FileSystem& files_;
  const std::string path_;
  const std::unique_ptr<io::FileLock> lock_;
  std::string id_;
  bool was_clean_ = false;
};

}  // namespace strom::tablet
