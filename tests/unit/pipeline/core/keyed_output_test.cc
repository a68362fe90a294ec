#include "pipeline/core/keyed_output.h"

#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace strom::pipeline {
namespace {

std::vector<Column> Columns() {
  return {{.name = "id", .type = DataType::BigInt().NotNull(), .comment = {}, .aggregate = {}},
          {.name = "name", .type = DataType::String(), .comment = {}, .aggregate = {}},
          {.name = "n", .type = DataType::Int().NotNull(), .comment = {}, .aggregate = {}}};
}

Row R(int64_t id, std::string name, int64_t n) {
  return {Value::Int(id), Value::String(Bytes(name.begin(), name.end())), Value::Int(n)};
}

KeyedOutput Make() { return *KeyedOutput::Make(Columns(), {0}); }

TEST_CASE("inserts become upserts, removals deletes, and both of a key one upsert", "[pipeline]") {
  KeyedOutput output = Make();
  CHECK(*output.Apply({{true, R(1, "a", 1)}, {true, R(2, "b", 2)}}) ==
        std::vector<KeyedChange>{{true, R(1, "a", 1)}, {true, R(2, "b", 2)}});
  CHECK(*output.Apply({{false, R(1, "a", 1)}, {true, R(1, "a", 5)}, {false, R(2, "b", 2)}}) ==
        std::vector<KeyedChange>{{true, R(1, "a", 5)}, {false, R(2, "b", 2)}});
  CHECK(output.keys() == 1);
}

TEST_CASE("the order of a delta does not matter: an insert may stand before the removal of its key",
          "[pipeline]") {
  KeyedOutput output = Make();
  REQUIRE(output.Apply({{true, R(1, "old", 1)}}).ok());
  CHECK(*output.Apply({{true, R(1, "new", 1)}, {false, R(1, "old", 1)}}) ==
        std::vector<KeyedChange>{{true, R(1, "new", 1)}});
  CHECK(output.shared_keys() == 0);
}

TEST_CASE("a row that is replaced by an equal one is no change", "[pipeline]") {
  KeyedOutput output = Make();
  REQUIRE(output.Apply({{true, R(1, "a", 1)}}).ok());
  CHECK(output.Apply({{false, R(1, "a", 1)}, {true, R(1, "a", 1)}})->empty());
}

TEST_CASE("rows that share a key: the last one stands, and the older comes back when it goes",
          "[pipeline]") {
  KeyedOutput output = Make();
  REQUIRE(output.Apply({{true, R(1, "a", 1)}}).ok());
  CHECK(*output.Apply({{true, R(1, "b", 2)}}) == std::vector<KeyedChange>{{true, R(1, "b", 2)}});
  CHECK(output.shared_keys() == 1);
  SECTION("the last goes") {
    CHECK(*output.Apply({{false, R(1, "b", 2)}}) == std::vector<KeyedChange>{{true, R(1, "a", 1)}});
  }
  SECTION("the older goes: nothing to see") {
    CHECK(output.Apply({{false, R(1, "a", 1)}})->empty());
  }
  CHECK(output.shared_keys() == 0);
  CHECK(output.keys() == 1);
}

TEST_CASE("equal rows of one key are counted", "[pipeline]") {
  KeyedOutput output = Make();
  REQUIRE(output.Apply({{true, R(1, "a", 1)}, {true, R(1, "a", 1)}}).ok());
  CHECK(output.Apply({{false, R(1, "a", 1)}})->empty());
  CHECK(*output.Apply({{false, R(1, "a", 1)}}) == std::vector<KeyedChange>{{false, R(1, "a", 1)}});
  CHECK(output.keys() == 0);
  CHECK(output.bytes() == 0);
}

TEST_CASE("rows that do not fit are refused with the column's name", "[pipeline]") {
  KeyedOutput output = Make();
  const Row null_key = {Value::Null(), Value::Null(), Value::Int(1)};
  CHECK(output.Apply({{true, null_key}}).status().code() == ErrorCode::kCorruptRecord);
  CHECK(output.Apply({{true, null_key}}).status().message().find("id") != std::string::npos);
  const Row null_value = {Value::Int(1), Value::Null(), Value::Null()};
  CHECK(output.Apply({{true, null_value}}).status().message().find("column n") !=
        std::string::npos);
  CHECK_FALSE(output.Apply({{true, {Value::Int(1)}}}).ok());
  CHECK_FALSE(output.Apply({{false, R(7, "never", 1)}}).ok());
  CHECK_FALSE(KeyedOutput::Make(Columns(), {}).ok());
  CHECK_FALSE(KeyedOutput::Make(Columns(), {3}).ok());
}

TEST_CASE("a target is made equal: other rows replaced, foreign ones deleted, missing ones written",
          "[pipeline]") {
  KeyedOutput output = Make();
  REQUIRE(
      output.Apply({{true, R(1, "same", 1)}, {true, R(2, "new", 2)}, {true, R(3, "missing", 3)}})
          .ok());
  KeyedOutput::Reconciler reconciler(output);
  std::vector<KeyedChange> changes;
  REQUIRE(reconciler.OnTargetRow(R(1, "same", 1), changes).ok());
  REQUIRE(reconciler.OnTargetRow(R(2, "old", 2), changes).ok());
  REQUIRE(reconciler.OnTargetRow(R(9, "foreign", 9), changes).ok());
  CHECK(changes == std::vector<KeyedChange>{{true, R(2, "new", 2)}, {false, R(9, "foreign", 9)}});
  CHECK(*reconciler.Missing() == std::vector<KeyedChange>{{true, R(3, "missing", 3)}});
}

TEST_CASE("rows that differ in when they were made only are left as they are", "[pipeline]") {
  KeyedOutput output = *KeyedOutput::Make(Columns(), {0}, {1});
  REQUIRE(output.Apply({{true, R(1, "now", 1)}, {true, R(2, "now", 2)}}).ok());
  KeyedOutput::Reconciler reconciler(output);
  std::vector<KeyedChange> changes;
  REQUIRE(reconciler.OnTargetRow(R(1, "then", 1), changes).ok());
  CHECK(changes.empty());
  REQUIRE(reconciler.OnTargetRow(R(2, "then", 3), changes).ok());
  CHECK(changes == std::vector<KeyedChange>{{true, R(2, "now", 2)}});
  CHECK(reconciler.Missing()->empty());
}

TEST_CASE("a table that takes all changes always holds one of each key's rows", "[pipeline]") {
  std::mt19937 random(7);
  KeyedOutput output = Make();
  std::vector<Row> bag;
  std::map<int64_t, Row> table;
  for (int batch = 0; batch < 300; ++batch) {
    Delta delta;
    for (int i = 0; i < 5; ++i) {
      if (!bag.empty() && random() % 3 == 0) {
        const size_t at = random() % bag.size();
        delta.push_back({false, bag[at]});
        bag.erase(bag.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    for (int i = 0; i < 4; ++i) {
      delta.push_back({true, R(static_cast<int64_t>(random() % 12), "x", random() % 4)});
      bag.push_back(delta.back().row);
    }
    const Result<std::vector<KeyedChange>> changes = output.Apply(delta);
    REQUIRE(changes.ok());
    for (const KeyedChange& change : *changes) {
      const int64_t key = *change.row[0].get_if<int64_t>();
      if (change.upsert) {
        table[key] = change.row;
      } else {
        REQUIRE(table.erase(key) == 1);
      }
    }
    std::map<int64_t, std::vector<Row>> want;
    for (const Row& row : bag) want[*row[0].get_if<int64_t>()].push_back(row);
    REQUIRE(table.size() == want.size());
    for (const auto& [key, row] : table) {
      CHECK(std::find(want[key].begin(), want[key].end(), row) != want[key].end());
    }
    REQUIRE(output.keys() == want.size());
  }
}

}  // namespace
}  // namespace strom::pipeline
