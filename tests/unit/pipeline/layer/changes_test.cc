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
  all.Add(source);
  REQUIRE(all.size() == 2);
  CHECK(all[0].row == &source[0].row);
  CHECK(all.Places({2, 0}) == std::vector<size_t>{2, 0});

  Changes some = Changes::Of(all.Places({2, 0}));
  some.Add(*all[1].row, all[1].insert);
  CHECK(some[0].row == &source[1].row);
  CHECK(some.Places({1}) == std::vector<size_t>{0});  // A choice of a choice.
  CHECK(std::move(some).Take() == pipeline::Delta{{false, {Value::Int(6), Value::Int(4)}}});
  CHECK(std::move(all).Take() == source);
}

TEST_CASE("rows that were made stay where they are", "[layer]") {
  Changes made(pipeline::Delta{{true, Triple(1, 2, 3)}});
  const Row* const row = made[0].row;
  Changes moved = std::move(made);
  CHECK(moved[0].row == row);
  const pipeline::Delta taken = std::move(moved).Take();
  CHECK(&taken[0].row == row);  // Not copied.
}

}  // namespace strom::layer
