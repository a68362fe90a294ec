#include "common/types/field_ids.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

std::vector<int32_t> IdsOf(const DataType& type) {
  std::vector<int32_t> ids;
  CollectFieldIds(type, ids);
  return ids;
}

DataType Pair(int32_t first, int32_t second) {
  return DataType::Row(
      {{"a", DataType::Int().NotNull(), "d", first}, {"b", DataType::Int(), {}, second}});
}

}  // namespace

TEST_CASE("field ids are visited in pre-order through all nested types", "[types]") {
  CHECK(IdsOf(DataType::Int()).empty());
  CHECK(IdsOf(DataType::Array(Pair(4, 5))) == std::vector<int32_t>{4, 5});
  CHECK(IdsOf(DataType::Map(Pair(7, 8), Pair(1, 2))) == std::vector<int32_t>{7, 8, 1, 2});
  const DataType deep =
      DataType::Row({{"x", DataType::Array(Pair(11, 12)), {}, 10},
                     {"y", DataType::Map(DataType::Int(), Pair(21, 22)), {}, 20}});
  CHECK(IdsOf(deep) == std::vector<int32_t>{10, 11, 12, 20, 21, 22});
}

TEST_CASE("mapping field ids leaves everything else as it is", "[types]") {
  const DataType type =
      DataType::Array(DataType::Map(DataType::Int(), Pair(1, 2).NotNull()).NotNull());
  CHECK(MapFieldIds(type, [](int32_t id) { return id; }) == type);
  const DataType moved = MapFieldIds(type, [](int32_t id) { return id + 10; });
  CHECK(IdsOf(moved) == std::vector<int32_t>{11, 12});
  CHECK(moved == DataType::Array(DataType::Map(DataType::Int(), Pair(11, 12).NotNull()).NotNull()));
  CHECK(IdsOf(type) == std::vector<int32_t>{1, 2});
}

}  // namespace strom
