// The atomic replace against errors and power failures at each of its steps.
#include "common/io/atomic_file.h"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/world/sim_disk.h"

namespace strom::sim {
namespace {

const Bytes kOld(900, 'o');
const Bytes kNew(1300, 'n');

Bytes Get(SimDisk& disk) { return io::ReadWholeFile(disk, "/d/f", 1 << 20).value(); }

}  // namespace

TEST_CASE("an atomic replace leaves the old or the new file, wherever the power fails", "[sim]") {
  std::set<Bytes> outcomes;
  for (const DiskOperation step :
       {DiskOperation::kCreate, DiskOperation::kWrite, DiskOperation::kSync, DiskOperation::kRename,
        DiskOperation::kSyncDirectory}) {
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      INFO("step " << static_cast<int>(step) << ", seed " << seed);
      SimDisk disk({.seed = seed});
      REQUIRE(disk.CreateDirectories("/d").ok());
      REQUIRE(io::WriteFileAtomically(disk, "/d/f", kOld).ok());

      disk.faults().FailNext(step, "/d", EIO);
      REQUIRE_FALSE(io::WriteFileAtomically(disk, "/d/f", kNew).ok());
      disk.PowerFail(seed);
      const Bytes after = Get(disk);
      REQUIRE((after == kOld || after == kNew));
      outcomes.insert(after);

      // The next process tries again, over whatever is left of the temporary file.
      REQUIRE(io::WriteFileAtomically(disk, "/d/f", kNew).ok());
      disk.PowerFail(seed + 1);
      REQUIRE(Get(disk) == kNew);
    }
  }
  CHECK(outcomes.size() == 2);  // Both happened.
}

TEST_CASE("a full disk refuses an atomic replace and keeps the old file", "[sim]") {
  SimDisk disk({.capacity_bytes = 2000});
  REQUIRE(disk.CreateDirectories("/d").ok());
  REQUIRE(io::WriteFileAtomically(disk, "/d/f", kOld).ok());
  CHECK(io::WriteFileAtomically(disk, "/d/f", kNew).code() == ErrorCode::kDiskWriteLocked);
  CHECK(Get(disk) == kOld);
  disk.SetCapacity(3000);
  CHECK(io::WriteFileAtomically(disk, "/d/f", kNew).ok());
  CHECK(Get(disk) == kNew);
}

}  // namespace strom::sim
