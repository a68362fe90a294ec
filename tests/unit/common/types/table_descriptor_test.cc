#include "common/types/table_descriptor.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

using Names = std::vector<std::string>;

TableDescriptor Table(Names primary_key, Names partition_keys,
                      std::optional<TableDistribution> distribution = {}) {
  return {.schema = Schema::Make({.columns = {{"a", DataType::Int()},
                                              {"b", DataType::Int()},
                                              {"c", DataType::Int()},
                                              {"p", DataType::String()}},
                                  .primary_key = std::move(primary_key)})
                        .value(),
          .partition_keys = std::move(partition_keys),
          .distribution = std::move(distribution)};
}

}  // namespace

TEST_CASE("the physical primary key leaves the partition keys out, in order", "[types]") {
  CHECK(Table({}, {}).PhysicalPrimaryKey().empty());
  CHECK(Table({"a", "b"}, {}).PhysicalPrimaryKey() == Names{"a", "b"});
  CHECK(Table({"b", "p", "a"}, {"p"}).PhysicalPrimaryKey() == Names{"b", "a"});
  CHECK(Table({"p", "a"}, {"p", "a"}).PhysicalPrimaryKey().empty());
}

TEST_CASE("the bucket key is the declared one, else the physical primary key", "[types]") {
  CHECK(Table({}, {}).BucketKeys().empty());
  CHECK(Table({}, {}, TableDistribution{{"c"}, 3}).BucketKeys() == Names{"c"});
  CHECK(Table({"a", "p"}, {"p"}).BucketKeys() == Names{"a"});
  CHECK(Table({"a", "p"}, {"p"}, TableDistribution{{}, 3}).BucketKeys() == Names{"a"});
  CHECK(Table({"a", "b"}, {}, TableDistribution{{"b"}, {}}).BucketKeys() == Names{"b"});
}

TEST_CASE("a leading part of the physical primary key supports prefix lookups", "[types]") {
  const auto supports = [](Names bucket_keys) {
    return Table({"a", "p", "b", "c"}, {"p"}, TableDistribution{std::move(bucket_keys), 1})
        .SupportsPrefixLookup();
  };
  CHECK(supports({"a"}));
  CHECK(supports({"a", "b"}));
  CHECK_FALSE(supports({"a", "b", "c"}));
  CHECK_FALSE(supports({"b"}));
  CHECK_FALSE(supports({"a", "c"}));
  CHECK_FALSE(supports({}));  // The default: all of it.
  CHECK(Table({"a", "b"}, {}, TableDistribution{{"b", "a"}, 1}).HasDefaultBucketKey() == false);
  CHECK(Table({"a", "b"}, {}).HasDefaultBucketKey());
}

TEST_CASE("descriptors and infos compare by content", "[types]") {
  const TableDescriptor table = Table({"a"}, {}, TableDistribution{{"a"}, 3});
  CHECK(table == Table({"a"}, {}, TableDistribution{{"a"}, 3}));
  CHECK(table != Table({"a"}, {}, TableDistribution{{"a"}, 4}));
  CHECK(table != Table({"a"}, {}));
  CHECK(table.bucket_count() == 3);
  CHECK(table.has_primary_key());
  CHECK_FALSE(table.is_partitioned());

  TableInfo info{
      .path = {"db", "t"}, .id = TableId(7), .schema_id = SchemaId(1), .descriptor = table};
  TableInfo other = info;
  CHECK(info == other);
  other.schema_id = SchemaId(2);
  CHECK(info != other);
}

}  // namespace strom
