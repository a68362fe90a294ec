// Properties that hold for all types, values and schemas, tried on random ones.
#include "tests/unit/common/types/random_types.h"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/types/field_ids.h"
#include "common/types/json_codec.h"

namespace strom {
namespace {

constexpr uint64_t kSeeds = 300;

// All ids of columns and fields, in the order of one counter.
std::vector<int32_t> Ids(const Schema& schema) {
  std::vector<int32_t> ids;
  for (const Column& column : schema.columns()) {
    ids.push_back(column.id);
    CollectFieldIds(column.type, ids);
  }
  return ids;
}

}  // namespace

TEST_CASE("any type survives its JSON document", "[types]") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    INFO("seed " << seed);
    const DataType type = RandomTypes(seed).Type(5);
    const std::string json = ToJson(type);
    INFO(json);
    CHECK(DataTypeFromJson(json).value() == type);
    CHECK(ToJson(DataTypeFromJson(json).value()) == json);
  }
}

TEST_CASE("any value that fits a type passes, and any that does not is refused", "[types]") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    INFO("seed " << seed);
    RandomTypes random(seed);
    const DataType type = random.Type(4);
    INFO(type.ToString());
    const Value good = random.ValueOf(type), bad = random.MisfitOf(type);
    CHECK(CheckValue(good, type, "good").ToString() == "OK");
    CHECK(good == good);
    const Status refused = CheckValue(bad, type, "bad");
    INFO(bad.ToString());
    CHECK(refused.code() == ErrorCode::kCorruptRecord);
    CHECK(refused.message().starts_with("bad: "));
  }
}

TEST_CASE("equal seeds give equal values, which print alike", "[types]") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    INFO("seed " << seed);
    RandomTypes one(seed), two(seed);
    const Value a = one.ValueOf(one.Type(4)), b = two.ValueOf(two.Type(4));
    CHECK(a == b);
    CHECK(a.ToString() == b.ToString());
    CHECK(a != Value::List({a}));
  }
}

TEST_CASE("any schema has ids from 0 without holes and survives its JSON document", "[types]") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    INFO("seed " << seed);
    const Schema schema = Schema::Make(RandomTypes(seed).Schema()).value();
    const std::vector<int32_t> ids = Ids(schema);
    for (size_t i = 0; i < ids.size(); ++i) CHECK(ids[i] == static_cast<int32_t>(i));
    CHECK(schema.highest_field_id() == ids.back());

    const std::string json = ToJson(schema);
    INFO(json);
    const Schema read = SchemaFromJson(json).value();
    CHECK(read == schema);
    CHECK(read.row_type() == schema.row_type());
    CHECK(ToJson(read) == json);
  }
}

TEST_CASE("adding columns never changes or reuses an id", "[types]") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    INFO("seed " << seed);
    RandomTypes random(seed);
    Schema schema = Schema::Make(random.Schema()).value();
    for (int step = 0; step < 5; ++step) {
      const std::vector<int32_t> before = Ids(schema);
      const Column added{"new" + std::to_string(step), random.Type(3).WithNullable(true)};
      const Schema wider = schema.WithColumn(added).value();
      const std::vector<int32_t> after = Ids(wider);
      REQUIRE(after.size() > before.size());
      CHECK(std::equal(before.begin(), before.end(), after.begin()));
      CHECK(std::set<int32_t>(after.begin(), after.end()).size() == after.size());
      CHECK(after[before.size()] > schema.highest_field_id());
      CHECK(SchemaFromJson(ToJson(wider)).value() == wider);
      schema = wider;
    }
  }
}

TEST_CASE("any projection names the columns it was asked for", "[types]") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    INFO("seed " << seed);
    RandomTypes random(seed);
    const Schema schema = Schema::Make(random.Schema()).value();
    std::vector<size_t> positions;
    for (size_t i = 0; i < schema.columns().size(); ++i) {
      if (random.Below(2) == 0) positions.insert(positions.begin(), i);
    }
    const DataType row = schema.Project(positions).value();
    REQUIRE(row.fields().size() == positions.size());
    for (size_t i = 0; i < positions.size(); ++i) {
      const Column& column = schema.columns()[positions[i]];
      CHECK(row.fields()[i].name == column.name);
      CHECK(row.fields()[i].type == column.type);
      CHECK(schema.Find(column.name) == positions[i]);
      CHECK(schema.FindById(row.fields()[i].field_id) == positions[i]);
    }
  }
}

}  // namespace strom
