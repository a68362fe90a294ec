// On real files; tests/sim/atomic_file_test.cc cuts the power.
#include "common/io/atomic_file.h"

#include <catch2/catch_test_macros.hpp>

#include "common/io/path.h"
#include "common/io/posix_file_system.h"
#include "tests/testing/temp_dir.h"

namespace strom::io {

TEST_CASE("a file is replaced as a whole", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string path = JoinPath(dir.path(), "checkpoint");
  REQUIRE(WriteFileAtomically(files, path, "the first, longer content").ok());
  CHECK(ReadWholeFile(files, path, 100).value() == "the first, longer content");
  const std::unique_ptr<const File> old = files.OpenForRead(path).value();

  REQUIRE(WriteFileAtomically(files, path, BytesView("sec\0nd", 6)).ok());
  CHECK(ReadWholeFile(files, path, 100).value() == BytesView("sec\0nd", 6));
  CHECK(old->Size().value() == 25);  // Who reads the old one is not disturbed.
  CHECK(files.List(dir.path()).value().size() == 1);

  REQUIRE(WriteFileAtomically(files, path, "").ok());
  CHECK(ReadWholeFile(files, path, 0).value().empty());
}

TEST_CASE("what a crash left behind is overwritten", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string path = JoinPath(dir.path(), "checkpoint");
  REQUIRE(files.Create(path + ".tmp").value()->Append("half of a much longer file").ok());
  REQUIRE(WriteFileAtomically(files, path, "whole").ok());
  CHECK(ReadWholeFile(files, path, 100).value() == "whole");
  CHECK_FALSE(files.Exists(path + ".tmp").value());
}

TEST_CASE("a file that cannot be replaced is left alone", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string path = JoinPath(dir.path(), "taken");
  REQUIRE(files.CreateDirectories(JoinPath(path, "sub")).ok());
  CHECK(WriteFileAtomically(files, path, "x").code() == ErrorCode::kStorage);
  CHECK(files.Exists(JoinPath(path, "sub")).value());
  CHECK_FALSE(WriteFileAtomically(files, JoinPath(dir.path(), "no/where"), "x").ok());
}

TEST_CASE("a file over the limit is refused before memory is taken", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string path = JoinPath(dir.path(), "f");
  REQUIRE(files.Create(path).value()->Truncate(uint64_t{1} << 40).ok());  // 1 TiB, all hole.
  const Status refused = ReadWholeFile(files, path, 1000).status();
  CHECK(refused.ToString() ==
        "kStorage: read " + path + ": 1099511627776 bytes, at most 1000 are allowed");
  CHECK_FALSE(ReadWholeFile(files, JoinPath(dir.path(), "none"), 1000).ok());

  REQUIRE(WriteFileAtomically(files, path, "12345").ok());
  CHECK(ReadWholeFile(files, path, 5).ok());
  CHECK_FALSE(ReadWholeFile(files, path, 4).ok());
}

}  // namespace strom::io
