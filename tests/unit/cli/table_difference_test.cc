#include "cli/table_difference.h"

#include <catch2/catch_test_macros.hpp>

#include "common/types/table_validation.h"

namespace strom::cli {
namespace {

TableDescriptor Wanted() {
  return {.schema = Schema::Make({.columns = {{.name = "id", .type = DataType::BigInt()},
                                              {.name = "name", .type = DataType::String()}},
                                  .primary_key = {"id"}})
                        .value(),
          .comment = "made",
          .partition_keys = {},
          .distribution = {},
          .properties = {{"table.log.ttl", "3d"}},
          .custom_properties = {{"owner", "me"}}};
}

TableDescriptor Made(const TablePolicy& policy = {}) {
  return CompleteTableDescriptor(Wanted(), policy).value();
}

std::string Difference(const TableDescriptor& existing, const TableDescriptor& wanted) {
  return TableDifference(existing, wanted).value().value_or("");
}

TableDescriptor WithColumns(std::vector<Column> columns, std::vector<std::string> key = {"id"}) {
  TableDescriptor table = Wanted();
  table.schema =
      Schema::Make({.columns = std::move(columns), .primary_key = std::move(key)}).value();
  return table;
}

}  // namespace

TEST_CASE("what a cluster fills in is no difference", "[cli]") {
  CHECK(Difference(Made(), Wanted()).empty());
  CHECK(
      Difference(Made({.default_bucket_count = 7, .kv_standby_replicas = true}), Wanted()).empty());
  TableDescriptor same = Wanted();
  same.distribution = TableDistribution{.bucket_keys = {"id"}, .bucket_count = 1};
  CHECK(Difference(Made(), same).empty());
}

TEST_CASE("the first difference of two tables is told", "[cli]") {
  const Column id{.name = "id", .type = DataType::BigInt()};
  const Column name{.name = "name", .type = DataType::String()};
  CHECK(Difference(Made(), WithColumns({id, {.name = "name", .type = DataType::Int()}})) ==
        "column name is STRING there, INT here");
  CHECK(Difference(Made(), WithColumns({id, {.name = "nam", .type = DataType::String()}})) ==
        "column 2 is name there, nam here");
  CHECK(Difference(Made(), WithColumns({id})) == "column name is not here");
  CHECK(Difference(Made(), WithColumns({id, name, {.name = "x", .type = DataType::Int()}})) ==
        "column x is not there");
  CHECK(Difference(Made(), WithColumns({{.name = "id", .type = DataType::BigInt().NotNull()}, name},
                                       {})) == "the primary key is (id) there, none here");

  TableDescriptor wanted = Wanted();
  wanted.distribution = TableDistribution{.bucket_keys = {}, .bucket_count = 3};
  CHECK(Difference(Made(), wanted) == "'bucket.num' is 1 there, 3 here");
  wanted = Wanted();
  wanted.comment.reset();
  CHECK(Difference(Made(), wanted) == "the comment is 'made' there, none here");
  wanted = Wanted();
  wanted.properties.clear();
  CHECK(Difference(Made(), wanted) == "'table.log.ttl' is '3d' there, none here");
  wanted = Wanted();
  wanted.custom_properties["owner"] = "you";
  CHECK(Difference(Made(), wanted) == "'owner' is 'me' there, 'you' here");
}

TEST_CASE("properties that cannot be read are an error", "[cli]") {
  TableDescriptor wanted = Wanted();
  wanted.properties["table.log.ttl"] = "soon";
  CHECK(TableDifference(Made(), wanted).status().code() == ErrorCode::kInvalidConfig);
}

}  // namespace strom::cli
