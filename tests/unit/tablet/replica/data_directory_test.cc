#include "tablet/replica/data_directory.h"

#include <catch2/catch_test_macros.hpp>

#include "common/io/atomic_file.h"
#include "tablet/replica/log_directories.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

constexpr const char* kPath = "/data/dir";

Result<std::unique_ptr<DataDirectory>> Open(sim::SimDisk& disk, std::string cluster = "c1",
                                            int server = 3) {
  return DataDirectory::Open(disk, kPath,
                             {.cluster_id = std::move(cluster), .server_id = ServerId(server)});
}

}  // namespace

TEST_CASE("a data directory stays with its cluster and server", "[replica]") {
  sim::SimDisk disk({});
  REQUIRE(Open(disk).ok());
  REQUIRE(Open(disk).ok());

  const Status foreign = Open(disk, "c2").status();
  CHECK(foreign.code() == ErrorCode::kInvalidConfig);
  CHECK(foreign.message() == "data directory /data/dir belongs to cluster c1, this is c2");
  const Status other = Open(disk, "c1", 4).status();
  CHECK(other.code() == ErrorCode::kInvalidConfig);
  CHECK(other.message() == "data directory /data/dir belongs to server 3, this is 4");

  disk.PowerFail(1);
  CHECK(Open(disk, "c2").status().code() == ErrorCode::kInvalidConfig);
}

TEST_CASE("a data directory keeps its id for life, and a new one has another", "[replica]") {
  sim::SimDisk disk({});
  const auto open = [&](std::string id, std::string path = kPath) {
    return DataDirectory::Open(
               disk, std::move(path),
               {.cluster_id = "c1", .server_id = ServerId(3), .new_directory_id = std::move(id)})
        .value()
        ->id();
  };
  CHECK(open("first") == "first");
  CHECK(open("second") == "first");
  CHECK(open("third", "/data/other") == "third");
  disk.PowerFail(1);
  CHECK(open("fourth") == "first");  // It was on the disk before anybody heard of it.

  SECTION("one of an older program gets its id when it is opened") {
    const std::string file = std::string(kPath) + "/strom.properties";
    const std::string text = "format.version=1\ncluster.id=c1\nserver.id=3\n";
    REQUIRE(io::WriteFileAtomically(disk, file, text).ok());
    CHECK(open("fifth") == "fifth");
    disk.PowerFail(2);
    CHECK(open("sixth") == "fifth");
  }
}

TEST_CASE("a newer or unreadable format is not touched", "[replica]") {
  sim::SimDisk disk({});
  REQUIRE(Open(disk).ok());
  for (const std::string version : {"2", "", "1x", "-1", "99999999999"}) {
    const std::string text =
        "format.version=" + version + "\ncluster.id=c1\nserver.id=3\nunknown\n";
    REQUIRE(io::WriteFileAtomically(disk, std::string(kPath) + "/strom.properties", text).ok());
    const Status status = Open(disk).status();
    CHECK(status.code() == ErrorCode::kInvalidConfig);
    CHECK(status.message().find("'" + version + "'") != std::string::npos);
  }
}

TEST_CASE("one process at a time holds a data directory", "[replica]") {
  sim::SimDisk disk({});
  auto first = Open(disk).value();
  const Status status = Open(disk).status();
  CHECK(status.code() == ErrorCode::kStorage);
  CHECK(status.message().find("is in use by another process") != std::string::npos);
  first.reset();
  CHECK(Open(disk).ok());
}

TEST_CASE("a directory with something else in it is left alone", "[replica]") {
  sim::SimDisk disk({});
  REQUIRE(disk.CreateDirectories(kPath).ok());
  const std::string letter = std::string(kPath) + "/letter.txt";
  REQUIRE(io::WriteFileAtomically(disk, letter, "dear").ok());
  const Status status = Open(disk).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  CHECK(status.message().find("it holds letter.txt, but no strom.properties") != std::string::npos);
  CHECK(disk.List(kPath).value().size() == 1);
  // What a first start leaves that was cut short does not count.
  REQUIRE(disk.RemoveFile(letter).ok());
  for (const char* name : {"/.lock", "/strom.properties.tmp"}) {
    REQUIRE(io::WriteFileAtomically(disk, kPath + std::string(name), "x").ok());
  }
  CHECK(Open(disk).ok());
}

TEST_CASE("the mark of an orderly stop counts once", "[replica]") {
  sim::SimDisk disk({});
  {
    auto directory = Open(disk).value();
    CHECK_FALSE(directory->was_clean());
    REQUIRE(directory->MarkClean().ok());
  }
  disk.PowerFail(7);
  CHECK(Open(disk).value()->was_clean());
  disk.PowerFail(8);
  CHECK_FALSE(Open(disk).value()->was_clean());
}

TEST_CASE("logs are found where they were put, and nothing else is", "[replica]") {
  sim::SimDisk disk({});
  const TableBucket plain = Bucket(2);
  TableBucket partitioned = Bucket(11, 9);
  partitioned.partition = PartitionId(5);
  const PhysicalTablePath plain_path{{"db", "t-x"}, std::nullopt};
  const PhysicalTablePath partition_path{{"db", "u"}, "2024-p7$us"};
  CHECK(LogDirectory(plain_path, plain) == "db/t-x-7/log-2");
  CHECK(LogDirectory(partition_path, partitioned) == "db/u-9/2024-p7$us-p5/log-11");
  for (const std::string& path :
       {LogDirectory(plain_path, plain), LogDirectory(partition_path, partitioned),
        std::string("db/odd/log-1"), std::string("db/t-x-7/log-x"), std::string("db/t-7/log--1"),
        std::string("other")}) {
    REQUIRE(disk.CreateDirectories("/d/" + path).ok());
  }
  REQUIRE(io::WriteFileAtomically(disk, "/d/file-3", "").ok());
  REQUIRE(io::WriteFileAtomically(disk, "/d/db/t-x-7/log-9", "").ok());
  const auto logs = FindLogs(disk, "/d").value();
  CHECK(logs.size() == 2);
  CHECK(logs.at(plain) == "/d/db/t-x-7/log-2");
  CHECK(logs.at(partitioned) == "/d/db/u-9/2024-p7$us-p5/log-11");

  REQUIRE(RemoveLog(disk, "/d", logs.at(partitioned)).ok());
  CHECK_FALSE(disk.Exists("/d/db/u-9").value());
  CHECK(disk.Exists("/d/db").value());
  REQUIRE(RemoveLog(disk, "/d", logs.at(plain)).ok());
  CHECK(disk.Exists("/d/db/t-x-7").value());  // Something else is in it.
}

}  // namespace strom::tablet
