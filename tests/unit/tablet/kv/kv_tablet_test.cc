// What Put does to rows and changelog.
#include "tablet/kv/kv_tablet.h"

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_batch_builder.h"
#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {
namespace {

using record::ChangeType;
constexpr ChangeType kI = ChangeType::kInsert, kUB = ChangeType::kUpdateBefore,
                     kUA = ChangeType::kUpdateAfter, kD = ChangeType::kDelete;

}  // namespace

TEST_CASE("inserts, updates and deletes go to the changelog with their old rows", "[kv]") {
  KvFixture f;
  const AppendInfo info =
      f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b")), Upsert(TestRow(1, "c"))}).value();
  CHECK(info.base_offset == LogOffset(0));
  CHECK(info.next_offset == LogOffset(4));
  CHECK_FALSE(info.duplicate);
  REQUIRE(f.Put({Delete(2), Delete(3), Upsert(TestRow(1, "c"))}).ok());
  CHECK(f.Changes() == std::vector<Change>{{kI, TestRow(1, "a")},
                                           {kI, TestRow(2, "b")},
                                           {kUB, TestRow(1, "a")},
                                           {kUA, TestRow(1, "c")},
                                           {kD, TestRow(2, "b")},
                                           {kUB, TestRow(1, "c")},  // The same row is a change.
                                           {kUA, TestRow(1, "c")}});
}

TEST_CASE("rows are visible once they are flushed, up to the high watermark", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "c")), Delete(2)}).ok());
  CHECK_FALSE(f.Lookup(1).has_value());
  CHECK(f.kv().flushed_offset() == LogOffset(0));
  CHECK(f.kv().row_count() == 0);

  REQUIRE(f.kv().FlushTo(LogOffset(2)).ok());
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});
  CHECK(f.kv().flushed_offset() == LogOffset(2));
  CHECK(f.kv().row_count() == 2);

  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "c")});
  CHECK(f.kv().row_count() == 1);
  CHECK(f.kv().buffer_size_bytes() == 0);
  REQUIRE(f.kv().FlushTo(LogOffset(2)).ok());  // An older high watermark changes nothing.
  CHECK(f.kv().flushed_offset() == LogOffset(5));
}

TEST_CASE("old rows come from the buffer, then from the store", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "stored")), Upsert(TestRow(2, "stored"))}).ok());
  f.Flush();
  REQUIRE(f.Put({Delete(1)}).ok());  // Hides the stored row.
  REQUIRE(f.Put({Upsert(TestRow(1, "again")), Upsert(TestRow(2, "new"))}).ok());
  CHECK(f.Changes(LogOffset(2)) == std::vector<Change>{{kD, TestRow(1, "stored")},
                                                       {kI, TestRow(1, "again")},
                                                       {kUB, TestRow(2, "stored")},
                                                       {kUA, TestRow(2, "new")}});
}

TEST_CASE("a stored value is the row as it was sent, under its schema", "[kv]") {
  KvFixture f;
  const Bytes batch = f.Batch({Upsert(TestRow(1, "a", 5))});
  REQUIRE(f.PutBytes(batch).ok());
  f.Flush();
  const Bytes key = f.Key(TestRow(1, {}));
  const BytesView keys[] = {key};
  const Bytes sent(*record::KvBatchView::Parse(batch).value().records()[0].row);
  CHECK(f.kv().Lookup(keys).value()[0] == Bytes("\1\0", 2) + sent);
}

TEST_CASE("a retry gets the first attempt's offsets and changes nothing", "[kv]") {
  KvFixture f;
  const auto put = [&](int sequence, const std::vector<Op>& ops) {
    return f.Put(ops, {}, {WriterId(5), BatchSequence(sequence)}).value();
  };
  const std::vector<Op> first{Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))};
  const AppendInfo original = put(0, first);
  put(1, {Upsert(TestRow(1, "c"))});
  const AppendInfo retried = put(0, first);
  CHECK(retried.duplicate);
  CHECK(retried.base_offset == original.base_offset);
  CHECK(retried.next_offset == original.next_offset);
  CHECK(f.log().log_end_offset() == LogOffset(4));
  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "c"), TestRow(2, "b")});
  CHECK(f.kv().row_count() == 2);
}

TEST_CASE("a batch without effect still advances the writer's sequence", "[kv]") {
  KvFixture f;
  const auto put = [&](int sequence, const std::vector<Op>& ops) {
    return f.Put(ops, {}, {WriterId(5), BatchSequence(sequence)}).value();
  };
  const AppendInfo empty = put(0, {Delete(1)});
  CHECK(empty.next_offset == LogOffset(1));
  CHECK(put(1, {Upsert(TestRow(1, "a"))}).base_offset == LogOffset(1));
  CHECK(put(0, {Delete(1)}).duplicate);
  CHECK(put(2, {}).next_offset == LogOffset(3));
  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "a")});
}

TEST_CASE("first_row and versioned keep old rows and ignore deletes", "[kv]") {
  SECTION("first_row") {
    KvFixture f(TestTable({{"table.merge-engine", "first_row"}}));
    REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(1, "b")), Delete(1)}).ok());
    CHECK(f.Changes() == std::vector<Change>{{kI, TestRow(1, "a")}});
  }
  SECTION("versioned") {
    KvFixture f(TestTable({{"table.merge-engine", "versioned"},
                           {"table.merge-engine.versioned.ver-column", "version"}}));
    REQUIRE(f.Put({Upsert(TestRow(1, "a", 2)), Upsert(TestRow(1, "b", 1)),
                   Upsert(TestRow(1, "c", 2)), Delete(1)})
                .ok());
    CHECK(f.Changes() == std::vector<Change>{{kI, TestRow(1, "a", 2)},
                                             {kUB, TestRow(1, "a", 2)},
                                             {kUA, TestRow(1, "c", 2)}});
  }
}

TEST_CASE("partial updates and deletes merge with the row that is there", "[kv]") {
  KvFixture f;
  const PutOptions note{.target_columns = {{0, 3}}};
  const PutOptions name{.target_columns = {{0, 1}}};
  REQUIRE(f.Put({Upsert(TestRow(1, "x", 9, "note"))}, note).ok());
  f.Flush();
  REQUIRE(f.Put({Upsert(TestRow(1, "name"))}, name).ok());
  REQUIRE(f.Put({Delete(1), Delete(7)}, note).ok());
  REQUIRE(f.Put({Delete(1)}, name).ok());
  CHECK(f.Changes() == std::vector<Change>{{kI, TestRow(1, {}, {}, "note")},
                                           {kUB, TestRow(1, {}, {}, "note")},
                                           {kUA, TestRow(1, "name", {}, "note")},
                                           {kUB, TestRow(1, "name", {}, "note")},
                                           {kUA, TestRow(1, "name")},
                                           {kD, TestRow(1, "name")}});
  f.Flush();
  CHECK(f.Visible().empty());
  CHECK(f.kv().row_count() == 0);
}

TEST_CASE("image WAL writes upserts without looking at old rows", "[kv]") {
  KvFixture f(TestTable({{"table.changelog.image", "WAL"}}));
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(1, "b")), Delete(1), Delete(1)}).ok());
  REQUIRE(f.Put({Upsert(TestRow(2, "x"))}, {.target_columns = {{0, 1}}}).ok());
  REQUIRE(f.Put({Upsert(TestRow(2, "y"))}, {.target_columns = {{0, 1}}}).ok());
  CHECK(f.Changes() == std::vector<Change>{{kUA, TestRow(1, "a")},
                                           {kUA, TestRow(1, "b")},
                                           {kD, TestRow(1, "b")},
                                           {kI, TestRow(2, "x")},
                                           {kUA, TestRow(2, "y")}});
  CHECK(f.kv().row_count() == std::nullopt);
}

TEST_CASE("overwriting undoes what a merge engine would keep, with deletes", "[kv]") {
  KvFixture f(
      TestTable({{"table.merge-engine", "first_row"}, {"table.delete.behavior", "disable"}}));
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "before")), Delete(2)}, {.mode = MergeMode::kOverwrite}).ok());
  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "before")});
}

TEST_CASE("deletes are done, ignored or refused as the table says", "[kv]") {
  const auto with = [](const char* behavior) {
    return TestTable({{"table.delete.behavior", behavior}});
  };
  SECTION("ignore") {
    KvFixture f(with("ignore"));
    REQUIRE(f.Put({Upsert(TestRow(1, "a")), Delete(1)}).ok());
    CHECK(f.Changes() == std::vector<Change>{{kI, TestRow(1, "a")}});
  }
  SECTION("disable") {
    KvFixture f(with("disable"));
    const auto refused = f.Put({Upsert(TestRow(1, "a")), Delete(1)});
    CHECK(refused.status().code() == ErrorCode::kDeletionDisabled);
    CHECK(f.log().log_end_offset() == LogOffset(0));
    CHECK(f.kv().buffer_size_bytes() == 0);
  }
}

TEST_CASE("a row that ARROW would change is stored as the changelog gives it back", "[kv]") {
  TableDescriptor table = TestTable();
  std::vector<Column> columns = table.schema.columns();
  columns[kNote].type = DataType::Binary(4);
  table.schema =
      Schema::Make({.columns = columns, .primary_key = {"id"}, .auto_increment_column = {}})
          .value();
  KvFixture f(table);
  REQUIRE(f.Put({Upsert(TestRow(1, "a", {}, "xy"))}).ok());
  f.Flush();
  const Row filled = TestRow(1, "a", {}, std::string("xy\0\0", 4));
  CHECK(f.Lookup(1) == filled);
  f.Crash();
  CHECK(f.Lookup(1) == filled);
}

TEST_CASE("rows of an older schema are merged by column id and logged under the newest", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a", 5)), Upsert(TestRow(2, "b"))}).ok());
  TableDescriptor wider = TestTable();
  wider.schema =
      wider.schema
          .WithColumn({.name = "extra", .type = DataType::Int(), .comment = {}, .aggregate = {}})
          .value();
  f.Reopen(wider, SchemaId(2), {{SchemaId(1), TestTable().schema}});
  const auto wide = [](Row row, std::optional<int> extra = {}) {
    row.push_back(extra ? Value::Int(*extra) : Value::Null());
    return row;
  };
  // A writer that does not know the new column yet, and one that does.
  REQUIRE(f.PutBytes(f.Batch({Upsert(TestRow(1, "c"))}, {}, SchemaId(1))).ok());
  REQUIRE(f.PutBytes(f.Batch({Upsert(wide(TestRow(2, "x"), 8))}, {}, SchemaId(2)),
                     {.target_columns = {{0, 4}}})
              .ok());
  CHECK(f.Changes(LogOffset(2)) == std::vector<Change>{{kUB, wide(TestRow(1, "a", 5))},
                                                       {kUA, wide(TestRow(1, "c"))},
                                                       {kUB, wide(TestRow(2, "b"))},
                                                       {kUA, wide(TestRow(2, "b"), 8)}});
  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{wide(TestRow(1, "c")), wide(TestRow(2, "b"), 8)});
}

}  // namespace strom::tablet
