#include "difference.h"

#include <catch2/catch_test_macros.hpp>

#include "clock_shapes.h"

namespace strom::layer {
namespace {

constexpr uint64_t kSeeds = 2;
constexpr size_t kBatches = 12;

std::string SqlOf(const std::string& name, const std::vector<Shape>& shapes = Shapes()) {
  for (const Shape& shape : shapes) {
    if (name == shape.name) return shape.sql;
  }
  FAIL("no shape " << name);
  return "";
}

// How many of some seeds fail when a rule is broken: those with rows kept, or, if they are even,
// with rows read again.
size_t FailuresOf(const std::string& sql, const BrokenRules& broken, ClockMoves moves,
                  uint64_t first_seed = 1) {
  auto database = duck::Database::Open().value();
  const sql::BoundQuery query = Bind(*database, sql, RandomTables::PowerGrid());
  size_t failures = 0;
  for (uint64_t seed = first_seed; seed <= 10; seed += 2) {
    failures += RunDifference(*database, query, seed, 15, broken, moves) ? 1 : 0;
  }
  return failures;
}

size_t Failures(const std::string& name, const BrokenRules& broken) {
  return FailuresOf(SqlOf(name), broken, ClockMoves::kNever);
}

size_t ClockFailures(const std::string& name, const BrokenRules& broken) {
  return FailuresOf(SqlOf(name, ClockShapes()), broken, ClockMoves::kBothWays);
}

}  // namespace

TEST_CASE("every shape of statement stays equal to its query", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const Shape& shape : Shapes()) {
    INFO(shape.name << ": " << shape.sql);
    const sql::BoundQuery query = Bind(*database, shape.sql, RandomTables::PowerGrid());
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const auto wrong = RunDifference(*database, query, seed, kBatches);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
    }
  }
}

TEST_CASE("statements that look at the clock stay equal while it goes on and back", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const Shape& shape : ClockShapes()) {
    INFO(shape.name << ": " << shape.sql);
    const sql::BoundQuery query = Bind(*database, shape.sql, RandomTables::PowerGrid());
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const auto wrong = RunDifference(*database, query, seed, 20, {}, ClockMoves::kBothWays);
      INFO(wrong.value_or(""));
      CHECK_FALSE(wrong);
    }
  }
}

TEST_CASE("groups recomputed instead of merged stay equal as well", "[layer]") {
  auto database = duck::Database::Open().value();
  for (const char* name : {"group by", "exact aggregates", "minima", "text minima", "global",
                           "group by null side", "group over join"}) {
    INFO(name);
    const sql::BoundQuery query = Bind(*database, SqlOf(name), RandomTables::PowerGrid());
    const auto wrong = RunDifference(*database, query, 5, 10, {.never_algebraic = true});
    INFO(wrong.value_or(""));
    CHECK_FALSE(wrong);
  }
}

TEST_CASE("the differential test sees each broken rule", "[layer]") {
  CHECK(Failures("left join both sides equal", {.outer_links_both_ways = true}) > 0);
  CHECK(Failures("left join", {}) == 0);
  CHECK(Failures("right join", {.outer_links_both_ways = true, .null_supplied_anchors = true}) > 0);
  CHECK(Failures("two partitions", {.first_window_only = true}) > 0);
  CHECK(Failures("not in", {.not_in_as_in = true}) > 0);
  CHECK(Failures("inner join", {.new_images_only = true}) > 0);
  CHECK(Failures("join chain", {.new_images_only = true}) > 0);
  CHECK(Failures("compared integers", {.null_compares = true}) > 0);
  CHECK(ClockFailures("of this day", {.null_compares = true}) > 0);
  CHECK(ClockFailures("of this day", {.skip_new_bound = true}) > 0);
  CHECK(ClockFailures("of the last hours", {.removals_judged_again = true}) > 0);
  CHECK(ClockFailures("groups", {.removals_judged_again = true}) > 0);
  CHECK(ClockFailures("of this day", {}) == 0);
  const std::string day = SqlOf("of this day", ClockShapes());
  CHECK(FailuresOf(day, {.removals_judged_again = true}, ClockMoves::kBothWays, 2) > 0);
  CHECK(FailuresOf(day, {}, ClockMoves::kBothWays, 2) == 0);
}

}  // namespace strom::layer
