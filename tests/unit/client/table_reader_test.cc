#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/unit/client/sim_client.h"

namespace strom::client {
namespace {

void Write(SimClient& sim, int64_t from, int64_t to) {
  auto writer = sim.Upserter(kUsers);
  for (int64_t i = from; i < to; ++i) REQUIRE(writer->TryUpsert(User(i)).ok());
  REQUIRE(sim.Await(writer->Flush()).ok());
}

// Ids of all rows, ascending.
Result<std::vector<int64_t>> ReadAll(SimClient& sim, TableReader& reader, size_t id_column = 1) {
  std::vector<int64_t> ids;
  while (true) {
    Result<std::vector<TableRow>> rows = sim.Await(reader.Next());
    if (!rows.ok()) return rows.status();
    if (rows->empty()) break;
    for (const TableRow& row : *rows) {
      CHECK(row.bucket == rows->front().bucket);
      ids.push_back(*row.row[id_column].get_if<int64_t>());
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<int64_t> UpTo(int64_t count) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(i);
  return ids;
}

}  // namespace

TEST_CASE("a reader gives all rows of all buckets", "[client]") {
  SimClient sim(GENERATE(range(1, 4)), 2);
  sim.cluster.serves_scan_kv = GENERATE(true, false);
  sim.cluster.AddTable(kUsers, Users(16));
  Write(sim, 0, 40);  // Some buckets may be empty.
  auto reader = sim.Reader(kUsers, {.answer_bytes_max = 100});
  CHECK(reader->columns().size() == 4);
  CHECK(ReadAll(sim, *reader).value() == UpTo(40));
  CHECK(sim.Await(reader->Next()).value().empty());  // Still at the end.
  CHECK(sim.cluster.open_scans() == 0);
  CHECK((sim.cluster.scan_count > 0) == sim.cluster.serves_scan_kv);
  CHECK(reader->LogOffsetOf(BucketId(0)).has_value() == sim.cluster.serves_scan_kv);

  auto ids = sim.Reader(kUsers, {.columns = {"id"}});
  CHECK(ReadAll(sim, *ids, 0).value() == UpTo(40));
}

TEST_CASE("an empty table has no rows", "[client]") {
  SimClient sim(1);
  sim.cluster.serves_scan_kv = GENERATE(true, false);
  sim.cluster.AddTable(kUsers, Users(3));
  auto reader = sim.Reader(kUsers);
  CHECK(sim.Await(reader->Next()).value().empty());
}

TEST_CASE("rows are of one moment, and the changelog goes on from there", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 0, 20);
  auto reader = sim.Reader(kUsers, {.answer_bytes_max = 60});
  const size_t first = sim.Await(reader->Next()).value().size();
  CHECK(first < 10);
  Write(sim, 20, 25);
  CHECK(ReadAll(sim, *reader).value().size() == 20 - first);
  const LogOffset offset = reader->LogOffsetOf(BucketId(0)).value();
  auto scanner = sim.Scanner(kUsers);
  REQUIRE(scanner->Subscribe(BucketId(0), OffsetSpec::At(offset)).ok());
  const auto changes = sim.Read(*scanner, 5).value();
  CHECK(changes.front().row == User(20));
  CHECK(changes.front().change_type == ChangeType::kInsert);
}

TEST_CASE("a bucket is begun again after errors that may pass", "[client]") {
  SimClient sim(GENERATE(range(1, 6)), 2);
  sim.cluster.serves_scan_kv = GENERATE(true, false);
  sim.cluster.AddTable(kUsers, Users(2));
  Write(sim, 0, 30);
  sim.cluster.scan_script[BucketId(0)] = {ErrorCode::kNotLeaderOrFollower, ErrorCode::kStorage,
                                          ErrorCode::kTooManyScanners};
  sim.cluster.MoveLeader(kUsers, BucketId(1), 0);
  auto reader = sim.Reader(kUsers);
  CHECK(ReadAll(sim, *reader).value() == UpTo(30));
}

TEST_CASE("an error in the middle of a bucket ends the reading", "[client]") {
  SimClient sim(GENERATE(range(1, 4)), 2);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 0, 30);
  auto reader = sim.Reader(kUsers, {.answer_bytes_max = 60});
  REQUIRE(sim.Await(reader->Next()).ok());
  ErrorCode expected = ErrorCode::kNotLeaderOrFollower;
  SECTION("the leader moved") { sim.cluster.MoveLeader(kUsers, BucketId(0), 1); }
  SECTION("the scan expired") {
    expected = ErrorCode::kScannerExpired;
    sim.cluster.scan_script[BucketId(0)] = {expected};
  }
  const Status status = ReadAll(sim, *reader).status();
  CHECK(status.code() == expected);
  CHECK(status.message().find("table db.users bucket 0") != std::string::npos);
  CHECK(sim.Await(reader->Next()).status().ToString() == status.ToString());
}

TEST_CASE("what does not pass, or not in time, ends the reading", "[client]") {
  SimClient sim(3);
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 0, 3);
  auto reader = sim.Reader(kUsers);
  SECTION("no right") {
    sim.cluster.scan_script[BucketId(0)] = {ErrorCode::kAuthorization};
    CHECK(sim.Await(reader->Next(), Seconds(5)).status().code() == ErrorCode::kAuthorization);
  }
  SECTION("no table") {
    REQUIRE(sim.Await(sim.connection->admin().DropTable(kUsers)).ok());
    CHECK(sim.Await(reader->Next(), Seconds(5)).status().code() == ErrorCode::kTableNotExist);
  }
  SECTION("another table") {
    sim.cluster.AddTable(kUsers, Users(1));
    CHECK(sim.Await(reader->Next(), Seconds(5)).status().code() == ErrorCode::kTableNotExist);
  }
  SECTION("no leader") {
    sim.cluster.MoveLeader(kUsers, BucketId(0), std::nullopt);
    sim.scheduler.RunFor(Seconds(1));
    auto fresh = sim.Reader(kUsers);
    sim.cluster.scan_script[BucketId(0)] = {};
    const MonoTime before = sim.scheduler.now();
    CHECK_FALSE(sim.Await(fresh->Next()).ok());
    CHECK(sim.scheduler.now() - before >= Seconds(25));
    CHECK(sim.scheduler.now() - before <= Seconds(31));
  }
}

TEST_CASE("a reader that goes lets go of its scan", "[client]") {
  SimClient sim(GENERATE(range(1, 4)));
  sim.cluster.AddTable(kUsers, Users(1));
  Write(sim, 0, 30);
  auto reader = sim.Reader(kUsers, {.answer_bytes_max = 60});
  SECTION("between two calls") { REQUIRE(sim.Await(reader->Next()).ok()); }
  SECTION("during a call") {
    reader->Next().Then([](const Result<std::vector<TableRow>>&) {});
  }
  reader = nullptr;
  sim.scheduler.RunFor(Seconds(2));
  CHECK(sim.cluster.scan_count > 0);
  CHECK(sim.cluster.open_scans() == 0);
}

TEST_CASE("readers are refused what makes no sense", "[client]") {
  SimClient sim(3);
  sim.cluster.AddTable(kUsers, Users(1));
  const TableInfo& info = sim.cluster.table(kUsers).info;
  CHECK(sim.connection->NewTableReader(info, {.columns = {"price"}}).status().code() ==
        ErrorCode::kInvalidColumnProjection);
  CHECK(sim.connection->NewTableReader(info, {.answer_bytes_max = 0}).status().code() ==
        ErrorCode::kInvalidConfig);
}

}  // namespace strom::client
