#include <catch2/catch_test_macros.hpp>

#include "difference.h"
#include "pipeline/layer/clock_index.h"

namespace strom::layer {
namespace {

constexpr size_t kMon = 1;  // Of RandomTables::PowerGrid(): mid, dev_id, ts, v, p, n, flag.

Timestamp After(int64_t minutes) { return {kTestClock.millis + minutes * 60'000, 0}; }

Row Mon(int64_t id, int64_t minutes, int64_t n = 1) {
  return {Value::Int(id),    Value::Int(7),   Value::Time(After(minutes).millis),
          Value::Double(1),  Value::Dec(100), Value::Int(n),
          Value::String("A")};
}

struct Fixture {
  std::unique_ptr<duck::Database> database = duck::Database::Open().value();

  std::unique_ptr<View> Make(const std::string& sql) {
    return View::Make(*database, Bind(*database, sql, RandomTables::PowerGrid())).value();
  }
  std::string Explain(const std::string& sql) { return Make(sql)->Explain(); }
};

// What came (+) and went (-): the first column of the rows, an integer.
std::string Changes(View& view, pipeline::Delta rows, Timestamp now) {
  const std::vector<SourceDelta> batch = {{kMon, std::move(rows)}};
  const Result<pipeline::Delta> delta = view.Apply(batch, now);
  if (!delta.ok()) return delta.status().ToString();
  std::string out;
  for (const pipeline::SignedRow& change : *delta) {
    out += (change.insert ? "+" : "-") + change.row[0].ToString();
  }
  return out;
}

}  // namespace

TEST_CASE("filters by the clock are blocks of their own", "[layer]") {
  Fixture f;
  const std::string hour = "strom_clock() - INTERVAL 1 HOUR";
  const std::string indexed = f.Explain("SELECT mid, n FROM mon WHERE ts >= " + hour);
  CHECK(
      indexed.starts_with("b0 timed: mon in order of (ts); again when (strom_clock() - to_hours"));
  // What DuckDB has to evaluate is evaluated for all rows.
  const std::string cast =
      f.Explain("SELECT mid FROM mon WHERE CAST(ts AS DATE) = CAST(strom_clock() AS DATE)");
  CHECK(cast.starts_with("b0 timed: mon; again when"));
  // What is computed, joined or grouped sees rows come and go, and no clock.
  const auto above = [&](const std::string& sql) {
    const std::string plan = f.Explain(sql);
    return plan.substr(plan.find("\nb1") + 1);
  };
  CHECK(above("SELECT mid, v * 2 AS w FROM mon WHERE ts >= " + hour) == "b1 row-wise: b0\n");
  CHECK(above("SELECT dev_id, count(*) AS c FROM mon WHERE ts >= " + hour + " GROUP BY dev_id") ==
        "b1 algebraic: b0\n");
  CHECK(above("SELECT m.mid, d.name FROM mon m JOIN dev d ON m.dev_id = d.id WHERE m.ts >= " +
              hour) == "b1 join: b0 by (mid, dev_id); dev by (id) = b0(dev_id)\n");
  // Not below the NULL-supplied side, and not where an item mixes clock and data.
  CHECK(f.Explain("SELECT d.id FROM dev d LEFT JOIN mon m ON m.dev_id = d.id WHERE m.ts >= " + hour)
            .starts_with("b0 join: dev"));
  CHECK(f.Explain("SELECT mid, ts < strom_clock() AS past FROM mon WHERE ts >= " + hour)
            .starts_with("b0 join: mon"));
}

TEST_CASE("a step of the clock moves the rows between its bounds", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT mid FROM mon WHERE ts >= strom_clock() - INTERVAL 1 HOUR");
  CHECK(view->depends_on_time());
  CHECK_FALSE(view->stateless());
  CHECK(Changes(*view, {{true, Mon(1, 0)}, {true, Mon(2, 20)}, {true, Mon(3, -90)}}, After(0)) ==
        "+1+2");
  CHECK(Changes(*view, {}, After(60)) == "");
  CHECK(Changes(*view, {}, After(61)) == "-1");
  CHECK(Changes(*view, {}, After(-30)) == "+1+3");
  CHECK(Changes(*view, {}, After(200)) == "-1-2-3");
}

TEST_CASE("a removal takes back what its insertion gave, whatever time it is", "[layer]") {
  Fixture f;
  for (const std::string sql :
       {"SELECT mid FROM mon WHERE ts >= strom_clock() - INTERVAL 1 HOUR",
        "SELECT mid FROM mon WHERE ts + INTERVAL 1 HOUR >= strom_clock()"}) {
    INFO(sql);
    auto view = f.Make(sql);
    CHECK(Changes(*view, {{true, Mon(1, 0)}, {true, Mon(2, 0)}}, After(0)) == "+1+2");
    // Less than a step after the last one: the row counts as in.
    CHECK(Changes(*view, {{false, Mon(1, 0)}}, {After(0).millis + 59'999, 0}) == "-1");
    // With the step that would throw it out, and after it.
    CHECK(Changes(*view, {{false, Mon(2, 0)}, {true, Mon(3, 0)}}, After(90)) == "-2");
    CHECK(Changes(*view, {{false, Mon(3, 0)}}, After(91)) == "");
    CHECK(Changes(*view, {{false, Mon(3, 0)}}, After(91)).find("not there") != std::string::npos);
  }
}

TEST_CASE("a filter by the clock passes on what changes in what is chosen", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT n FROM mon WHERE ts >= strom_clock() - INTERVAL 1 HOUR");
  // Equal in what is chosen.
  CHECK(Changes(*view, {{true, Mon(1, 0, 5)}, {true, Mon(2, 30, 5)}}, After(0)) == "+5+5");
  CHECK(Changes(*view, {{false, Mon(2, 30, 5)}, {true, Mon(2, 40, 5)}}, After(1)) == "");
  CHECK(Changes(*view, {{false, Mon(2, 40, 5)}, {true, Mon(2, 40, 6)}}, After(2)) == "-5+6");
  // Out of the window and into it.
  CHECK(Changes(*view, {{false, Mon(2, 40, 6)}, {true, Mon(2, -80, 6)}}, After(3)) == "-6");
  CHECK(Changes(*view, {{false, Mon(2, -80, 6)}, {true, Mon(2, 40, 6)}}, After(4)) == "+6");
  CHECK(Changes(*view, {}, After(70)) == "-5");
}

TEST_CASE("rows that no time lets pass are not kept", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT mid FROM mon WHERE ts >= strom_clock() AND n = 1");
  Changes(*view, {{true, Mon(1, 10)}}, After(0));
  const size_t bytes = view->state_bytes();
  pipeline::Delta rows;
  for (int64_t i = 0; i < 1000; ++i) rows.push_back({true, Mon(i + 2, 10, 2)});
  CHECK(Changes(*view, rows, After(0)) == "");
  CHECK(view->state_bytes() == bytes);
}

TEST_CASE("a row keeps the time it came while a filter by the clock lets it pass", "[layer]") {
  Fixture f;
  auto view =
      f.Make("SELECT mid, strom_clock() AS t FROM mon WHERE ts >= strom_clock() - INTERVAL 1 HOUR");
  CHECK(view->clock_columns() == std::vector<size_t>{1});
  const auto at = [](int64_t minutes) {
    return Row{Value::Int(1), Value::Time(After(minutes).millis)};
  };
  const std::vector<SourceDelta> batch = {{kMon, pipeline::Delta{{true, Mon(1, 0)}}}};
  CHECK(view->Apply(batch, After(0)).value() == pipeline::Delta{{true, at(0)}});
  CHECK(view->Apply({}, After(30)).value().empty());
  CHECK(view->Apply({}, After(90)).value() == pipeline::Delta{{false, at(0)}});
  CHECK(view->Apply({}, After(20)).value() == pipeline::Delta{{true, at(20)}});
}

TEST_CASE("a filter by the clock takes rows of fewer columns", "[layer]") {
  Fixture f;
  auto view = f.Make("SELECT n, mid FROM mon WHERE ts >= strom_clock()");
  CHECK(view->UsedColumns(kMon) == std::vector<size_t>{0, 2, 5});
  view->TakeColumns(kMon, {0, 2, 4, 5});
  const Row row = {Value::Int(9), Value::Time(After(5).millis), Value::Null(), Value::Int(3)};
  CHECK(Changes(*view, {{true, row}}, After(0)) == "+3");
  CHECK(Changes(*view, {}, After(6)) == "-3");
}

TEST_CASE("an index by the clock gives the rows between two bounds, ends included", "[layer]") {
  const std::vector<duck::Field> columns = {{"d", DataType::Date()}, {"s", DataType::String()}};
  Filter filter;
  filter.conditions = {{Condition::Kind::kGreaterOrEqual, 0, {0}, true},
                       {Condition::Kind::kEqual, 1, {1}, false}};
  auto index = ClockIndex::Make(filter, columns, false);
  REQUIRE(index);
  const auto row = [](int64_t day) { return Row{Value::Int(day), Value::String("x")}; };
  for (uint32_t id = 0; id < 5; ++id) index->Add(row(10 + id), id);
  index->Add(Row{Value::Null(), Value::Null()}, 5);
  using Ids = absl::flat_hash_set<uint32_t>;
  const Row other = {Value::Int(11), Value::String("y")};
  CHECK(index->Between(row(11), row(13)) == Ids{1, 2, 3});
  CHECK(index->Between(row(13), other) == Ids{1, 2, 3});
  CHECK(index->Between(row(11), other) == Ids{});
  CHECK(index->Between(row(11), {Value::Null(), Value::Null()}) == std::nullopt);
  index->Remove(row(12), 2);
  CHECK(index->Between(row(11), row(20)) == Ids{1, 3, 4});

  filter.conditions[1].moves = true;
  CHECK_FALSE(ClockIndex::Make(filter, columns, false));  // Text has no number.
}

TEST_CASE("an index by the clock has times of one minute together", "[layer]") {
  const std::vector<duck::Field> columns = {{"t", DataType::Timestamp(3)}};
  Filter filter;
  filter.conditions = {{Condition::Kind::kGreaterOrEqual, 0, {0}, true}};
  auto index = ClockIndex::Make(filter, columns, false);
  REQUIRE(index);
  const auto at = [](int64_t seconds) { return Row{Value::Time(seconds * 1000)}; };
  // Before and after 1970; ids 0 to 19 are 20 seconds apart.
  for (uint32_t id = 0; id < 20; ++id) index->Add(at(-200 + 20 * int64_t{id}), id);
  using Ids = absl::flat_hash_set<uint32_t>;
  CHECK(index->Between(at(-5), at(5)) == Ids{7, 8, 9, 10, 11, 12});
  CHECK(index->Between(at(-5), at(-5)) == Ids{});
  for (const uint32_t id : {7, 9, 8, 12}) index->Remove(at(-200 + 20 * int64_t{id}), id);
  CHECK(index->Between(at(-5), at(5)) == Ids{10, 11});
  index->Add(at(-40), 8);
  CHECK(index->Between(at(-60), at(-1)) == Ids{8});
}

}  // namespace strom::layer
