#include <catch2/catch_test_macros.hpp>

#include "difference.h"
#include "shapes.h"

namespace strom::layer {
namespace {

constexpr size_t kEv = 4;  // Of RandomTables::PowerGrid(): dev_id, lvl, flag.

// With what becomes of them.
struct NestedShape {
  Shape shape;
  const char* plan;
};

const std::vector<NestedShape>& NestedShapes() {
  static const std::vector<NestedShape> shapes = {
      {{"twice",
        "SELECT x + 1 AS y, f FROM (SELECT lvl * 2 AS x, flag AS f, dev_id FROM ev WHERE dev_id > "
        "2) WHERE x <> 4"},
       "b0 row-wise: ev\n"},
      {{"thrice",
        "SELECT y || 'c' AS z FROM (SELECT x || 'b' AS y FROM (SELECT flag || 'a' AS x, lvl * 2 AS "
        "n FROM ev) WHERE n > 4)"},
       "b0 row-wise: ev\n"},
      {{"rows made equal",
        "SELECT lower(flag) AS f FROM (SELECT upper(flag) AS flag, n * 2 AS n2 FROM mon)"},
       "b0 row-wise: mon\n"},
      {{"over groups",
        "SELECT dev_id, s / c AS m, CASE WHEN mx > 5 THEN 'HIGH' END AS h FROM (SELECT dev_id, "
        "count(*) AS c, sum(p) AS s, max(n) AS mx FROM mon GROUP BY dev_id) t WHERE c + 1 > 2"},
       "b0 algebraic: mon\n"},
      {{"over all", "SELECT c * 2 AS d FROM (SELECT count(*) AS c FROM mon) WHERE c % 2 = 0"},
       "b0 algebraic: mon\n"},
      {{"between groups",
        "SELECT h, count(*) AS c, sum(s) AS s FROM (SELECT dev_id, dev_id % 3 AS h, max(n) AS s "
        "FROM "
        "mon GROUP BY dev_id) WHERE s + 1 > 2 GROUP BY h"},
       "b0 algebraic: mon\nb1 algebraic: b0\n"},
      {{"over a join",
        "SELECT mid, upper(name) AS u FROM (SELECT m.mid, m.n, d.name FROM mon m LEFT JOIN dev d "
        "ON "
        "m.dev_id = d.id) WHERE n + 1 > 3"},
       "b0 join: mon by (mid); dev by (id) = mon(dev_id)\n"},
      {{"over a window",
        "SELECT mid, c * 2 AS d, strom_clock() AS t FROM (SELECT mid, count(*) OVER (PARTITION BY "
        "flag) AS c FROM mon)"},
       "b0 keyed: mon by (c1)\n"},
      {{"over a limit",
        "SELECT upper(name) AS u FROM (SELECT id, name FROM dev ORDER BY cap, id LIMIT 3) WHERE id "
        "% "
        "2 = 1"},
       "b0 full: dev\n"},
      {{"names that repeat",
        "SELECT a.lvl + a.n AS x FROM (SELECT e.lvl + 1 AS lvl, e.dev_id * 2 AS n, e.flag FROM ev "
        "e) "
        "AS a WHERE a.flag || 'x' = 'Ax'"},
       "b0 row-wise: ev\n"},
      {{"beside a list",
        "SELECT t.x, u.tag FROM (SELECT id + 1 AS x, tags FROM dev WHERE id % 2 = 0) t CROSS JOIN "
        "UNNEST(t.tags) AS u(tag)"},
       "b0 row-wise: dev\n"},
      {{"read twice",
        "WITH a AS (SELECT dev_id, lvl * 2 AS x FROM ev) SELECT x + 1 AS y FROM a UNION ALL SELECT "
        "x + 2 FROM a"},
       "b0 row-wise: ev\nb1 row-wise: b0\nb2 row-wise: b0\nb3 union-all: b1; b2\n"},
      {{"over picks", "SELECT x + 1 AS y FROM (SELECT lvl AS x FROM ev WHERE flag = 'A')"},
       "b0 pick: ev\nb1 row-wise: b0\n"}};
  return shapes;
}

Row Ev(int64_t dev, int64_t lvl) { return {Value::Int(dev), Value::Int(lvl), Value::String("A")}; }

Timestamp After(int64_t minutes) { return {kTestClock.millis + minutes * 60'000, 0}; }

pipeline::Delta Apply(View& view, pipeline::Delta delta, Timestamp now) {
  const std::vector<SourceDelta> batch = {{kEv, std::move(delta)}};
  return view.Apply(batch, now).value();
}

}  // namespace

TEST_CASE("row-wise blocks become part of the statement below, and stay equal", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const auto& [shape, plan] : NestedShapes()) {
    INFO(shape.name << ": " << shape.sql);
    const sql::BoundQuery query = Bind(*database, shape.sql, RandomTables::PowerGrid());
    CHECK(View::Make(*database, query).value()->Explain() == plan);
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      const auto wrong = RunDifference(*database, query, seed, 12);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
    }
  }
}

TEST_CASE("what is nested above rows that come and go with the clock stays equal", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const char* sql :
       {"SELECT m * 2 AS w FROM (SELECT n + 1 AS m, mid FROM mon WHERE ts >= strom_clock() - "
        "INTERVAL 2 HOUR) WHERE m % 2 = 0",
        "SELECT dev_id, c + mx AS w FROM (SELECT dev_id, count(*) AS c, max(n) AS mx FROM mon "
        "WHERE "
        "ts >= strom_clock() - INTERVAL 2 HOUR GROUP BY dev_id) WHERE c + 1 > 2",
        "SELECT x || 'y' AS w FROM (SELECT a.aid, d.name || 'x' AS x FROM alm a LEFT JOIN dev d ON "
        "a.dev_id = d.id AND a.ts < strom_clock()) WHERE aid % 2 = 0"}) {
    INFO(sql);
    const sql::BoundQuery query = Bind(*database, sql, RandomTables::PowerGrid());
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const auto wrong = RunDifference(*database, query, seed, 20, {}, ClockMoves::kBothWays);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
    }
  }
}

TEST_CASE("a time in a nested list is that of the row's last change", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const auto& [sql, plan] : std::vector<std::pair<const char*, const char*>>{
           {"SELECT d, x * 2 AS x2, strom_clock() AS t FROM (SELECT dev_id AS d, lvl + 1 AS x FROM "
            "ev WHERE flag || 'x' = 'Ax')",
            "b0 row-wise: ev\n"},
           {"SELECT d, x * 2 AS x2, strom_clock() AS t FROM (SELECT dev_id AS d, max(lvl) + 1 AS x "
            "FROM ev GROUP BY dev_id)",
            "b0 algebraic: ev\n"},
           // The time is the inner list's, which remembers it.
           {"SELECT d, x * 2 AS x2, t + INTERVAL 0 MINUTE AS t FROM (SELECT dev_id AS d, lvl + 1 "
            "AS "
            "x, strom_clock() AS t FROM ev)",
            "b0 row-wise: ev\nb1 row-wise: b0\n"}}) {
    INFO(sql);
    auto view = View::Make(*database, Bind(*database, sql, RandomTables::PowerGrid())).value();
    CHECK(view->Explain() == plan);
    const auto row = [](int64_t x2, int64_t minutes) {
      return Row{Value::Int(1), Value::Int(x2), Value::Time(After(minutes).millis)};
    };
    CHECK(Apply(*view, {{true, Ev(1, 4)}}, After(0)) == pipeline::Delta{{true, row(10, 0)}});
    CHECK(Apply(*view, {{false, Ev(1, 4)}, {true, Ev(1, 4)}}, After(5)).empty());
    CHECK(Apply(*view, {{false, Ev(1, 4)}, {true, Ev(1, 5)}}, After(9)) ==
          pipeline::Delta{{false, row(10, 0)}, {true, row(12, 9)}});
    CHECK(Apply(*view, {{false, Ev(1, 5)}}, After(90)) == pipeline::Delta{{false, row(12, 9)}});
  }
}

}  // namespace strom::layer
