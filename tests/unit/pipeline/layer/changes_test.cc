#include "pipeline/layer/changes.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::layer {
namespace {

Row Triple(int64_t a, int64_t b, int64_t c) {
  return {Value::Int(a), Value::Int(b), Value::Int(c)};
}

}  // namespace

TEST_CASE("a choice of rows and columns is where the rows are", "[layer]") {
  const pipeline::Delta source = {{true, Triple(1, 2, 3)}, {false, Triple(4, 5, 6)}};
  Changes all;
  for (const pipeline::SignedRow& row : source) all.Add(row.row, row.insert);
  REQUIRE(all.size() == 2);
  CHECK(&all[0].row[0] == &source[0].row[0]);
  CHECK(all.Places({2, 0}) == std::vector<size_t>{2, 0});

  Changes some = Changes::Of(all.Places({2, 0}));
  some.Add(all[1].row, all[1].insert);
  CHECK(&some[0].row[0] == &source[1].row[0]);
  CHECK(some.Places({1}) == std::vector<size_t>{0});  // A choice of a choice.
  CHECK(std::move(some).Take() == pipeline::Delta{{false, {Value::Int(6), Value::Int(4)}}});
  CHECK(std::move(all).Take() == source);
}

TEST_CASE("a table of changes has the same rows however it was made",
          "[layer]") {
  const pipeline::Delta rows = {{true, Triple(1, 2, 3)}, {false, Triple(4, 5, 6)}};
  std::vector<Value> values;
  for (const int64_t number : {1, 2, 3, 4, 5, 6}) values.push_back(Value::Int(number));
  const pipeline::ChangeTable together({true, false}, std::move(values));
  CHECK(together.Copy() == rows);
  CHECK(pipeline::ChangeTable(rows).Copy() == rows);
  const pipeline::ChangeTable copy = together;
  CHECK(&copy[1].row[2] == &together[1].row[2]);
  CHECK(pipeline::ChangeTable().empty());
  CHECK(pipeline::ChangeTable({}, {}).Copy().empty());

  Changes all;
  all.Add(together);
  Changes some = Changes::Of({2, 0});
  some.Add(all[1].row, all[1].insert);
  CHECK(std::move(some).Take() == pipeline::Delta{{false, {Value::Int(6), Value::Int(4)}}});
}

TEST_CASE("rows that were made stay where they are", "[layer]") {
  Changes made(pipeline::Delta{{true, Triple(1, 2, 3)}});
  const Value* const first = &made[0].row[0];
  Changes moved = std::move(made);
  CHECK(&moved[0].row[0] == first);
  const pipeline::Delta taken = std::move(moved).Take();
  CHECK(&taken[0].row[0] == first);  // Not copied.
}

}  // namespace strom::layer
