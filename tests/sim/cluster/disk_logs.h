#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/types/table_bucket.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {

// Where the logs on one machine's disk end, asked again and again while the cluster runs: it
// remembers what it has read, and reads only what has grown or was written anew since. Nobody is
// told of its looks, and no fault hits them. Lives no longer than the disk.
class DiskLogs {
 public:
  enum class View {
    kWritten,  // As processes see it, and would when they are started again.
    kSynced,   // What is left at least if the power fails now.
  };

  explicit DiskLogs(const SimDisk& disk) : tree_(disk.tree()) {}

  // None if there is no such log.
  std::optional<LogOffset> EndOf(const TableBucket& bucket, View view = View::kWritten);
  // Of the log that the server has set aside, since it did not open, if there is one.
  std::optional<LogOffset> EndOfSetAside(const TableBucket& bucket);

 private:
  // A segment file as far as it was read.
  struct Read {
    DiskNodeRef file;  // Kept, so that no other one has its address.
    uint64_t rewrites = 0;
    size_t position = 0;
    LogOffset end;
  };
  struct Log {
    TableBucket bucket;
    View view;
    bool set_aside;
    friend auto operator<=>(const Log&, const Log&) = default;
  };

  // Null if there is none.
  const DiskNode* Find(const Log& log) const;
  std::optional<LogOffset> End(const Log& log);

  const DiskTree& tree_;
  std::map<Log, std::vector<Read>> read_;  // The newest segments of each.
};

}  // namespace strom::sim
