// What only the kernel's file system has: links, special files, limits. The rest is in
// tests/contract.
#include "common/io/posix_file_system.h"

#include <cerrno>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/io/path.h"
#include "common/io/storage_error.h"
#include "tests/testing/temp_dir.h"

namespace strom::io {
namespace {

namespace stdfs = std::filesystem;

// For this scope no file may grow beyond `bytes`: writes in the middle are cut short by the kernel.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit = {.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    handler_before_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_before_);
  }

 private:
  rlimit before_ = {};
  void (*handler_before_)(int) = nullptr;
};

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : stdfs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace

TEST_CASE("an errno becomes a status with its text and number", "[io]") {
  const Status full = StorageError(ENOSPC, "write 5 bytes at 0 of /x");
  CHECK(full.ToString() ==
        "kDiskWriteLocked: write 5 bytes at 0 of /x: No space left on device (errno 28)");
  CHECK(IsRetriable(full.code()));
  CHECK(StorageError(EDQUOT, "w").code() == ErrorCode::kDiskWriteLocked);
  CHECK(StorageError(EIO, "sync /x").ToString() ==
        "kStorage: sync /x: Input/output error (errno 5)");
}

TEST_CASE("a write the kernel cuts short goes on, and its error tells what is left", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string path = JoinPath(dir.path(), "f");
  const std::unique_ptr<File> file = files.Create(path).value();
  REQUIRE(file->Append(Bytes(600, 'a')).ok());
  {
    const FileSizeLimit limit(1000);
    const Status cut = file->Append(Bytes(500, 'b'));
    CHECK(cut.ToString() ==
          "kStorage: write 100 bytes at 1000 of " + path + ": File too large (errno 27)");
    CHECK(file->Size().value() == 1000);  // The part that went in, as File::Append says.
    CHECK_FALSE(file->Truncate(2000).ok());
  }
  REQUIRE(file->Truncate(600).ok());
  REQUIRE(file->Append("c").ok());
  Bytes bytes(601, '\0');
  REQUIRE(file->ReadExactlyAt(0, bytes).ok());
  CHECK(bytes == Bytes(600, 'a') + "c");
}

TEST_CASE("what is no regular file is neither opened nor waited for", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string fifo = JoinPath(dir.path(), "fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(files.OpenForRead(fifo).status().message() ==
        "open " + fifo + ", no regular file: Invalid argument (errno 22)");
  CHECK_FALSE(files.OpenForWrite(fifo).ok());
  CHECK_FALSE(files.OpenForWrite("/dev/null").ok());
  CHECK(files.List(dir.path()).value() == std::vector<DirectoryEntry>{{"fifo", EntryKind::kOther}});
}

TEST_CASE("removing a tree does not follow links out of it", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string precious = JoinPath(dir.path(), "precious");
  const std::string tree = JoinPath(dir.path(), "tree");
  REQUIRE(files.CreateDirectory(precious).ok());
  REQUIRE(files.Create(JoinPath(precious, "data")).ok());
  REQUIRE(files.CreateDirectories(JoinPath(tree, "sub")).ok());
  stdfs::create_directory_symlink(precious, JoinPath(tree, "sub/link"));
  stdfs::create_symlink("nowhere", JoinPath(tree, "dangling"));
  CHECK(files.Exists(JoinPath(tree, "dangling")).value());  // The name is taken.

  REQUIRE(files.RemoveRecursively(tree).ok());
  CHECK_FALSE(files.Exists(tree).value());
  CHECK(files.Exists(JoinPath(precious, "data")).value());

  const std::string link = JoinPath(dir.path(), "link");
  stdfs::create_directory_symlink(precious, link);
  REQUIRE(files.RemoveRecursively(link).ok());
  CHECK_FALSE(files.Exists(link).value());
  CHECK(files.Exists(JoinPath(precious, "data")).value());
}

TEST_CASE("a directory behind a link serves as data directory", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  REQUIRE(files.CreateDirectory(JoinPath(dir.path(), "disk1")).ok());
  const std::string link = JoinPath(dir.path(), "data");
  stdfs::create_directory_symlink(JoinPath(dir.path(), "disk1"), link);
  REQUIRE(files.CreateDirectories(JoinPath(link, "db/table")).ok());
  CHECK(files.Exists(JoinPath(dir.path(), "disk1/db/table")).value());
  CHECK(files.CreateDirectory(link).ok());
}

TEST_CASE("very deep trees are made and removed", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  std::string deep = JoinPath(dir.path(), "d");
  for (int i = 0; i < 300; ++i) deep += "/d";
  REQUIRE(files.CreateDirectories(deep).ok());
  REQUIRE(files.RemoveRecursively(JoinPath(dir.path(), "d")).ok());
  CHECK(files.List(dir.path()).value().empty());
}

TEST_CASE("files close their descriptors, and children do not get them", "[io]") {
  const testing::TempDir dir;
  PosixFileSystem files;
  const std::string path = JoinPath(dir.path(), "f");
  const size_t before = OpenDescriptors();
  {
    const auto file = files.Create(path).value();
    const auto lock = files.Lock(JoinPath(dir.path(), ".lock")).value();
    REQUIRE(files.SyncDirectory(dir.path()).ok());
    CHECK(OpenDescriptors() == before + 2);
    for (const auto& entry : stdfs::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const stdfs::path target = stdfs::read_symlink(entry.path(), gone);
      if (!target.string().starts_with(dir.path())) continue;
      CHECK((::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
  CHECK_FALSE(files.Create(path).ok());
  CHECK_FALSE(files.OpenForRead(dir.path()).ok());
  CHECK(OpenDescriptors() == before);
}

}  // namespace strom::io
