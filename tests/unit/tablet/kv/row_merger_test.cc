#include "tablet/kv/row_merger.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {
namespace {

using Targets = std::optional<std::vector<int32_t>>;

std::shared_ptr<const KvTable> TableWith(PropertyMap properties) {
  return KvTable::Make(TestTable(std::move(properties)), SchemaId(1)).value();
}

std::unique_ptr<const RowMerger> Merger(const KvTable& table, Targets targets = {},
                                        MergeMode mode = MergeMode::kMerge) {
  return MakeRowMerger(table, targets, mode).value();
}

const PropertyMap kFirstRow = {{"table.merge-engine", "first_row"}};
const PropertyMap kVersioned = {{"table.merge-engine", "versioned"},
                                {"table.merge-engine.versioned.ver-column", "version"}};

}  // namespace

TEST_CASE("without a merge engine the incoming row wins", "[kv]") {
  const auto table = TableWith({});
  const auto merger = Merger(*table);
  const Row old = TestRow(1, "old"), incoming = TestRow(1, "new");
  CHECK(merger->overwrites());
  CHECK(merger->Upsert(nullptr, incoming).kind == Merged::Kind::kIncoming);
  CHECK(merger->Upsert(&old, incoming).kind == Merged::Kind::kIncoming);
  CHECK(merger->Upsert(&old, old).kind == Merged::Kind::kIncoming);  // Not a comparison.
  CHECK(merger->Delete(old).kind == Merged::Kind::kRemove);
}

TEST_CASE("first_row keeps the first row", "[kv]") {
  const auto table = TableWith(kFirstRow);
  const auto merger = Merger(*table);
  const Row old = TestRow(1, "old"), incoming = TestRow(1, "new");
  CHECK_FALSE(merger->overwrites());
  CHECK(merger->Upsert(nullptr, incoming).kind == Merged::Kind::kIncoming);
  CHECK(merger->Upsert(&old, incoming).kind == Merged::Kind::kKeep);
}

TEST_CASE("versioned keeps the row with the larger version", "[kv]") {
  const auto table = TableWith(kVersioned);
  const auto merger = Merger(*table);
  const auto wins = [&](std::optional<int> old_version, std::optional<int> new_version) {
    const Row old = TestRow(1, "old", old_version);
    return merger->Upsert(&old, TestRow(1, "new", new_version)).kind == Merged::Kind::kIncoming;
  };
  CHECK(wins(1, 2));
  CHECK(wins(2, 2));
  CHECK_FALSE(wins(3, 2));
  CHECK(wins(std::nullopt, -5));
  CHECK_FALSE(wins(-5, std::nullopt));
  CHECK(wins(std::nullopt, std::nullopt));
  CHECK(merger->Upsert(nullptr, TestRow(1, "new")).kind == Merged::Kind::kIncoming);
}

TEST_CASE("versions may be timestamps", "[kv]") {
  TableDescriptor descriptor = TestTable(kVersioned);
  std::vector<Column> columns = descriptor.schema.columns();
  columns[kVersion].type = DataType::Timestamp(6);
  descriptor.schema =
      Schema::Make({.columns = columns, .primary_key = {"id"}, .auto_increment_column = {}})
          .value();
  const auto table = KvTable::Make(descriptor, SchemaId(1)).value();
  const auto merger = Merger(*table);
  Row old = TestRow(1, "old"), incoming = TestRow(1, "new");
  old[kVersion] = Value::Time(5, 1000);
  incoming[kVersion] = Value::Time(5, 999);
  CHECK(merger->Upsert(&old, incoming).kind == Merged::Kind::kKeep);
  CHECK(merger->Upsert(&incoming, old).kind == Merged::Kind::kIncoming);
}

TEST_CASE("a partial update takes its targets and leaves the rest", "[kv]") {
  const auto table = TableWith({});
  const auto merger = Merger(*table, {{3, 0}});  // note, id
  CHECK_FALSE(merger->overwrites());
  const Row old = TestRow(1, "name", 7, "note");
  // What the incoming row has in other columns is not looked at.
  Merged merged = merger->Upsert(&old, TestRow(1, "other", 9, "new note"));
  REQUIRE(merged.kind == Merged::Kind::kRow);
  CHECK(merged.row == TestRow(1, "name", 7, "new note"));
  CHECK(merger->Upsert(&old, TestRow(1, {})).row == TestRow(1, "name", 7));
  merged = merger->Upsert(nullptr, TestRow(1, "other", 9, "new note"));
  REQUIRE(merged.kind == Merged::Kind::kRow);
  CHECK(merged.row == TestRow(1, {}, {}, "new note"));
}

TEST_CASE("a partial delete empties its targets, and takes a row with nothing else", "[kv]") {
  const auto table = TableWith({});
  const auto merger = Merger(*table, {{0, 3}});
  const Merged merged = merger->Delete(TestRow(1, "name", {}, "note"));
  REQUIRE(merged.kind == Merged::Kind::kRow);
  CHECK(merged.row == TestRow(1, "name"));
  CHECK(merger->Delete(TestRow(1, {}, {}, "note")).kind == Merged::Kind::kRemove);
}

TEST_CASE("a partial update of the key alone changes no row that is there", "[kv]") {
  const auto table = TableWith({});
  const auto merger = Merger(*table, {{0}});
  const Row old = TestRow(1, "name");
  CHECK(merger->Upsert(&old, TestRow(1, "x")).kind == Merged::Kind::kKeep);
  CHECK(merger->Upsert(nullptr, TestRow(1, "x")).row == TestRow(1, {}));
}

TEST_CASE("targets that name all columns are a full update", "[kv]") {
  const auto last = TableWith({});
  CHECK(Merger(*last, {{2, 1, 0, 3}})->overwrites());
  const auto first = TableWith(kFirstRow);
  const Row old = TestRow(1, "old");
  CHECK(Merger(*first, {{0, 1, 2, 3}})->Upsert(&old, old).kind == Merged::Kind::kKeep);
}

TEST_CASE("overwriting goes past the merge engine", "[kv]") {
  const auto table = TableWith(kFirstRow);
  const Row old = TestRow(1, "old");
  CHECK(Merger(*table, {}, MergeMode::kOverwrite)->Upsert(&old, TestRow(1, "new")).kind ==
        Merged::Kind::kIncoming);
  CHECK(Merger(*table, {{0, 1}}, MergeMode::kOverwrite)->Upsert(&old, TestRow(1, "new", 3)).row ==
        TestRow(1, "new"));
}

TEST_CASE("targets that cannot be are refused", "[kv]") {
  const auto table = TableWith({});
  const auto refusal = [](const KvTable& of, Targets targets) {
    const auto made = MakeRowMerger(of, targets, MergeMode::kMerge);
    REQUIRE_FALSE(made.ok());
    CHECK(made.status().code() == ErrorCode::kInvalidTargetColumn);
    return std::string(made.status().message());
  };
  CHECK(refusal(*table, {{1, 2}}).find("'id'") != std::string::npos);
  CHECK(refusal(*table, std::vector<int32_t>()).find("'id'") != std::string::npos);
  CHECK(refusal(*table, {{0, 4}}).find("column 4") != std::string::npos);
  CHECK(refusal(*table, {{0, -1}}).find("column -1") != std::string::npos);
  CHECK(refusal(*table, {{0, 1, 1}}).find("twice") != std::string::npos);
  CHECK(refusal(*TableWith(kFirstRow), {{0, 1}}).find("FIRST_ROW") != std::string::npos);
  CHECK(refusal(*TableWith(kVersioned), {{0, 1}}).find("VERSIONED") != std::string::npos);

  TableDescriptor strict = TestTable();
  std::vector<Column> columns = strict.schema.columns();
  columns[kNote].type = DataType::String().NotNull();
  strict.schema =
      Schema::Make({.columns = columns, .primary_key = {"id"}, .auto_increment_column = {}})
          .value();
  const auto strict_table = KvTable::Make(strict, SchemaId(1)).value();
  CHECK(refusal(*strict_table, {{0, 3}}).find("'note'") != std::string::npos);
  CHECK(MakeRowMerger(*strict_table, {{0, 1, 2, 3}}, MergeMode::kMerge).ok());
}

}  // namespace strom::tablet
