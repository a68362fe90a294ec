#include "common/remote/directory_object_store.h"

#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/sim/world/sim_disk.h"

namespace strom::remote {
namespace {

using sim::DiskOperation;
using sim::SimDisk;

constexpr uint64_t kNoLimit = 1 << 20;

bool HasFile(SimDisk& disk, const std::string& path) { return disk.Exists(path).value(); }

}  // namespace

TEST_CASE("objects are files at the root and their key", "[remote]") {
  SimDisk disk({});
  DirectoryObjectStore store(disk, "/mnt/remote");
  REQUIRE(store.PutBytes("kv/a/b", "x").ok());
  CHECK(HasFile(disk, "/mnt/remote/kv/a/b"));
  CHECK(store.List("kv").value() == std::vector<ListedObject>{{"kv/a/b", true}});
}

TEST_CASE("a folder vanishes with its last object", "[remote]") {
  SimDisk disk({});
  DirectoryObjectStore store(disk, "/mnt/remote");
  REQUIRE(store.PutBytes("kv/a/b", "x").ok());
  REQUIRE(store.PutBytes("kv/a/c/d", "x").ok());
  REQUIRE(store.Delete("kv/a/c/d").ok());
  CHECK_FALSE(HasFile(disk, "/mnt/remote/kv/a/c"));
  CHECK(HasFile(disk, "/mnt/remote/kv/a"));
  REQUIRE(store.Delete("kv/a/b").ok());
  CHECK_FALSE(HasFile(disk, "/mnt/remote/kv"));
  CHECK(HasFile(disk, "/mnt/remote"));
}

TEST_CASE(
    "a put that has returned OK survives a power failure, one that has not is whole or absent",
    "[remote]") {
  const uint64_t seed = GENERATE(range(1, 40));
  const DiskOperation failing =
      GENERATE(DiskOperation::kCreate, DiskOperation::kWrite, DiskOperation::kSync,
               DiskOperation::kRename, DiskOperation::kSyncDirectory);
  SimDisk disk({.seed = seed});
  DirectoryObjectStore store(disk, "/r");
  REQUIRE(store.PutBytes("k/kept", "kept").ok());
  REQUIRE(store.PutBytes("k/replaced", "old").ok());
  disk.faults().FailNext(failing, "", EIO, failing == DiskOperation::kSyncDirectory ? 1 : 0);
  CHECK_FALSE(store.PutBytes("k/replaced", "newer").ok());
  disk.PowerFail(seed);

  CHECK(store.GetBytes("k/kept", kNoLimit).value() == "kept");
  const Bytes replaced = store.GetBytes("k/replaced", kNoLimit).value();
  CHECK((replaced == "old" || replaced == "newer"));
  if (failing != DiskOperation::kSyncDirectory) CHECK(replaced == "old");
  REQUIRE(store.PutBytes("k/replaced", "newest").ok());  // Over whatever was left.
  CHECK(store.GetBytes("k/replaced", kNoLimit).value() == "newest");
  CHECK(store.List("k").value() ==
        std::vector<ListedObject>{{"k/kept", true}, {"k/replaced", true}});
}

TEST_CASE("a full disk is told as such, and what was begun can be deleted", "[remote]") {
  SimDisk disk({.capacity_bytes = 100});
  DirectoryObjectStore store(disk, "/r");
  const Status full = store.PutBytes("k/f", std::string(1000, 'x')).status();
  CHECK(full.code() == ErrorCode::kDiskWriteLocked);
  CHECK(full.message().find("/r/k/f.unfinished") != std::string_view::npos);
  CHECK_FALSE(store.Size("k/f").value().has_value());
  CHECK(store.List("k").value() == std::vector<ListedObject>{{"k/f", false}});
  REQUIRE(store.Delete("k/f").ok());
  CHECK(disk.Space("/").value().available_bytes == 100);
}

TEST_CASE("the directory of remote.data.dir is an absolute path or a file URI", "[remote]") {
  CHECK(DirectoryOfRemoteDataDir("/tmp/fluss/remote-data").value() == "/tmp/fluss/remote-data");
  CHECK(DirectoryOfRemoteDataDir("/tmp/fluss/").value() == "/tmp/fluss");
  CHECK(DirectoryOfRemoteDataDir("file:/tmp/fluss").value() == "/tmp/fluss");
  CHECK(DirectoryOfRemoteDataDir("file:///tmp/fluss").value() == "/tmp/fluss");
  for (const char* const other : {"", "/", "tmp/fluss", "s3://bucket/x", "file://host/x", "//x"}) {
    INFO(other);
    const Status refused = DirectoryOfRemoteDataDir(other).status();
    CHECK(refused.code() == ErrorCode::kInvalidConfig);
    CHECK(refused.message().starts_with("remote.data.dir '" + std::string(other) + "'"));
  }
}

}  // namespace strom::remote
