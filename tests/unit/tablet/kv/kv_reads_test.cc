// Lookups and scans of a KvTablet.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/kv/rocks_store.h"
#include "common/record/value_batch.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {
namespace {

// Primary key (name, id) with bucket key name: rows can be looked up by name alone.
TableDescriptor PrefixTable() {
  TableDescriptor table = TestTable({{"table.kv.format-version", "2"}});
  table.schema = Schema::Make({.columns = TestTable().schema.columns(),
                               .primary_key = {"name", "id"},
                               .auto_increment_column = {}})
                     .value();
  table.distribution = TableDistribution{{"name"}, 1};
  return table;
}

// What is left of `scan`, in pieces of at most `size_max` bytes.
std::vector<Row> Drain(const KvFixture& f, KvScan& scan, size_t size_max, int* pieces = nullptr) {
  std::vector<Row> rows;
  while (!scan.done()) {
    const Bytes batch = scan.Next(size_max).value();
    const auto piece = f.Decode(batch);
    CHECK((batch.size() <= size_max || piece.size() == 1));
    rows.insert(rows.end(), piece.begin(), piece.end());
    if (pieces) ++*pieces;
  }
  return rows;
}

}  // namespace

TEST_CASE("lookups answer every key in order", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(3, "c"))}).ok());
  f.Flush();
  const Bytes one = f.Key(TestRow(1, {})), two = f.Key(TestRow(2, {})),
              three = f.Key(TestRow(3, {}));
  const BytesView keys[] = {three, two, one, three, "no key at all"};
  const auto values = f.kv().Lookup(keys).value();
  REQUIRE(values.size() == 5);
  CHECK(f.table().DecodeStored(*values[0]).value() == TestRow(3, "c"));
  CHECK_FALSE(values[1].has_value());
  CHECK(f.table().DecodeStored(*values[2]).value() == TestRow(1, "a"));
  CHECK(values[3] == values[0]);
  CHECK_FALSE(values[4].has_value());
  CHECK(f.kv().Lookup({}).value().empty());
}

TEST_CASE("a prefix lookup gives what a filter of a full scan gives", "[kv]") {
  KvFixture f(PrefixTable());
  std::vector<Op> ops;
  for (int i = 0; i < 60; ++i) {
    ops.push_back(Upsert(TestRow(i, std::string(static_cast<size_t>(i) % 4, 'a'), i)));
  }
  REQUIRE(f.Put(ops).ok());
  f.Flush();
  const auto keys =
      TableKeys::Make(
          f.table().newest().schema.row_type(),
          {.lake = {}, .key_encoding_version = 2, .primary_key = {kName, 0}, .bucket_key = {kName}})
          .value();
  for (const char* name : {"", "a", "aa", "aaa", "aaaa"}) {
    const Bytes prefix = keys.prefix.EncodeKey(TestRow(0, name)).value();
    std::vector<Row> found;
    for (const Bytes& value : f.kv().PrefixLookup(prefix, 1 << 20).value()) {
      found.push_back(f.table().DecodeStored(value).value());
    }
    std::vector<Row> expected;
    std::ranges::copy_if(f.Visible(), std::back_inserter(expected),
                         [&](const Row& row) { return row[kName] == Value::String(name); });
    CHECK(found == expected);
    CHECK(found.size() == (std::string_view(name).size() < 4 ? 15 : 0));
  }
  const auto too_many = f.kv().PrefixLookup("", 100);
  CHECK(too_many.status().code() == ErrorCode::kRecordTooLarge);
  CHECK(too_many.status().message().find("100 bytes") != std::string_view::npos);
}

TEST_CASE("a limit scan gives the first rows in key order", "[kv]") {
  KvFixture f;
  CHECK(f.Decode(f.kv().LimitScan(10, 1 << 20).value()).empty());
  REQUIRE(f.Put({Upsert(TestRow(3, "c")), Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  f.Flush();
  CHECK(f.Decode(f.kv().LimitScan(2, 1 << 20).value()) ==
        std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});
  CHECK(f.Decode(f.kv().LimitScan(3, 1 << 20).value()).size() == 3);
  CHECK(f.Decode(f.kv().LimitScan(0, 1 << 20).value()).empty());
  const size_t size = f.kv().LimitScan(2, 1 << 20).value().size();
  CHECK(f.kv().LimitScan(2, size).ok());
  CHECK(f.kv().LimitScan(2, size - 1).status().code() == ErrorCode::kRecordTooLarge);
}

TEST_CASE("a full scan stays at the offset where it was opened", "[kv]") {
  testing::TempDir dir;
  const bool rocks = GENERATE(false, true);
  const auto factory = kv::MakeRocksStoreFactory({});
  KvFixture f(TestTable(), {}, rocks ? factory.get() : nullptr, dir.path() + "/kv");
  std::vector<Op> ops;
  std::vector<Row> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(TestRow(i, std::to_string(i)));
    ops.push_back(Upsert(expected.back()));
  }
  REQUIRE(f.Put(ops).ok());
  f.Flush();
  REQUIRE(f.Put({Upsert(TestRow(1, "not committed"))}).ok());
  const auto scan = f.kv().OpenScan().value();
  CHECK(scan->log_offset() == LogOffset(40));
  CHECK_FALSE(scan->done());
  CHECK(f.Decode(scan->Next(1).value()) == std::vector<Row>{expected[0]});  // At least one row.
  f.Flush();
  REQUIRE(f.Put({Delete(20), Upsert(TestRow(100, "new"))}).ok());
  f.Flush();
  int pieces = 0;
  const auto rest = Drain(f, *scan, 100, &pieces);
  CHECK(rest == std::vector<Row>(expected.begin() + 1, expected.end()));
  CHECK(pieces > 3);
  const auto later = f.kv().OpenScan().value();
  CHECK(later->log_offset() == f.log().log_end_offset());
  CHECK(Drain(f, *later, 1 << 20) == f.Visible());
}

TEST_CASE("a full scan ends at its limit", "[kv]") {
  KvFixture f;
  const auto scanned = [&](std::optional<int64_t> limit, size_t size_max) {
    const auto scan = f.kv().OpenScan(limit).value();
    return Drain(f, *scan, size_max).size();
  };
  CHECK(scanned({}, 100) == 0);
  std::vector<Op> ops;
  for (int i = 0; i < 20; ++i) ops.push_back(Upsert(TestRow(i, "x")));
  REQUIRE(f.Put(ops).ok());
  f.Flush();
  CHECK(scanned(7, 1) == 7);
  CHECK(scanned(7, 1 << 20) == 7);
  CHECK(scanned(20, 60) == 20);
  CHECK(scanned(21, 60) == 20);
  CHECK(scanned(0, 60) == 0);
}

TEST_CASE("a store opens again only when the last scan let go of it", "[kv]") {
  KvFixture f;
  auto scan = f.kv().OpenScan().value();
  f.Close();
  CHECK(f.Open(LogOffset(0)).code() == ErrorCode::kKvStorage);
  scan.reset();
  CHECK(f.Open(LogOffset(0)).ok());
}

}  // namespace strom::tablet
