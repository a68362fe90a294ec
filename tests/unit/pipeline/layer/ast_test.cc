#include "pipeline/layer/ast.h"

#include <catch2/catch_test_macros.hpp>

#include "pipeline/layer/links.h"

namespace strom::layer {
namespace {

using ast::Json;

struct Fixture {
  std::unique_ptr<duck::Database> database = duck::Database::Open().value();
  std::unique_ptr<duck::Connection> connection = database->Connect().value();
  ast::Language language = ast::Language::Make(*connection).value();

  Json Expression(const std::string& text) { return language.ParseExpression(text).value(); }
};

std::vector<Operand> TwoTables() {
  Operand a;
  a.alias = "a";
  a.columns = {{"id", DataType::BigInt()}, {"x", DataType::Int()}, {"name", DataType::String()}};
  a.unique = {0};
  Operand b = a;
  b.alias = "B";
  b.columns[2].name = "other";
  return {a, b};
}

}  // namespace

TEST_CASE("a tree is printed as the query it was", "[layer]") {
  Fixture f;
  const std::string sql =
      "SELECT a.x, count_star() AS c FROM t AS a WHERE (a.y = 'it''s') GROUP BY a.x";
  CHECK(f.language.Print(f.language.Parse(sql).value()).value() == sql);
  CHECK(f.language.Parse("SELEC 1").status().code() == ErrorCode::kInvalidSql);
  CHECK(f.language.ParseTree("{\"error\": true}").status().code() == ErrorCode::kInvalidSql);
  CHECK(f.language.ParseTree("[1").status().code() == ErrorCode::kInvalidSql);
}

TEST_CASE("equal expressions are equal trees, wherever they stand", "[layer]") {
  Fixture f;
  CHECK(f.Expression("a.x + 1") == f.Expression("   a.x   +   1"));
  CHECK(f.Expression("a.x + 1") != f.Expression("a.x + 2"));
}

TEST_CASE("aggregates are told from other functions, in subqueries or not", "[layer]") {
  Fixture f;
  CHECK(f.language.HasAggregate(f.Expression("1 + sum(x)")));
  CHECK_FALSE(f.language.HasAggregate(f.Expression("upper(x)")));
  CHECK_FALSE(f.language.HasAggregate(f.Expression("(SELECT max(y) FROM t)")));
  CHECK(ast::WindowsIn(f.Expression("1 + rank() OVER (PARTITION BY a ORDER BY b)")).size() == 1);
}

TEST_CASE("conjunctions are taken apart and put together", "[layer]") {
  Fixture f;
  const Json all = f.Expression("a = 1 AND (b = 2 AND (c = 3 OR d = 4))");
  const std::vector<Json> parts = ast::Conjuncts(all);
  REQUIRE(parts.size() == 3);
  CHECK(ast::Conjuncts(ast::And(parts)) == parts);
  CHECK(ast::Conjuncts(Json()).empty());
  CHECK(ast::And({}).is_null());
}

TEST_CASE("clock expressions are the largest without columns", "[layer]") {
  Fixture f;
  std::vector<Json> found;
  ast::ClockExpressions(
      f.Expression("ts >= CAST(strom_clock() AS DATE) - 1 AND ts < strom_clock()"), found);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == f.Expression("CAST(strom_clock() AS DATE) - 1"));
  CHECK_FALSE(ast::UsesClock(f.Expression("ts >= 1")));
}

TEST_CASE("an equality of columns of two tables is a link, others are not", "[layer]") {
  Fixture f;
  const std::vector<Operand> tables = TwoTables();
  const auto link = LinkOf(f.Expression("b.x = A.id"), tables);
  REQUIRE(link);
  CHECK(link->a == 1);
  CHECK(link->a_column == 1);
  CHECK(link->b_column == 0);
  CHECK(LinkOf(f.Expression("other = name"), tables));
  for (const char* text :
       {"a.x < b.x", "a.x = 1", "a.x = a.id", "a.x + 1 = b.x", "a.name = b.x", "a.nowhere = b.x"}) {
    INFO(text);
    CHECK_FALSE(LinkOf(f.Expression(text), tables));
  }
}

TEST_CASE("values compare across types only if they are equal in the store", "[layer]") {
  CHECK(Comparable(DataType::Int(), DataType::BigInt()));
  CHECK(Comparable(DataType::Char(3), DataType::String()));
  CHECK(Comparable(DataType::Decimal(10, 2), DataType::Decimal(8, 2)));
  CHECK_FALSE(Comparable(DataType::Decimal(10, 2), DataType::Decimal(10, 3)));
  CHECK_FALSE(Comparable(DataType::Int(), DataType::Double()));
  CHECK_FALSE(Comparable(DataType::Date(), DataType::Timestamp(3)));
  CHECK_FALSE(Comparable(DataType::Array(DataType::Int()), DataType::Array(DataType::Int())));
}

TEST_CASE("links span a tree where their conditions allow it", "[layer]") {
  Fixture f;
  const std::vector<Operand> tables = TwoTables();
  Link link = *LinkOf(f.Expression("a.x = b.id"), tables);
  link.children = {false, true};  // a LEFT JOIN b.
  const LinkTree down = SpanFrom(0, tables, {link});
  CHECK(down.unreached == 0);
  CHECK(down.lookups_only);
  CHECK(down.edges[1].parent == 0);
  CHECK(down.edges[1].own_columns == std::vector<size_t>{0});
  CHECK(SpanFrom(1, tables, {link}).unreached == 1);
  link.children = {true, true};
  CHECK_FALSE(SpanFrom(1, tables, {link}).lookups_only);
}

}  // namespace strom::layer
