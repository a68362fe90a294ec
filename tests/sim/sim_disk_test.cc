// What only the simulated disk does: power failures, crashes, errors on demand.
#include "tests/sim/world/sim_disk.h"

#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "common/io/atomic_file.h"
#include "tests/sim/world/synced_view.h"

namespace strom::sim {
namespace {

constexpr uint64_t kSeeds = 200;

std::unique_ptr<io::File> CreateDurably(SimDisk& disk, const std::string& path, BytesView bytes) {
  auto file = disk.Create(path).value();
  REQUIRE(file->Append(bytes).ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  return file;
}

Bytes Get(SimDisk& disk, const std::string& path) {
  return io::ReadWholeFile(disk, path, 1 << 20).value();
}

std::string Names(SimDisk& disk, const std::string& directory) {
  std::string names;
  for (const io::DirectoryEntry& entry : disk.List(directory).value()) names += entry.name + " ";
  return names;
}

bool IsInjected(const Status& status) { return status.message().ends_with(" [injected]"); }

}  // namespace

TEST_CASE("synced bytes survive, an unsynced write is kept, lost or torn", "[sim]") {
  std::set<Bytes> tails;
  const Bytes synced(700, 's');
  const Bytes unsynced(1500, 'u');
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed " << seed);
    SimDisk disk({});
    const auto file = CreateDurably(disk, "/f", synced);
    REQUIRE(file->Append(unsynced).ok());
    disk.PowerFail(seed);
    const Bytes after = Get(disk, "/f");
    REQUIRE(after.substr(0, 700) == synced);
    REQUIRE(after.size() <= 2200);
    // By sectors: each is there or is not; where a later one is there, the gap reads as zeros.
    for (const char byte : after.substr(700)) REQUIRE((byte == 'u' || byte == '\0'));
    tails.insert(after.substr(700));
  }
  CHECK(tails.contains(unsynced));
  CHECK(tails.contains(""));
  CHECK(tails.contains(Bytes(1500, '\0')));  // The size was written, the bytes were not.
  CHECK(tails.contains(Bytes(324, 'u')));    // 700 + 324 is a sector's end.
  CHECK(tails.contains(Bytes(836, '\0') + Bytes(664, 'u')));  // The last two of four.
  CHECK(tails.size() > 10);
}

TEST_CASE("overwritten and cut bytes may come back unless synced", "[sim]") {
  std::set<Bytes> outcomes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk({});
    const auto file = CreateDurably(disk, "/f", "old content");
    REQUIRE(file->Truncate(4).ok());
    REQUIRE(file->WriteAt(0, "new").ok());
    disk.PowerFail(seed);
    outcomes.insert(Get(disk, "/f"));
  }
  CHECK(outcomes == std::set<Bytes>{"old content", "new content", "old ", "new "});

  SimDisk disk({});
  const auto file = CreateDurably(disk, "/f", "old content");
  REQUIRE(file->Truncate(0).ok());
  REQUIRE(file->Append("new").ok());
  REQUIRE(file->Sync().ok());
  disk.PowerFail(1);
  CHECK(Get(disk, "/f") == "new");
}

TEST_CASE("a new name needs a directory sync, however well the file was synced", "[sim]") {
  std::set<std::string> outcomes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk({});
    CreateDurably(disk, "/stays", "x");
    const auto file = disk.Create("/new").value();
    REQUIRE(file->Append("y").ok());
    REQUIRE(file->Sync().ok());
    REQUIRE(disk.RemoveFile("/stays").ok());
    disk.PowerFail(seed);
    outcomes.insert(Names(disk, "/"));
    if (disk.Exists("/new").value()) CHECK(Get(disk, "/new") == "y");
    if (disk.Exists("/stays").value()) CHECK(Get(disk, "/stays") == "x");
  }
  CHECK(outcomes == std::set<std::string>{"", "new ", "new stays ", "stays "});
}

TEST_CASE("a rename happens or does not, never by half", "[sim]") {
  std::set<std::string> outcomes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk({});
    REQUIRE(disk.CreateDirectory("/d").ok());
    CreateDurably(disk, "/a", "a");
    CreateDurably(disk, "/b", "b");
    REQUIRE(disk.Rename("/a", "/d/a").ok());
    REQUIRE(disk.Rename("/b", "/d/a").ok());
    disk.PowerFail(seed);
    std::string outcome = Names(disk, "/") + "| " + Names(disk, "/d");
    if (disk.Exists("/d/a").value()) outcome += "= " + Get(disk, "/d/a");
    outcomes.insert(outcome);
  }
  CHECK(outcomes == std::set<std::string>{"a b d | ", "b d | a = a", "a d | a = b", "d | a = b"});
}

TEST_CASE("a directory sync covers its own names, and what a move into it stands on", "[sim]") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    SimDisk disk({});
    REQUIRE(disk.CreateDirectory("/from").ok());
    REQUIRE(disk.CreateDirectory("/to").ok());
    REQUIRE(disk.SyncDirectory("/").ok());
    REQUIRE(disk.Create("/from/f").value()->Sync().ok());
    REQUIRE(disk.Rename("/from/f", "/to/f").ok());
    REQUIRE(disk.Create("/from/later").ok());  // After the move: not covered.
    REQUIRE(disk.SyncDirectory("/to").ok());
    disk.PowerFail(seed);
    CHECK(Names(disk, "/to") == "f ");
    const std::string from = Names(disk, "/from");
    CHECK((from.empty() || from == "later "));  // Never a second name for f.
  }
}

TEST_CASE("directories made with their parents survive at once", "[sim]") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SimDisk disk({});
    REQUIRE(disk.CreateDirectory("/a").ok());
    disk.CrashProcess();  // Died before it could sync /a; the next one must not trust the name.
    REQUIRE(disk.CreateDirectories("/a/b/c").ok());
    disk.PowerFail(seed);
    CHECK(disk.Exists("/a/b/c").value());
  }
}

TEST_CASE("what is synced can be looked at while a process goes on writing", "[sim]") {
  SimDisk disk({});
  SyncedView synced(disk);
  auto file = CreateDurably(disk, "/log", "synced");
  REQUIRE(file->Append(" and not").ok());
  REQUIRE(disk.Create("/nameless").value()->Sync().ok());
  CHECK(io::ReadWholeFile(synced, "/log", 100).value() == "synced");
  CHECK(Names(disk, "/") == "log nameless ");
  CHECK(synced.List("/")->size() == 1);
  CHECK_FALSE(synced.Exists("/nameless").value());
  CHECK_FALSE(synced.OpenForRead("/nameless").ok());
  CHECK_FALSE(synced.RemoveFile("/log").ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(disk.SyncDirectory("/").ok());
  CHECK(io::ReadWholeFile(synced, "/log", 100).value() == "synced and not");
  CHECK(synced.Exists("/nameless").value());
}

TEST_CASE("a process crash keeps the page cache and drops files and locks", "[sim]") {
  SimDisk disk({});
  const auto file = disk.Create("/f").value();
  REQUIRE(file->Append("unsynced").ok());
  const auto lock = disk.Lock("/lock").value();
  disk.CrashProcess();

  CHECK(Get(disk, "/f") == "unsynced");
  const auto next_lock = disk.Lock("/lock");
  CHECK(next_lock.ok());
  for (const Status& zombie : {file->Append("late"), file->Truncate(0), file->Sync()}) {
    CHECK_FALSE(zombie.ok());
    CHECK(IsInjected(zombie));
  }
  CHECK(Get(disk, "/f") == "unsynced");
}

TEST_CASE("a dead process's lock does not release the next one's", "[sim]") {
  SimDisk disk({});
  auto lock = disk.Lock("/lock").value();
  disk.PowerFail(1);
  const auto next = disk.Lock("/lock");
  REQUIRE(next.ok());
  lock.reset();
  CHECK_FALSE(disk.Lock("/lock").ok());
}

TEST_CASE("a full disk takes a part and recovers when there is room", "[sim]") {
  SimDisk disk({.capacity_bytes = 1000});
  const auto file = CreateDurably(disk, "/f", Bytes(600, 'a'));
  const auto other = CreateDurably(disk, "/g", Bytes(300, 'b'));
  CHECK(disk.Space("/").value().available_bytes == 100);

  const Status full = file->Append(Bytes(500, 'c'));
  CHECK(full.code() == ErrorCode::kDiskWriteLocked);
  CHECK(full.message() ==
        "write 500 bytes at 600 of /f: No space left on device (errno 28) [injected]");
  CHECK(file->Size().value() == 700);
  CHECK(file->WriteAt(0, "overwriting needs no room").ok());
  CHECK(file->Sync().ok());
  CHECK_FALSE(other->Append("x").ok());

  REQUIRE(file->Truncate(600).ok());
  REQUIRE(disk.RemoveFile("/g").ok());
  CHECK(file->Append(Bytes(400, 'c')).ok());
  CHECK_FALSE(file->Append("x").ok());
  disk.SetCapacity(2000);
  CHECK(file->Append("x").ok());
}

TEST_CASE("a failed sync is final for the file, and its bytes may be gone unnoticed", "[sim]") {
  std::set<Bytes> outcomes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed " << seed);
    SimDisk disk({.seed = seed});
    const auto file = CreateDurably(disk, "/f", "1");
    REQUIRE(file->Append("2").ok());
    disk.faults().FailNext(DiskOperation::kSync, "/f", EIO);
    const Status failed = file->Sync();
    CHECK(failed.ToString() == "kStorage: sync /f: Input/output error (errno 5) [injected]");
    CHECK_FALSE(file->Sync().ok());
    CHECK_FALSE(file->Append("3").ok());
    CHECK_FALSE(file->Truncate(0).ok());
    // Somebody opens it anew: the kernel has forgotten the error, and shows what is in the cache.
    CHECK(Get(disk, "/f") == "12");
    CHECK(disk.OpenForWrite("/f").value()->Sync().ok());
    disk.PowerFail(seed);
    outcomes.insert(Get(disk, "/f"));
  }
  CHECK(outcomes.contains("1"));  // Lost, although the last sync said OK.
  CHECK(outcomes.contains("12"));
}

TEST_CASE("planned errors hit the named operation on the named path", "[sim]") {
  SimDisk disk({});
  DiskFaults& faults = disk.faults();
  CreateDurably(disk, "/log", "abc");
  CreateDurably(disk, "/index", "abc");
  char byte = 0;

  faults.FailNext(DiskOperation::kRead, "log", EIO, /*skip=*/1);
  const auto log = disk.OpenForRead("/log").value();
  const auto index = disk.OpenForRead("/index").value();
  CHECK(index->ReadAt(0, {&byte, 1}).ok());
  CHECK(log->ReadAt(0, {&byte, 1}).ok());
  const Status failed = log->ReadAt(1, {&byte, 1}).status();
  CHECK(failed.message() == "read 1 bytes at 1 of /log: Input/output error (errno 5) [injected]");
  CHECK(log->ReadAt(0, {&byte, 1}).ok());

  faults.FailNext(DiskOperation::kOpen, "", EMFILE);
  CHECK(IsInjected(disk.OpenForRead("/index").status()));
  const Status missing = disk.OpenForRead("/none").status();
  CHECK_FALSE(missing.ok());
  CHECK_FALSE(IsInjected(missing));  // Its own fault.

  const auto fails = [&](DiskOperation operation, auto call) {
    faults.FailNext(operation, "/", EIO);
    const bool injected = IsInjected(call());
    return injected && !IsInjected(call());
  };
  CHECK(fails(DiskOperation::kCreate, [&] { return disk.Create("/new").status(); }));
  CHECK(fails(DiskOperation::kList, [&] { return disk.List("/").status(); }));
  CHECK(fails(DiskOperation::kCreateDirectory, [&] { return disk.CreateDirectory("/d"); }));
  CHECK(fails(DiskOperation::kRename, [&] { return disk.Rename("/new", "/newer"); }));
  CHECK(fails(DiskOperation::kRemove, [&] { return disk.RemoveFile("/newer"); }));
  CHECK(fails(DiskOperation::kRemove, [&] { return disk.RemoveDirectory("/d"); }));
  CHECK(fails(DiskOperation::kSyncDirectory, [&] { return disk.SyncDirectory("/"); }));
  CHECK(Names(disk, "/") == "index log ");
}

TEST_CASE("a failed write may leave a part behind", "[sim]") {
  std::set<uint64_t> sizes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk({.seed = seed});
    const auto file = disk.Create("/f").value();
    disk.faults().FailNext(DiskOperation::kWrite, "/f", EIO);
    REQUIRE_FALSE(file->Append("12345").ok());
    sizes.insert(file->Size().value());
    CHECK(Get(disk, "/f") == Bytes("12345").substr(0, file->Size().value()));
  }
  CHECK(sizes == std::set<uint64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("error rates hold until the disk heals", "[sim]") {
  SimDisk disk({.seed = 11});
  const auto file = disk.Create("/f").value();
  disk.faults().SetErrorRate(DiskOperation::kTruncate, 0.3);
  int failed = 0;
  for (int i = 0; i < 1000; ++i) failed += file->Truncate(i).ok() ? 0 : 1;
  CHECK(failed > 200);
  CHECK(failed < 400);
  disk.faults().Heal();
  for (int i = 0; i < 1000; ++i) REQUIRE(file->Truncate(i).ok());
}

TEST_CASE("the same seed gives the same disk, operation by operation", "[sim]") {
  const auto play = [](uint64_t seed) {
    TraceHash trace;
    SimDisk disk({.seed = seed, .trace = &trace});
    disk.faults().SetErrorRate(DiskOperation::kWrite, 0.2);
    disk.faults().SetErrorRate(DiskOperation::kSync, 0.2);
    for (int i = 0; i < 20; ++i) {
      const auto file = disk.Create(fmt::format("/f{}", i)).value();
      for (int k = 0; k < 5; ++k) static_cast<void>(file->Append(Bytes(300, 'a')).ok());
      static_cast<void>(file->Sync().ok());
      if (i % 3 == 0) static_cast<void>(disk.SyncDirectory("/").ok());
    }
    disk.PowerFail(seed);
    for (const io::DirectoryEntry& entry : disk.List("/").value()) {
      trace.Mix(entry.name);
      trace.Mix(Get(disk, entry.name));
    }
    return trace.value();
  };
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    const uint64_t hash = play(seed);
    CHECK(hash == play(seed));
    hashes.insert(hash);
  }
  CHECK(hashes.size() == 20);
}

}  // namespace strom::sim
