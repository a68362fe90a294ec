// One suite over every FileSystem: the kernel's in a temporary directory, and the simulation's
// disk.
#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <catch2/catch_template_test_macros.hpp>

#include "common/io/file_system.h"
#include "common/io/path.h"
#include "common/io/posix_file_system.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/testing/temp_dir.h"

namespace strom::io {
namespace {

struct PosixWorld {
  testing::TempDir dir;
  PosixFileSystem files;
  std::string At(std::string_view name) const { return JoinPath(dir.path(), name); }
};

struct SimWorld {
  sim::SimDisk files{{.seed = 1}};
  SimWorld() { REQUIRE(files.CreateDirectory("/root").ok()); }
  std::string At(std::string_view name) const { return JoinPath("/root", name); }
};

Bytes ReadAll(const File& file) {
  Bytes bytes(file.Size().value(), '?');
  REQUIRE(file.ReadExactlyAt(0, bytes).ok());
  return bytes;
}

void Put(FileSystem& files, const std::string& path, BytesView bytes) {
  const std::unique_ptr<File> file = files.Create(path).value();
  REQUIRE(file->Append(bytes).ok());
}

Bytes Get(FileSystem& files, const std::string& path) {
  return ReadAll(*files.OpenForRead(path).value());
}

std::string Names(FileSystem& files, const std::string& directory) {
  std::string names;
  for (const DirectoryEntry& entry : files.List(directory).value()) {
    names += entry.name + (entry.kind == EntryKind::kDirectory ? "/ " : " ");
  }
  return names;
}

// A message that names the path and the kernel's number.
bool IsError(const Status& status, const std::string& path, int error_number) {
  INFO(status.ToString());
  CHECK(status.message().find(path) != std::string_view::npos);
  CHECK(status.message().ends_with(fmt::format("(errno {})", error_number)));
  return status.code() == ErrorCode::kStorage;
}

}  // namespace

#define STROM_FILE_SYSTEM_TEST(name) \
  TEMPLATE_TEST_CASE(name, "[io][contract]", PosixWorld, SimWorld)

STROM_FILE_SYSTEM_TEST("a file gives back what was written where") {
  TestType world;
  const std::string path = world.At("f");
  const std::unique_ptr<File> file = world.files.Create(path).value();
  CHECK(file->path() == path);
  CHECK(file->Size().value() == 0);
  REQUIRE(file->Append("hello ").ok());
  REQUIRE(file->Append("").ok());
  REQUIRE(file->Append(BytesView("wor\0ld", 6)).ok());
  CHECK(ReadAll(*file) == BytesView("hello wor\0ld", 12));

  SECTION("writing inside replaces, writing over the end grows") {
    REQUIRE(file->WriteAt(0, "J").ok());
    REQUIRE(file->WriteAt(11, "D!").ok());
    CHECK(ReadAll(*file) == BytesView("Jello wor\0lD!", 13));
    REQUIRE(file->Append(".").ok());
    CHECK(file->Size().value() == 14);
  }
  SECTION("a gap reads as zeros") {
    REQUIRE(file->WriteAt(14, "x").ok());
    CHECK(ReadAll(*file) == BytesView("hello wor\0ld\0\0x", 15));
    REQUIRE(file->WriteAt(100, "").ok());  // Nothing written, nothing grown.
    CHECK(file->Size().value() == 15);
  }
  SECTION("truncating cuts, and fills up with zeros") {
    REQUIRE(file->Truncate(5).ok());
    CHECK(ReadAll(*file) == "hello");
    REQUIRE(file->Append("!").ok());
    CHECK(ReadAll(*file) == "hello!");
    REQUIRE(file->Truncate(8).ok());
    CHECK(ReadAll(*file) == BytesView("hello!\0\0", 8));
    REQUIRE(file->Truncate(0).ok());
    CHECK(file->Size().value() == 0);
  }
  SECTION("reads end where the file ends") {
    std::array<char, 20> buffer = {};
    CHECK(file->ReadAt(6, std::span(buffer).first(3)).value() == 3);
    CHECK(BytesView(buffer.data(), 3) == "wor");
    CHECK(file->ReadAt(10, buffer).value() == 2);
    CHECK(file->ReadAt(12, buffer).value() == 0);
    CHECK(file->ReadAt(1000, buffer).value() == 0);
    CHECK(file->ReadAt(UINT64_MAX - 3, buffer).value() == 0);
    CHECK(file->ReadAt(0, {}).value() == 0);
    CHECK(file->ReadExactlyAt(6, std::span(buffer).first(6)).ok());
    const Status cut = file->ReadExactlyAt(10, std::span(buffer).first(4));
    CHECK(cut.code() == ErrorCode::kStorage);
    CHECK(cut.message() == "read 4 bytes at 10 of " + path + ": the file ends after 2 of them");
  }
  SECTION("positions no file can have are refused") {
    CHECK(IsError(file->WriteAt(UINT64_MAX - 1, "xyz"), path, EFBIG));
    CHECK(IsError(file->Truncate(UINT64_MAX), path, EFBIG));
    CHECK(file->Size().value() == 12);
  }
  SECTION("other handles see it at once, and after it was closed") {
    const std::unique_ptr<const File> reader = world.files.OpenForRead(path).value();
    REQUIRE(file->Append("?").ok());
    CHECK(ReadAll(*reader) == BytesView("hello wor\0ld?", 13));
  }
  REQUIRE(file->Sync().ok());
  REQUIRE(file->Append("synced").ok());  // A sync ends nothing.
  REQUIRE(file->Sync().ok());
}

STROM_FILE_SYSTEM_TEST("a file is created once and opened as often as one likes") {
  TestType world;
  const std::string path = world.At("f");
  CHECK(IsError(world.files.OpenForRead(path).status(), path, ENOENT));
  CHECK(IsError(world.files.OpenForWrite(path).status(), path, ENOENT));
  CHECK_FALSE(world.files.Exists(path).value());

  Put(world.files, path, "one");
  CHECK(world.files.Exists(path).value());
  CHECK(IsError(world.files.Create(path).status(), path, EEXIST));
  {
    const std::unique_ptr<File> again = world.files.OpenForWrite(path).value();
    REQUIRE(again->Append(" two").ok());
    CHECK(ReadAll(*again) == "one two");
  }
  CHECK(Get(world.files, path) == "one two");

  const std::string inside = path + "/g";  // A file is no directory.
  CHECK_FALSE(world.files.Exists(inside).value());
  CHECK(IsError(world.files.OpenForRead(inside).status(), path, ENOTDIR));
  CHECK(IsError(world.files.Create(inside).status(), path, ENOTDIR));
  CHECK(IsError(world.files.Create(world.At("no/g")).status(), world.At("no/g"), ENOENT));
}

STROM_FILE_SYSTEM_TEST("a directory is no file") {
  TestType world;
  const std::string path = world.At("d");
  REQUIRE(world.files.CreateDirectory(path).ok());
  CHECK(IsError(world.files.OpenForRead(path).status(), path, EISDIR));
  CHECK(IsError(world.files.OpenForWrite(path).status(), path, EISDIR));
  CHECK(IsError(world.files.Create(path).status(), path, EEXIST));
  CHECK(IsError(world.files.RemoveFile(path), path, EISDIR));
}

STROM_FILE_SYSTEM_TEST("directories list their entries by name") {
  TestType world;
  CHECK(Names(world.files, world.At("")).empty());
  for (const char* name : {"b", "a", "c.log", "B"}) Put(world.files, world.At(name), "");
  REQUIRE(world.files.CreateDirectory(world.At("ab")).ok());
  CHECK(Names(world.files, world.At("")) == "B a ab/ b c.log ");

  REQUIRE(world.files.CreateDirectory(world.At("ab")).ok());  // Already there.
  const std::string file = world.At("a");
  CHECK(IsError(world.files.CreateDirectory(file), file, EEXIST));
  CHECK(IsError(world.files.List(file).status(), file, ENOTDIR));
  CHECK(IsError(world.files.List(world.At("no")).status(), world.At("no"), ENOENT));
  CHECK(IsError(world.files.CreateDirectory(world.At("no/x")), world.At("no/x"), ENOENT));

  CHECK(world.files.SyncDirectory(world.At("")).ok());
  CHECK(IsError(world.files.SyncDirectory(file), file, ENOTDIR));
  CHECK(IsError(world.files.SyncDirectory(world.At("no")), world.At("no"), ENOENT));
}

STROM_FILE_SYSTEM_TEST("removing takes what is there and nothing else") {
  TestType world;
  REQUIRE(world.files.CreateDirectory(world.At("d")).ok());
  Put(world.files, world.At("d/f"), "x");
  const std::unique_ptr<const File> open = world.files.OpenForRead(world.At("d/f")).value();

  CHECK(IsError(world.files.RemoveDirectory(world.At("d")), world.At("d"), ENOTEMPTY));
  CHECK(IsError(world.files.RemoveDirectory(world.At("d/f")), world.At("d/f"), ENOTDIR));
  REQUIRE(world.files.RemoveFile(world.At("d/f")).ok());
  CHECK(IsError(world.files.RemoveFile(world.At("d/f")), world.At("d/f"), ENOENT));
  CHECK(ReadAll(*open) == "x");  // Who has it open keeps it.
  REQUIRE(world.files.RemoveDirectory(world.At("d")).ok());
  CHECK(IsError(world.files.RemoveDirectory(world.At("d")), world.At("d"), ENOENT));
  CHECK(Names(world.files, world.At("")).empty());
}

STROM_FILE_SYSTEM_TEST("renaming moves a name and replaces what it may") {
  TestType world;
  FileSystem& files = world.files;
  Put(files, world.At("f"), "f");
  Put(files, world.At("g"), "g");
  for (const char* name : {"d", "d/sub", "empty"}) {
    REQUIRE(files.CreateDirectory(world.At(name)).ok());
  }

  SECTION("a file onto a file, also into another directory") {
    REQUIRE(files.Rename(world.At("f"), world.At("g")).ok());
    CHECK(Get(files, world.At("g")) == "f");
    REQUIRE(files.Rename(world.At("g"), world.At("d/h")).ok());
    CHECK(Get(files, world.At("d/h")) == "f");
    CHECK(Names(files, world.At("")) == "d/ empty/ ");
  }
  SECTION("a directory with all that is in it, onto an empty one") {
    REQUIRE(files.Rename(world.At("d"), world.At("empty")).ok());
    CHECK(Names(files, world.At("")) == "empty/ f g ");
    CHECK(Names(files, world.At("empty")) == "sub/ ");
  }
  SECTION("onto itself: nothing happens") {
    REQUIRE(files.Rename(world.At("f"), world.At("f")).ok());
    CHECK(Get(files, world.At("f")) == "f");
  }
  SECTION("what cannot be is refused and changes nothing") {
    const auto refused = [&](const char* from, const char* to, int error_number) {
      return IsError(files.Rename(world.At(from), world.At(to)), world.At(to), error_number);
    };
    CHECK(refused("no", "g", ENOENT));
    CHECK(refused("f", "no/g", ENOENT));
    CHECK(refused("f", "empty", EISDIR));
    CHECK(refused("empty", "f", ENOTDIR));
    CHECK(refused("empty", "d", ENOTEMPTY));
    CHECK(refused("d", "d/sub/d", EINVAL));
    CHECK(Names(files, world.At("")) == "d/ empty/ f g ");
    CHECK(Names(files, world.At("d")) == "sub/ ");
  }
}

STROM_FILE_SYSTEM_TEST("directories are made and removed with all that belongs to them") {
  TestType world;
  const std::string deep = world.At("a/b/c");
  REQUIRE(world.files.CreateDirectories(deep).ok());
  REQUIRE(world.files.CreateDirectories(deep + "/").ok());  // All there already.
  Put(world.files, world.At("a/b/c/f"), "");
  Put(world.files, world.At("a/g"), "");
  REQUIRE(world.files.CreateDirectories(world.At("a/x/y")).ok());
  CHECK(IsError(world.files.CreateDirectories(world.At("a/g")), world.At("a/g"), EEXIST));
  CHECK_FALSE(world.files.CreateDirectories(world.At("a/g/h")).ok());

  REQUIRE(world.files.RemoveRecursively(world.At("a/g")).ok());  // A file is removed as well.
  CHECK(Names(world.files, world.At("a")) == "b/ x/ ");
  REQUIRE(world.files.RemoveRecursively(world.At("a")).ok());
  CHECK(Names(world.files, world.At("")).empty());
  CHECK(world.files.RemoveRecursively(world.At("a")).ok());  // Gone already.
}

STROM_FILE_SYSTEM_TEST("a lock has one holder at a time") {
  TestType world;
  const std::string path = world.At(".lock");
  std::unique_ptr<FileLock> held = world.files.Lock(path).value();
  CHECK(world.files.Exists(path).value());
  const Status refused = world.files.Lock(path).status();
  CHECK(IsError(refused, path, EWOULDBLOCK));
  CHECK(world.files.Lock(world.At("other")).ok());
  held.reset();
  CHECK(world.files.Lock(path).ok());
}

STROM_FILE_SYSTEM_TEST("the disk tells how much room it has") {
  TestType world;
  const DiskSpace space = world.files.Space(world.At("")).value();
  CHECK(space.total_bytes > 0);
  CHECK(space.available_bytes <= space.total_bytes);
  CHECK(IsError(world.files.Space(world.At("no")).status(), world.At("no"), ENOENT));
}

STROM_FILE_SYSTEM_TEST("an empty path names nothing") {
  TestType world;
  CHECK_FALSE(world.files.OpenForRead("").ok());
  CHECK_FALSE(world.files.Create("").ok());
  CHECK_FALSE(world.files.CreateDirectory("").ok());
  CHECK_FALSE(world.files.List("").ok());
  CHECK_FALSE(world.files.Exists("").value());
}

}  // namespace strom::io
