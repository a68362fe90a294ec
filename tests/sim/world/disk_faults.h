#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "tests/sim/world/sim_random.h"

namespace strom::sim {

enum class DiskOperation {
  kOpen,  // For reading or writing.
  kCreate,
  kRead,
  kWrite,  // WriteAt and Append.
  kTruncate,
  kSync,
  kList,
  kCreateDirectory,
  kRename,
  kRemove,  // Of files and directories.
  kSyncDirectory,
};

// The error of an operation that a fault made fail: io::StorageError, marked "[injected]", so that
// a checker can tell causes from consequences.
Status InjectedError(int error_number, std::string_view what);

// Decides which operations of a simulated disk fail, and with which errno.
class DiskFaults {
 public:
  explicit DiskFaults(uint64_t seed) : random_(seed) {}

  // From now on this share of the operations fails with EIO; 0 ends it.
  void SetErrorRate(DiskOperation operation, double probability);

  // The next such operation whose path contains `path_part` fails with `error_number`, once `skip`
  // others like it have passed. Several may wait.
  void FailNext(DiskOperation operation, std::string path_part, int error_number, int skip = 0);

  // No more errors.
  void Heal();

  // The errno with which the operation has to fail, if it has to.
  std::optional<int> Draw(DiskOperation operation, std::string_view path);

 private:
  struct Planned {
    DiskOperation operation;
    std::string path_part;
    int error_number;
    int skip;
  };

  SimRandom random_;
  std::map<DiskOperation, double> rates_;
  std::vector<Planned> planned_;
};

}  // namespace strom::sim
