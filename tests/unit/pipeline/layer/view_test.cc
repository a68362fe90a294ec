#include "pipeline/layer/view.h"

#include <catch2/catch_test_macros.hpp>

#include "difference.h"

namespace strom::layer {
namespace {

constexpr size_t kEv = 4;  // Of RandomTables::PowerGrid(): dev_id, lvl, flag.

Row Ev(int64_t dev, int64_t lvl, const std::string& flag = "A") {
  return {Value::Int(dev), Value::Int(lvl), Value::String(flag)};
}

struct Fixture {
  std::unique_ptr<duck::Database> database = duck::Database::Open().value();

  Result<std::unique_ptr<View>> Make(const std::string& sql, ViewOptions options = {}) {
    return View::Make(*database, Bind(*database, sql, RandomTables::PowerGrid()), options);
  }
};

pipeline::Delta Insert(std::vector<Row> rows) {
  pipeline::Delta delta;
  for (Row& row : rows) delta.push_back({true, std::move(row)});
  return delta;
}

pipeline::Delta Apply(View& view, size_t source, pipeline::Delta delta,
                      Timestamp now = kTestClock) {
  const std::vector<SourceDelta> batch = {{source, std::move(delta)}};
  return view.Apply(batch, now).value();
}

Timestamp After(int64_t minutes) { return {kTestClock.millis + minutes * 60'000, 0}; }

Row Mon(int64_t id, int64_t dev, int64_t minutes) {
  return {Value::Int(id),    Value::Int(dev), Value::Time(After(minutes).millis),
          Value::Double(1),  Value::Dec(100), Value::Int(1),
          Value::String("A")};
}

}  // namespace

TEST_CASE("a change of a row gives its old and its new image", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT dev_id AS d, lvl * 10 AS l FROM ev WHERE lvl > 1").value();
  CHECK(view->columns()[1].name == "l");
  CHECK(Apply(*view, kEv, Insert({Ev(1, 1), Ev(2, 2)})) ==
        pipeline::Delta{{true, {Value::Int(2), Value::Int(20)}}});
  CHECK(Apply(*view, kEv, {{false, Ev(2, 2)}, {true, Ev(2, 3)}}) ==
        pipeline::Delta{{false, {Value::Int(2), Value::Int(20)}},
                        {true, {Value::Int(2), Value::Int(30)}}});
  // A change the query does not look at.
  CHECK(Apply(*view, kEv, {{false, Ev(2, 3, "A")}, {true, Ev(2, 3, "B")}}).empty());
  CHECK(view->state_bytes() == 0);
  CHECK_FALSE(view->depends_on_time());
}

TEST_CASE("a constant and an empty group are there from the first batch on", "[layer]") {
  Fixture f;
  auto one = f.Make("SELECT 1 AS x").value();
  CHECK(one->Apply({}, kTestClock).value() == pipeline::Delta{{true, {Value::Int(1)}}});
  CHECK(one->Apply({}, kTestClock).value().empty());
  auto count = f.Make("SELECT count(*) AS c FROM ev").value();
  CHECK(count->Apply({}, kTestClock).value() == pipeline::Delta{{true, {Value::Int(0)}}});
  CHECK(Apply(*count, kEv, Insert({Ev(1, 1), Ev(1, 1)})) ==
        pipeline::Delta{{false, {Value::Int(0)}}, {true, {Value::Int(2)}}});
}

TEST_CASE("what cannot be kept up to date is refused by name", "[layer]") {
  Fixture f;
  const auto refused = [&](const std::string& sql, const std::string& construct) {
    const auto view = f.Make(sql);
    INFO(sql);
    REQUIRE_FALSE(view.ok());
    CHECK(view.status().code() == ErrorCode::kInvalidSql);
    INFO(view.status().ToString());
    CHECK(view.status().message().find(construct) != std::string_view::npos);
  };
  refused(
      "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
      "RECURSIVE");
  refused("SELECT * FROM mon TABLESAMPLE 10%", "SAMPLE");
  refused("SELECT m.mid FROM mon m NATURAL JOIN alm", "NATURAL");
  refused("SELECT m.mid FROM mon m ASOF JOIN alm a ON m.dev_id = a.dev_id AND m.ts >= a.ts",
          "ASOF");
  refused("SELECT m.mid FROM mon m SEMI JOIN alm a ON m.dev_id = a.dev_id", "SEMI");
}

TEST_CASE("a removal without its row is an error", "[layer]") {
  Fixture f;
  for (const char* sql :
       {"SELECT e.lvl, d.id FROM ev e JOIN dev d ON e.dev_id = d.id",
        "SELECT dev_id, count(*) AS c FROM ev GROUP BY dev_id", "SELECT DISTINCT dev_id FROM ev",
        "SELECT dev_id, strom_clock() AS t FROM ev"}) {
    INFO(sql);
    auto view = f.Make(sql).value();
    const std::vector<SourceDelta> batch = {{kEv, pipeline::Delta{{false, Ev(1, 1)}}}};
    const auto result = view->Apply(batch, kTestClock);
    REQUIRE_FALSE(result.ok());
    CHECK(result.status().message().find("not there") != std::string_view::npos);
  }
}

TEST_CASE("rows of another width are refused", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT dev_id FROM ev").value();
  const std::vector<SourceDelta> batch = {{kEv, pipeline::Delta{{true, {Value::Int(1)}}}}};
  CHECK(view->Apply(batch, kTestClock).status().code() == ErrorCode::kCorruptRecord);
}

TEST_CASE("state above its limit stops the view with the sizes", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT e.lvl, d.id FROM ev e JOIN dev d ON e.dev_id = d.id",
                     {.state_bytes_max = 20'000})
                  .value();
  REQUIRE(Apply(*view, kEv, Insert({Ev(1, 1)})).empty());
  std::vector<Row> rows;
  for (int64_t i = 0; i < 1000; ++i) rows.push_back(Ev(i, i));
  const std::vector<SourceDelta> batch = {{kEv, Insert(std::move(rows))}};
  const auto result = view->Apply(batch, kTestClock);
  REQUIRE(result.status().code() == ErrorCode::kJobStateTooLarge);
  CHECK(result.status().message().find("20000") != std::string_view::npos);
  CHECK(result.status().message().find("join") != std::string_view::npos);
}

TEST_CASE("a column of the clock keeps the time its row last changed", "[layer]") {
  Fixture f;
  const std::string joined =
      "SELECT e.dev_id, e.lvl, strom_clock() AS t FROM ev e LEFT JOIN dev d ON e.dev_id = d.id";
  for (const std::string& sql :
       {std::string("SELECT dev_id, lvl, strom_clock() AS t FROM ev"), joined}) {
    INFO(sql);
    auto view = f.Make(sql).value();
    CHECK_FALSE(view->depends_on_time());
    const auto row = [](int64_t lvl, int64_t minutes) {
      return Row{Value::Int(1), Value::Int(lvl), Value::Time(After(minutes).millis)};
    };
    CHECK(Apply(*view, kEv, Insert({Ev(1, 1)}), After(0)) == pipeline::Delta{{true, row(1, 0)}});
    CHECK(Apply(*view, kEv, {{false, Ev(1, 1)}, {true, Ev(1, 1, "B")}}, After(5)).empty());
    CHECK(Apply(*view, kEv, {{false, Ev(1, 1, "B")}, {true, Ev(1, 2)}}, After(9)) ==
          pipeline::Delta{{false, row(1, 0)}, {true, row(2, 9)}});
    CHECK(view->Apply({}, After(90)).value().empty());
  }
}

TEST_CASE("a filter on the clock lets rows go by time alone", "[layer]") {
  Fixture f;
  auto view =
      f.Make(
           "SELECT dev_id, count(*) AS c FROM mon WHERE ts >= strom_clock() - INTERVAL 1 HOUR "
           "GROUP BY dev_id")
          .value();
  CHECK(view->depends_on_time());
  CHECK(Apply(*view, 1, Insert({Mon(1, 7, 0), Mon(2, 7, 20)}), After(30)) ==
        pipeline::Delta{{true, {Value::Int(7), Value::Int(2)}}});
  CHECK(view->Apply({}, After(30)).value().empty());
  CHECK(view->Apply({}, After(61)).value() ==
        pipeline::Delta{{false, {Value::Int(7), Value::Int(2)}},
                        {true, {Value::Int(7), Value::Int(1)}}});
  CHECK(view->Apply({}, After(200)).value() ==
        pipeline::Delta{{false, {Value::Int(7), Value::Int(1)}}});
}

TEST_CASE("a filter on the date moves at midnight only", "[layer]") {
  Fixture f;
  auto view =
      f.Make("SELECT mid FROM mon WHERE CAST(ts AS DATE) = CAST(strom_clock() AS DATE)").value();
  CHECK(view->Explain().find("again when") != std::string::npos);
  CHECK(Apply(*view, 1, Insert({Mon(1, 7, 0), Mon(2, 7, 24 * 60)})) ==
        pipeline::Delta{{true, {Value::Int(1)}}});
  CHECK(view->Apply({}, After(11 * 60)).value().empty());
  CHECK(view->Apply({}, After(13 * 60)).value() ==
        pipeline::Delta{{false, {Value::Int(1)}}, {true, {Value::Int(2)}}});
}

TEST_CASE("views with clock filters stay equal while the clock moves", "[layer]") {
  Fixture f;
  for (const char* sql :
       {"SELECT mid, v FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR",
        "SELECT d.id, m.mid FROM dev d LEFT JOIN mon m ON m.dev_id = d.id AND m.ts >= "
        "strom_clock()",
        "SELECT dev_id, sum(CASE WHEN ts < strom_clock() THEN n ELSE 0 END) AS s FROM mon GROUP BY "
        "dev_id",
        "SELECT dev_id, avg(v) AS a FROM mon WHERE CAST(ts AS DATE) >= CAST(strom_clock() AS DATE) "
        "GROUP BY dev_id"}) {
    INFO(sql);
    const sql::BoundQuery query = Bind(*f.database, sql, RandomTables::PowerGrid());
    RandomTables tables(query.sources, 11);
    Difference difference(*f.database, query);
    CHECK(difference.view().depends_on_time());
    for (int64_t i = 0; i < 15; ++i) {
      const auto wrong = difference.Check(tables.Change(i == 0 ? 80 : 3), tables, After(i * 61));
      INFO(wrong.value_or(""));
      REQUIRE_FALSE(wrong);
    }
  }
}

TEST_CASE("a plan can be explained", "[layer]") {
  Fixture f;
  const auto explain = [&](const std::string& sql) { return f.Make(sql).value()->Explain(); };
  CHECK(explain("SELECT mid FROM mon WHERE v > 1") == "b0 row-wise: mon\n");
  CHECK(explain("SELECT m.mid, d.name FROM mon m JOIN dev d ON m.dev_id = d.id") ==
        "b0 join: mon by (mid); dev by (id) = mon(dev_id)\n");
  // The side that looks up carries the block, wherever it stands.
  CHECK(explain("SELECT m.mid, d.name FROM dev d JOIN mon m ON m.dev_id = d.id") ==
        "b0 join: dev by (id) = mon(dev_id); mon by (mid)\n");
  CHECK(explain("SELECT dev_id, sum(p) AS s FROM mon GROUP BY dev_id") == "b0 algebraic: mon\n");
  CHECK(explain("SELECT dev_id, sum(v) AS s FROM mon GROUP BY dev_id") ==
        "b0 keyed: mon by (c0)\n");
  CHECK(explain("SELECT id FROM dev ORDER BY cap LIMIT 3") == "b0 full: dev\n");
  CHECK(
      explain("SELECT id FROM (SELECT *, row_number() OVER (PARTITION BY region ORDER BY cap) AS n "
              "FROM dev) WHERE n = 1") == "b0 keyed, first 1: dev by (c3)\n");
  CHECK(explain("SELECT DISTINCT flag FROM mon") == "b0 pick: mon\nb1 combine: b0\n");
}

}  // namespace strom::layer
