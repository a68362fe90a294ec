#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "difference.h"
#include "pipeline/layer/order_codec.h"
#include "pipeline/layer/ranked_rows.h"
#include "pipeline/layer/row_filter.h"
#include "ranked_shapes.h"

namespace strom::layer {
namespace {

constexpr size_t kEv = 4;  // Of RandomTables::PowerGrid(): dev_id, lvl, flag.

Row Ev(int64_t dev, int64_t lvl, const std::string& flag) {
  return {Value::Int(dev), Value::Int(lvl), Value::String(flag)};
}

std::unique_ptr<View> MakeView(duck::Database& database, const std::string& sql) {
  return View::Make(database, Bind(database, sql, RandomTables::PowerGrid())).value();
}

pipeline::Delta Apply(View& view, pipeline::Delta delta) {
  const std::vector<SourceDelta> batch = {{kEv, std::move(delta)}};
  return view.Apply(batch, kTestClock).value();
}

Bytes InOrder(const Value& value, bool descending = false) {
  Bytes out;
  AppendInOrder(value, descending, true, out);
  return out;
}

size_t Failures(const std::string& name, const BrokenRules& broken) {
  auto database = duck::Database::Open().value();
  size_t failures = 0;
  for (const Shape& shape : RankedShapes()) {
    if (name != shape.name) continue;
    const sql::BoundQuery query = Bind(*database, shape.sql, RandomTables::PowerGrid());
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      failures += RunDifference(*database, query, seed, 20, broken) ? 1 : 0;
    }
  }
  return failures;
}

}  // namespace

TEST_CASE("the first rows of windows stay equal to their queries", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const Shape& shape : RankedShapes()) {
    INFO(shape.name << ": " << shape.sql);
    const sql::BoundQuery query = Bind(*database, shape.sql, RandomTables::PowerGrid());
    CHECK(View::Make(*database, query).value()->Explain().find(", first ") != std::string::npos);
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const auto wrong = RunDifference(*database, query, seed, 20);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
    }
  }
}

TEST_CASE("windows whose first rows do not suffice are left to DuckDB", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const Shape& shape : NotRankedShapes()) {
    INFO(shape.name << ": " << shape.sql);
    const sql::BoundQuery query = Bind(*database, shape.sql, RandomTables::PowerGrid());
    CHECK(View::Make(*database, query).value()->Explain().find(", first ") == std::string::npos);
    const auto wrong = RunDifference(*database, query, 1, 12);
    INFO(wrong.value_or(""));
    CHECK_FALSE(wrong);
  }
}

TEST_CASE("the differential test sees broken rules of first rows", "[layer]") {
  CHECK(Failures("ties", {.last_ranked_unseen = true}) > 0);
  CHECK(Failures("newest", {.last_ranked_unseen = true}) > 0);
  CHECK(Failures("computed below", {.last_ranked_unseen = true}) > 0);
  CHECK(Failures("ties, NULL first", {.nulls_ranked_last = true}) > 0);
  CHECK(Failures("truth and dates", {.nulls_ranked_last = true}) > 0);
  CHECK(Failures("ties", {}) == 0);
}

TEST_CASE("rows that tie keep their places while others come and go", "[layer]") {
  auto database = duck::Database::Open().value();
  auto view = MakeView(*database,
                       "SELECT flag, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id "
                       "ORDER BY lvl) AS rn FROM ev) WHERE rn <= 2");
  CHECK(view->Explain() == "b0 keyed, first 2: ev by (c0)\n");
  const auto out = [](const std::string& flag, int64_t n) {
    return Row{Value::String(flag), Value::Int(n)};
  };
  CHECK(Apply(*view, {{true, Ev(1, 5, "c")}, {true, Ev(1, 5, "b")}}).size() == 2);
  CHECK(Apply(*view, {{true, Ev(1, 5, "d")}, {true, Ev(2, 9, "x")}}) ==
        pipeline::Delta{{true, out("x", 1)}});
  CHECK(Apply(*view, {{false, Ev(1, 5, "d")}}).empty());
  CHECK(Apply(*view, {{false, Ev(1, 5, "b")}, {false, Ev(2, 9, "x")}}).size() == 4);
  CHECK(Apply(*view, {{false, Ev(1, 5, "c")}}) == pipeline::Delta{{false, out("c", 1)}});
  CHECK(view->state_bytes() < 2000);
}

TEST_CASE("rows behind the first ones reach no statement", "[layer]") {
  auto database = duck::Database::Open().value();
  auto view = MakeView(*database,
                       "SELECT x, rn FROM (SELECT CAST(flag AS INTEGER) AS x, ROW_NUMBER() OVER "
                       "(PARTITION BY dev_id ORDER BY lvl) AS rn FROM ev) WHERE rn <= 2");
  CHECK(Apply(*view, {{true, Ev(1, 1, "10")}, {true, Ev(1, 2, "20")}, {true, Ev(1, 3, "no")}})
            .size() == 2);
  const std::vector<SourceDelta> batch = {{kEv, pipeline::Delta{{false, Ev(1, 1, "10")}}}};
  CHECK_FALSE(view->Apply(batch, kTestClock).ok());  // Now it does.
}

TEST_CASE("the removal of a row that no window has is an error", "[layer]") {
  auto database = duck::Database::Open().value();
  auto view = MakeView(*database,
                       "SELECT flag FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER "
                       "BY lvl) AS rn FROM ev) WHERE rn = 1");
  const std::vector<SourceDelta> batch = {{kEv, pipeline::Delta{{false, Ev(1, 1, "A")}}}};
  CHECK(view->Apply(batch, kTestClock).status().message().find("not there") !=
        std::string_view::npos);
}

TEST_CASE("bytes compare as the values do", "[layer]") {
  const std::vector<std::vector<Value>> ascending = {
      {Value::Bool(false), Value::Bool(true)},
      {Value::Int(INT64_MIN), Value::Int(-256), Value::Int(-1), Value::Int(0), Value::Int(1),
       Value::Int(255), Value::Int(256), Value::Int(INT64_MAX)},
      {Value::Dec(-(static_cast<__int128>(1) << 100)), Value::Dec(-1), Value::Dec(0), Value::Dec(7),
       Value::Dec(static_cast<__int128>(1) << 100)},
      {Value::Time(-2, 0), Value::Time(-1, 999'000), Value::Time(0, 1'000), Value::Time(0, 2'000),
       Value::Time(1, 0)},
      {Value::String(""), Value::String(Bytes(1, '\0')), Value::String(Bytes(2, '\0')),
       Value::String(Bytes("\0a", 2)), Value::String("A"), Value::String("a"),
       Value::String(Bytes("a\0", 2)), Value::String("ab"), Value::String("b"),
       Value::String("\xE5\x8C\x97")}};
  for (const std::vector<Value>& values : ascending) {
    for (size_t i = 0; i < values.size(); ++i) {
      CHECK(InOrder(Value::Null()) < InOrder(values[i]));
      for (size_t j = 0; j < values.size(); ++j) {
        INFO(values[i].ToString() << " and " << values[j].ToString());
        CHECK((CompareValues(values[i], values[j]) < 0) == (i < j));
        CHECK((InOrder(values[i]) < InOrder(values[j])) == (i < j));
        CHECK((InOrder(values[i], true) < InOrder(values[j], true)) == (i > j));
        // What comes behind decides between equal ones only.
        CHECK((InOrder(values[i]) + "\xFF" < InOrder(values[j])) == (i < j));
      }
    }
  }
  CHECK(InOrder(Value::Time(0, 1'999)) == InOrder(Value::Time(0, 1'000)));
  Bytes last;
  AppendInOrder(Value::Null(), true, false, last);
  CHECK(InOrder(Value::Int(INT64_MIN), true) < last);
}

TEST_CASE("ranked rows give the first ones of a sorted list", "[layer]") {
  std::mt19937_64 random(5);
  RankedRows ranked({.partition = {0}, .orders = {{1, true, false}}, .first = 3});
  const size_t empty = ranked.bytes();
  std::map<int64_t, std::vector<Row>> model;
  std::map<uint64_t, std::vector<Row>> first;  // As told last.
  std::vector<Row> all;
  for (int batch = 0; batch < 400; ++batch) {
    for (int i = 0; i < 3; ++i) {
      if (all.size() > 25 || (!all.empty() && random() % 3 == 0)) {
        const size_t at = random() % all.size();
        REQUIRE(ranked.Remove(all[at]));
        all.erase(all.begin() + static_cast<ptrdiff_t>(at));
      } else {
        all.push_back(Ev(static_cast<int64_t>(random() % 3), static_cast<int64_t>(random() % 6),
                         random() % 2 == 0 ? "x" : "y"));
        ranked.Insert(all.back());
      }
    }
    for (RankedRows::Partition& partition : ranked.TakeChanged()) {
      if (partition.first.empty()) {
        first.erase(partition.id);
      } else {
        first[partition.id] = std::move(partition.first);
      }
    }
    model.clear();
    for (const Row& row : all) model[*row[0].get_if<int64_t>()].push_back(row);
    REQUIRE(first.size() == model.size());
    for (const auto& [id, rows] : first) {
      std::vector<Row>& want = model[*rows[0][0].get_if<int64_t>()];
      std::sort(want.begin(), want.end(), [](const Row& a, const Row& b) {
        if (a[1] != b[1]) return *a[1].get_if<int64_t>() > *b[1].get_if<int64_t>();
        return *a[2].get_if<Bytes>() < *b[2].get_if<Bytes>();
      });
      want.resize(std::min<size_t>(want.size(), 3));
      REQUIRE(rows == want);
    }
  }
  for (const Row& row : all) REQUIRE(ranked.Remove(row));
  CHECK_FALSE(ranked.Remove(Ev(0, 1, "x")));
  ranked.TakeChanged();
  CHECK(ranked.bytes() - empty < 200);
}

}  // namespace strom::layer
