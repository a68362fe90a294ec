// How a KvTablet comes back from its changelog.
#include <cerrno>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/kv/rocks_store.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {

TEST_CASE("rows are rebuilt from the changelog, up to the high watermark in the store", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b")), Upsert(TestRow(3, "c"))}).ok());
  REQUIRE(f.Put({Delete(2), Delete(9)}).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "d"))}).ok());
  SECTION("all of it") {
    f.Crash();
    CHECK(f.Visible() == std::vector<Row>{TestRow(1, "d"), TestRow(3, "c")});
    CHECK(f.kv().row_count() == 2);
    CHECK(f.kv().flushed_offset() == LogOffset(6));
    CHECK(f.kv().buffer_size_bytes() == 0);
  }
  SECTION("a part") {
    f.Crash(LogOffset(3));
    CHECK(f.Visible().size() == 3);
    CHECK(f.kv().flushed_offset() == LogOffset(3));
    // What is not committed counts for the next upsert.
    REQUIRE(f.Put({Upsert(TestRow(2, "again")), Delete(1)}).ok());
    CHECK(f.Changes(LogOffset(6)) ==
          std::vector<Change>{{record::ChangeType::kInsert, TestRow(2, "again")},
                              {record::ChangeType::kDelete, TestRow(1, "d")}});
    f.Flush();
    CHECK(f.Visible() == std::vector<Row>{TestRow(2, "again"), TestRow(3, "c")});
    CHECK(f.kv().row_count() == 2);
  }
  SECTION("nothing") {
    f.Crash(LogOffset(0));
    CHECK(f.Visible().empty());
    f.Flush();
    CHECK(f.Visible() == std::vector<Row>{TestRow(1, "d"), TestRow(3, "c")});
  }
}

TEST_CASE("a high watermark inside of a batch splits it", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(1, "b"))}).ok());  // +I, -U, +U
  for (int offset = 0; offset <= 3; ++offset) {
    f.Crash(LogOffset(offset));
    const auto visible = f.Lookup(1);
    if (offset == 0) {
      CHECK_FALSE(visible.has_value());
    } else {
      CHECK(visible == TestRow(1, offset < 3 ? "a" : "b"));
    }
    f.Flush();
    CHECK(f.Lookup(1) == TestRow(1, "b"));
    CHECK(f.kv().row_count() == 1);
  }
}

TEST_CASE("a store that is left over is dropped, not added to", "[kv]") {
  testing::TempDir dir;
  const auto factory = kv::MakeRocksStoreFactory({});
  KvFixture f(TestTable(), {}, factory.get(), dir.path() + "/kv");
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  f.Flush();
  REQUIRE(f.Put({Upsert(TestRow(3, "c"))}).ok());
  f.Flush();
  f.Close();
  REQUIRE(f.log().TruncateTo(LogOffset(2)).ok());  // As after a leader's loss elsewhere.
  REQUIRE(f.Open(LogOffset(2)).ok());
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});
}

TEST_CASE("a store that was synced goes on where it was", "[kv]") {
  testing::TempDir dir;
  const auto factory = kv::MakeRocksStoreFactory({});
  KvFixture f(TestTable(), {}, factory.get(), dir.path() + "/kv");
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  f.Flush();
  REQUIRE(f.Put({Upsert(TestRow(3, "c"))}).ok());
  const StoredRows left = f.kv().Sync().value();
  CHECK(left.offset == LogOffset(2));
  CHECK(left.row_count == 2);
  f.Close();
  REQUIRE(f.OpenFollowing(left).ok());
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});
  CHECK(f.kv().flushed_offset() == LogOffset(2));
  REQUIRE(f.kv().Lead(LogOffset(2)).ok());
  REQUIRE(f.Put({Delete(1)}).ok());
  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{TestRow(2, "b"), TestRow(3, "c")});
  CHECK(f.kv().row_count() == 2);
}

TEST_CASE("a store is not opened with rows that it cannot have", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  SECTION("the log ends below") {
    const Status refused = f.OpenFollowing(StoredRows{.offset = LogOffset(3), .row_count = 3});
    CHECK(refused.code() == ErrorCode::kKvStorage);
    CHECK(refused.message().find("ends at 2") != std::string_view::npos);
  }
  SECTION("there is no store") {
    f.Close();
    KvFixture other(TestTable(), {}, nullptr, "/data/other");
    REQUIRE(other.Put({Upsert(TestRow(1, "a"))}).ok());
    other.Close();
    testing::TempDir dir;
    const auto factory = kv::MakeRocksStoreFactory({});
    const auto opened = KvTablet::Open(*factory, dir.path() + "/kv", f.shared_table(), other.log(),
                                       StoredRows{.offset = LogOffset(1), .row_count = 1});
    CHECK(opened.status().code() == ErrorCode::kKvStorage);
  }
}

TEST_CASE("the store of a follower has what is committed, and what is not once it leads", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "c"))}).ok());
  REQUIRE(f.OpenFollowing().ok());
  CHECK(f.Visible().empty());
  REQUIRE(f.kv().ApplySome(LogOffset(2)).ok());
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});
  CHECK(f.kv().row_count() == 2);
  REQUIRE(f.kv().ApplySome(LogOffset(1)).ok());  // No news.
  CHECK(f.kv().flushed_offset() == LogOffset(2));
  SECTION("it leads") {
    REQUIRE(f.kv().Lead(LogOffset(2)).ok());
    CHECK(f.Lookup(1) == TestRow(1, "a"));
    CHECK(f.kv().buffer_size_bytes() > 0);
    f.Flush();
    CHECK(f.Lookup(1) == TestRow(1, "c"));
  }
  SECTION("it led for a while") {
    REQUIRE(f.kv().Lead(LogOffset(2)).ok());
    f.kv().StopLeading();
    CHECK(f.kv().buffer_size_bytes() == 0);
    REQUIRE(f.log().TruncateTo(LogOffset(2)).ok());  // The one that leads now has it not.
    REQUIRE(f.kv().Lead(LogOffset(2)).ok());
    f.Flush();
    CHECK(f.Lookup(1) == TestRow(1, "a"));
  }
  SECTION("it goes on to follow") {
    REQUIRE(f.kv().ApplySome(LogOffset(4)).ok());
    CHECK(f.Lookup(1) == TestRow(1, "c"));
    CHECK(f.kv().row_count() == 2);
  }
}

TEST_CASE("a follower that lags behind catches up piece by piece", "[kv]") {
  KvFixture f(TestTable({{"table.log.format", "COMPACTED"}}));
  const std::string text(100000, 'x');
  for (int i = 0; i < 100; ++i) REQUIRE(f.Put({Upsert(TestRow(i, text))}).ok());
  REQUIRE(f.OpenFollowing().ok());
  int pieces = 0;
  while (f.kv().flushed_offset() < LogOffset(90)) {
    REQUIRE(f.kv().ApplySome(LogOffset(90)).ok());
    ++pieces;
  }
  CHECK(pieces > 1);
  CHECK(f.kv().flushed_offset() == LogOffset(90));
  CHECK(f.kv().row_count() == 90);
}

TEST_CASE("a retry is known after a restart", "[kv]") {
  KvFixture f;
  const Written first{WriterId(4), BatchSequence(0)};
  const AppendInfo original = f.Put({Upsert(TestRow(1, "a"))}, {}, first).value();
  REQUIRE(f.Put({Upsert(TestRow(1, "b"))}, {}, {WriterId(4), BatchSequence(1)}).ok());
  f.Crash();
  const AppendInfo retried = f.Put({Upsert(TestRow(1, "a"))}, {}, first).value();
  CHECK(retried.duplicate);
  CHECK(retried.next_offset == original.next_offset);
  f.Flush();
  CHECK(f.Lookup(1) == TestRow(1, "b"));
}

TEST_CASE("large changelogs are replayed in several reads and writes", "[kv]") {
  KvFixture f(TestTable({{"table.log.format", "COMPACTED"}}));
  const std::string text(100000, 'x');
  for (int i = 0; i < 100; ++i) {
    REQUIRE(f.Put({Upsert(TestRow(i, text + std::to_string(i)))}).ok());
    if (i % 2 == 0) REQUIRE(f.Put({Delete(i)}).ok());
  }
  CHECK(f.log().size_bytes() > size_t{2} * (4 << 20));
  f.Crash();
  CHECK(f.kv().row_count() == 50);
  for (int i = 0; i < 100; ++i) {
    CHECK(f.Lookup(i) ==
          (i % 2 == 0 ? std::nullopt : std::optional(TestRow(i, text + std::to_string(i)))));
  }
}

TEST_CASE("a changelog whose beginning is gone is not taken for all", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a"))}).ok());
  f.Close();
  // The segment takes the name of one that begins at 5: its old content does not belong there.
  std::vector<std::string> names;
  for (const auto& entry : f.disk().List("/data/log-0").value()) names.push_back(entry.name);
  for (const std::string& name : names) {
    std::string moved = name;
    if (const size_t at = moved.find("00000000000000000000"); at == 0) {
      moved.replace(0, 20, "00000000000000000005");
      REQUIRE(f.disk().Rename("/data/log-0/" + name, "/data/log-0/" + moved).ok());
    }
  }
  f.ReopenLog();
  REQUIRE(f.log().log_start_offset() == LogOffset(5));
  const Status refused = f.Open(LogOffset(5));
  CHECK(refused.code() == ErrorCode::kKvStorage);
  CHECK(refused.message().find("offset 5") != std::string_view::npos);
  CHECK(f.closed());
}

TEST_CASE("a log that cannot be read fails the opening, and the next one may succeed", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a"))}).ok());
  f.disk().faults().FailNext(sim::DiskOperation::kRead, ".log", EIO);
  CHECK(f.Open(LogOffset(1)).code() == ErrorCode::kStorage);
  REQUIRE(f.Open(LogOffset(1)).ok());
  CHECK(f.Lookup(1) == TestRow(1, "a"));
}

}  // namespace strom::tablet
