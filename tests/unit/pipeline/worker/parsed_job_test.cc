#include "pipeline/worker/parsed_job.h"

#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/system_clock.h"

namespace strom::worker {
namespace {

constexpr int64_t kInstant = 1716201000000;  // 2024-05-20T10:30Z.

JobDefinition WithClock(std::string text) {
  JobDefinition job;
  job.settings["strom.clock"] = std::move(text);
  return job;
}

}  // namespace

TEST_CASE("a job's clock is frozen where its setting says so", "[worker]") {
  const runtime::RealClock wall;
  for (const char* text : {"2024-05-20 10:30:00", "2024-05-20T10:30:00.000", "${TEST_CLOCK}"}) {
    INFO(text);
    ::setenv("TEST_CLOCK", "2024-05-20 10:30", 1);
    const auto clock = ClockOf(WithClock(text), wall);
    REQUIRE(clock.ok());
    CHECK(clock->frozen());
    CHECK(clock->Now() == Timestamp{kInstant, 0});
  }
}

TEST_CASE("a clock that is not set, or set to nothing, is the wall clock", "[worker]") {
  const runtime::RealClock wall;
  ::setenv("TEST_CLOCK", "", 1);
  for (const JobDefinition& job :
       {JobDefinition(), WithClock(""), WithClock("  "), WithClock("${TEST_CLOCK}")}) {
    const auto clock = ClockOf(job, wall);
    REQUIRE(clock.ok());
    CHECK_FALSE(clock->frozen());
  }
}

TEST_CASE("a clock that is no time, or whose variable is not set, is refused", "[worker]") {
  const runtime::RealClock wall;
  ::unsetenv("TEST_CLOCK");
  CHECK(ClockOf(WithClock("noon"), wall).status().code() == ErrorCode::kInvalidConfig);
  const auto unset = ClockOf(WithClock("${TEST_CLOCK}"), wall);
  CHECK(unset.status().code() == ErrorCode::kInvalidSql);
  CHECK(unset.status().message().find("TEST_CLOCK") != std::string::npos);
}

}  // namespace strom::worker
