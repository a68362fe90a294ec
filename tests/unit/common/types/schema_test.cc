#include "common/types/schema.h"

#include <catch2/catch_test_macros.hpp>

#include "common/types/field_ids.h"

namespace strom {
namespace {

std::string ErrorOf(SchemaSpec spec) {
  const Result<Schema> schema = Schema::Make(std::move(spec));
  if (schema.ok()) return "";
  CHECK(schema.status().code() == ErrorCode::kInvalidTable);
  return std::string(schema.status().message());
}

Schema Orders() {
  return Schema::Make({.columns = {{"id", DataType::BigInt()},
                                   {"name", DataType::String(), "who"},
                                   {"day", DataType::Date()}},
                       .primary_key = {"day", "id"}})
      .value();
}

}  // namespace

TEST_CASE("a schema finds its columns by name and id", "[types]") {
  const Schema schema = Orders();
  CHECK(schema.Find("name") == 1);
  CHECK(schema.Find("nam") == std::nullopt);
  CHECK(schema.Find("") == std::nullopt);
  CHECK(schema.FindById(2) == 2);
  CHECK(schema.FindById(3) == std::nullopt);
  const std::vector<std::string> names{"day", "id"};
  CHECK(schema.IndexesOf(names).value() == std::vector<size_t>{2, 0});
  const std::vector<std::string> unknown{"x"};
  CHECK(schema.IndexesOf(unknown).status().message() == "column 'x' does not exist");
}

TEST_CASE("primary-key columns become NOT NULL", "[types]") {
  const Schema schema = Orders();
  CHECK(schema.has_primary_key());
  CHECK(schema.primary_key_indexes() == std::vector<size_t>{2, 0});
  CHECK_FALSE(schema.columns()[0].type.nullable());
  CHECK(schema.columns()[1].type.nullable());
  CHECK_FALSE(schema.columns()[2].type.nullable());
  CHECK(schema.row_type().ToString() ==
        "ROW<`id` BIGINT NOT NULL, `name` STRING 'who', `day` DATE NOT NULL> NOT NULL");
}

TEST_CASE("one counter numbers columns and nested fields in pre-order", "[types]") {
  const DataType inner = DataType::Row({{"x", DataType::Int(), {}}, {"y", DataType::Int(), {}}});
  const Schema schema =
      Schema::Make(
          {.columns = {{"a", DataType::Int()},
                       {"b", DataType::Row({{"p", inner, {}}, {"q", DataType::Int(), {}}})},
                       {"c", DataType::Map(inner, DataType::Array(inner))},
                       {"d", DataType::Int()}}})
          .value();
  std::vector<int32_t> ids;
  for (const Column& column : schema.columns()) {
    ids.push_back(column.id);
    CollectFieldIds(column.type, ids);
  }
  CHECK(ids == std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(schema.highest_field_id() == 11);
  CHECK(schema.columns()[3].id == 11);
}

TEST_CASE("given ids stay, missing ones inside columns are added above", "[types]") {
  const DataType row = DataType::Row({{"x", DataType::Int(), {}, 3}, {"y", DataType::Int(), {}}});
  const Schema schema =
      Schema::Make({.columns = {{"a", DataType::Int(), {}, {}, 7}, {"b", row.NotNull(), {}, {}, 2}},
                    .highest_field_id = 9})
          .value();
  CHECK(schema.columns()[0].id == 7);
  CHECK(schema.columns()[1].type.fields()[0].field_id == 3);
  CHECK(schema.columns()[1].type.fields()[1].field_id == 10);
  CHECK_FALSE(schema.columns()[1].type.nullable());
  CHECK(schema.highest_field_id() == 10);

  CHECK(ErrorOf({.columns = {{"a", DataType::Int(), {}, {}, 0}, {"b", DataType::Int()}}}) ==
        "only 1 of 2 columns have ids");
  CHECK(ErrorOf({.columns = {{"a", DataType::Int(), {}, {}, 3}, {"b", row, {}, {}, 1}}}) ==
        "two columns or fields have id 3");
  CHECK(ErrorOf({.columns = {{"a", DataType::Int(), {}, {}, -5}}}) == "-5 is no column id");
  CHECK_FALSE(ErrorOf({.columns = {{"a", DataType::Int(), {}, {}, INT32_MAX}}}).empty());
  CHECK_FALSE(ErrorOf({.columns = {{"b", row, {}, {}, INT32_MAX - 1}}}).empty());
}

TEST_CASE("names are unique, not empty and UTF-8, inside rows too", "[types]") {
  CHECK(ErrorOf({}) == "a table needs at least one column");
  CHECK(ErrorOf({.columns = {{"a", DataType::Int()},
                             {"b", DataType::Int()},
                             {"a", DataType::Int()}}}) == "there are two columns 'a'");
  CHECK(ErrorOf({.columns = {{"", DataType::Int()}}}) == "a column has an empty name");
  CHECK(ErrorOf({.columns = {{"\xff", DataType::Int()}}}) ==
        "the name of a column is no UTF-8: ff");
  const DataType twice = DataType::Row({{"x", DataType::Int(), {}}, {"x", DataType::Int(), {}}});
  CHECK(ErrorOf({.columns = {{"c", DataType::Array(twice)}}}) ==
        "column c: there are two fields 'x'");
  CHECK(ErrorOf({.columns = {{"c", DataType::Map(DataType::Int(), twice)}}}) ==
        "column c: there are two fields 'x'");
  CHECK(ErrorOf({.columns = {{"c", DataType::Row({{"r", twice, {}}})}}}) ==
        "column c: r: there are two fields 'x'");
}

TEST_CASE("a primary key has rules", "[types]") {
  const std::vector<Column> columns = {
      {"a", DataType::Int()},
      {"l", DataType::Array(DataType::Int())},
      {"s", DataType::Int(), {}, AggregateFunction{AggregateKind::kSum, {}}}};
  CHECK(ErrorOf({columns, {"a"}}).empty());
  CHECK(ErrorOf({columns, {"x"}}) == "primary-key column 'x' does not exist");
  CHECK(ErrorOf({columns, {"a", "a"}}) == "column 'a' is twice in the primary key");
  CHECK(ErrorOf({columns, {"l"}}) == "primary-key column 'l' is ARRAY<INT>, which cannot be a key");
  CHECK(ErrorOf({columns, {"s"}}) == "primary-key column 's' has aggregation function sum");
}

TEST_CASE("an auto-increment column has rules", "[types]") {
  const std::vector<Column> columns = {
      {"a", DataType::Int()}, {"n", DataType::BigInt()}, {"s", DataType::String()}};
  CHECK(ErrorOf({columns, {"a"}, "n"}).empty());
  CHECK(ErrorOf({columns, {"a"}, "x"}) == "auto-increment column 'x' does not exist");
  CHECK(ErrorOf({columns, {}, "n"}) == "auto-increment column 'n' needs a primary key");
  CHECK(ErrorOf({columns, {"a"}, "a"}) == "auto-increment column 'a' is in the primary key");
  CHECK(ErrorOf({columns, {"a"}, "s"}) == "auto-increment column 's' is STRING, not INT or BIGINT");
}

TEST_CASE("columns can be projected in any order, each once", "[types]") {
  const Schema schema = Orders();
  const std::vector<size_t> swapped{2, 0};
  const DataType row = schema.Project(swapped).value();
  CHECK(row.ToString() == "ROW<`day` DATE NOT NULL, `id` BIGINT NOT NULL> NOT NULL");
  CHECK(row.fields()[0].field_id == 2);
  const std::vector<size_t> beyond{3}, twice{1, 1};
  CHECK(schema.Project(beyond).status().code() == ErrorCode::kInvalidColumnProjection);
  CHECK(schema.Project(twice).status().message() == "column 1 is projected twice");
  CHECK(schema.Project({}).value() == DataType::Row({}).NotNull());
}

TEST_CASE("a column can be added at the end if it is new and nullable", "[types]") {
  const Schema schema = Orders();
  const DataType row = DataType::Row({{"x", DataType::Int(), {}, 0}});
  const Schema wider = schema.WithColumn({"extra", row}).value();
  CHECK(wider.columns().size() == 4);
  CHECK(wider.columns()[3].id == 3);
  CHECK(wider.columns()[3].type.fields()[0].field_id == 4);
  CHECK(wider.highest_field_id() == 4);
  CHECK(wider.primary_key_indexes() == schema.primary_key_indexes());
  CHECK(wider != schema);
  CHECK(schema.columns().size() == 3);

  CHECK(schema.WithColumn({"id", DataType::Int()}).status().code() ==
        ErrorCode::kInvalidAlterTable);
  CHECK(schema.WithColumn({"x", DataType::Int().NotNull()}).status().code() ==
        ErrorCode::kInvalidAlterTable);
  const Schema full =
      Schema::Make({.columns = {{"a", DataType::Int()}}, .highest_field_id = INT32_MAX - 1})
          .value();
  CHECK(full.WithColumn({"b", DataType::Int()}).status().code() == ErrorCode::kInvalidAlterTable);
}

TEST_CASE("schemas compare by content", "[types]") {
  CHECK(Orders() == Orders());
  CHECK(Orders() !=
        Schema::Make({.columns = Orders().columns(), .primary_key = {"id", "day"}}).value());
}

}  // namespace strom
