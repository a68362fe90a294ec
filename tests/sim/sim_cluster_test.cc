// Whole clusters in the simulated world: that faults do no harm, that the same seed does the same,
// and that harm is found when there is some.
#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/logging.h"
#include "tests/sim/cluster/simulation.h"
#include "tests/sim/main/mutants.h"
#include "tests/sim/main/sim_options.h"
#include "tests/sim/main/sim_runner.h"

namespace strom::sim {
namespace {

// A small cluster with one log and one primary-key table.
SimConfig Small(uint64_t seed, std::vector<Fault> faults) {
  SimConfig config;
  config.seed = seed;
  config.coordinators = 2;
  config.tablets = 2;
  config.log_format = "INDEXED";
  config.segment_size_bytes = 4096;
  config.duration = Seconds(15);
  config.fault_pause_max = Seconds(2);
  config.faults = std::move(faults);
  return config;
}

}  // namespace

TEST_CASE("in peace every write is acknowledged and read, and no checker finds anything", "[sim]") {
  const SimResult result = RunSimulation(Small(1, {}));
  CHECK(result.violations == Violations());
  CHECK(result.acknowledged > 500);
  CHECK(result.unknown == 0);
  CHECK(result.lookups > 500);
  CHECK(result.records_read > result.acknowledged);
  CHECK(result.faults.empty());
}

TEST_CASE("tables that come and go while coordinators fall are whole, or leave nothing", "[sim]") {
  SimConfig config = Small(static_cast<uint64_t>(GENERATE(range(1, 5))),
                           {Fault::kCrashCoordinator, Fault::kCrashTablet, Fault::kCutBothWays,
                            Fault::kLoseAnswers, Fault::kLoseMetaAnswers});
  config.tables_change = true;
  config.fault_pause_max = Millis(500);
  const SimResult result = RunSimulation(config);
  CHECK(result.violations == Violations());
  CHECK(result.tables_changed > 0);
}

TEST_CASE("each kind of fault by itself does no harm", "[sim]") {
  const auto fault = static_cast<Fault>(GENERATE(range(0, kFaultKinds)));
  SimConfig config = Small(7, {fault});
  // Outside the budget with one replica: see below.
  if (fault == Fault::kFailSync) return;
  if (fault == Fault::kPowerFailTablet || fault == Fault::kPowerFailAll) {
    config.durability = "durable";
    config.syncs_before_ack = true;
  }
  INFO(FaultName(fault));
  if (static_cast<int>(fault) >= kClusterFaultKinds) {
    config.source_tables = 1;
    config.workers = 2;
  }
  const SimResult result = RunSimulation(config);
  CHECK(result.violations == Violations());
  CHECK(result.faults.at(fault) > 0);
  CHECK(result.acknowledged > 100);
}

TEST_CASE("a leader that was paused or cut off shows no old rows", "[sim]") {
  SimConfig config =
      Small(static_cast<uint64_t>(GENERATE(range(1, 7))),
            GENERATE(values<std::vector<Fault>>(
                {{Fault::kPauseHost}, {Fault::kIsolateTablet}, {Fault::kCutOffTablet}})));
  config.tablets = 3;
  config.replication_factor = 3;
  config.durability = "replicated";
  config.log_tables = 0;
  config.keys = 1;
  config.write_pause_max = Millis(20);
  config.session_timeout = Seconds(2);
  config.request_timeout = Seconds(1);  // So that writers find the next leader soon,
  config.duration = Seconds(30);        // and readers have time to ask the former one.
  INFO(config.ToString());
  const SimResult result = RunSimulation(config);
  CHECK(result.violations == Violations());
  CHECK(result.lookups > 100);
}

TEST_CASE("logs are trimmed by age and by size while servers fall, nothing is missed", "[sim]") {
  SimConfig config = Small(static_cast<uint64_t>(GENERATE(range(1, 4))), {Fault::kCrashTablet});
  config.tablets = 3;
  config.replication_factor = 3;
  config.durability = "replicated";
  config.segment_size_bytes = 2048;
  config.snapshot_interval = Millis(500);
  config.retention_check_interval = Millis(500);
  const bool by_age = GENERATE(true, false);
  if (by_age) config.log_ttl = Seconds(3);
  if (!by_age) config.log_bytes_max = 4000;
  INFO(config.ToString());
  const SimResult result = RunSimulation(config);
  CHECK(result.violations == Violations());
  CHECK(result.segments_trimmed > 10);
  CHECK(result.readers_behind > 0);
}

TEST_CASE("snapshots are taken while servers fall and objects are refused, and rows come from them",
          "[sim]") {
  SimConfig config =
      Small(static_cast<uint64_t>(GENERATE(range(1, 5))), {Fault::kCrashTablet, Fault::kSlowDisk});
  config.tablets = 3;
  config.replication_factor = GENERATE(1, 3);
  config.log_tables = 0;
  config.snapshot_interval = Millis(700);
  config.object_error_rate = GENERATE(0.0, 0.1);
  INFO(config.ToString());
  SetLogLevel(LogLevel::kOff);
  int stored = 0, dropped = 0;
  const SimResult result = RunSimulation(config, [&](const std::string& line) {
    if (line.find("/snapshots/") == std::string::npos) return;
    line.ends_with("goes") ? ++dropped : ++stored;
  });
  CHECK(result.violations == Violations());
  CHECK(stored > 5);
  CHECK(dropped > 0);
  CHECK(result.snapshots > 0);
}

TEST_CASE("the same seed leaves the same trace, another one another", "[sim]") {
  const SimConfig config = SimConfig::Draw(3, 1);
  const uint64_t first = RunSimulation(config).trace_hash;
  CHECK(RunSimulation(config).trace_hash == first);
  CHECK(RunSimulation(SimConfig::Draw(4, 1)).trace_hash != first);
}

TEST_CASE("what loses acknowledged writes is found: power fails where nothing is synced first",
          "[sim]") {
  bool found = false;
  for (uint64_t seed = 1; seed <= 20 && !found; ++seed) {
    for (const std::string& line :
         RunSimulation(Small(seed, {Fault::kPowerFailTablet})).violations) {
      found = found || line.starts_with("S1 lost");
    }
  }
  CHECK(found);
}

TEST_CASE("seeds draw different clusters and faults", "[sim]") {
  std::set<std::string> drawn;
  std::set<Fault> faults;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const SimConfig config = SimConfig::Draw(seed);
    drawn.insert(config.ToString());
    faults.insert(config.faults.begin(), config.faults.end());
    CHECK(SimConfig::Draw(seed).ToString() == config.ToString());
  }
  CHECK(drawn.size() == 50);
  CHECK(faults.size() >= static_cast<size_t>(kFaultKinds));
}

TEST_CASE("a report survives the way between processes", "[sim]") {
  SeedReport report{.seed = 7,
                    .trace_hash = UINT64_MAX,
                    .cpu_ms = 120,
                    .acknowledged = 5,
                    .unknown = 1,
                    .lookups = 2,
                    .records_read = 3,
                    .segments_trimmed = 4,
                    .readers_behind = 6,
                    .virtual_ms = 40'000,
                    .quiet_ms = 250,
                    .faults = std::vector<int>(kFaultKinds, 2),
                    .violations = {"S1 lost: \n two lines", "S2"}};
  const SeedReport read = DecodeReport(EncodeReport(report));
  CHECK(read.seed == 7);
  CHECK(read.trace_hash == UINT64_MAX);
  CHECK(read.segments_trimmed == 4);
  CHECK(read.readers_behind == 6);
  CHECK(read.quiet_ms == 250);
  CHECK(read.faults == report.faults);
  CHECK(read.violations == std::vector<std::string>{"S1 lost:   two lines", "S2"});
}

TEST_CASE("arguments of strom-sim are read, or refused by name", "[sim]") {
  const SimOptions options =
      ParseSimOptions({"--seeds", "10", "--from", "5", "--jobs", "1"}).value();
  CHECK(options.seeds == 10);
  CHECK(options.from == 5);
  CHECK_FALSE(options.single.has_value());
  CHECK(ParseSimOptions({"--seed", "9", "--trace"})->single == 9);
  CHECK(ParseSimOptions({"--mutant", "no-lease", "--mutant", "no-isr-min"})->mutants ==
        std::vector<Mutant>{Mutant::kNoLease, Mutant::kNoIsrMin});
  CHECK(ParseSimOptions({"--mutants"})->mutants.size() == Mutants().size());
  CHECK(ParseSimOptions({"--mutant", "no-leas"}).status().message() ==
        "there is no mutant 'no-leas'; did you mean no-lease");
  CHECK_FALSE(ParseSimOptions({"--mutants", "--seed", "3"}).ok());
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{{"--sed", "1"},
                                                                                   {"--seed"},
                                                                                   {"--rf", "2"},
                                                                                   {"--seeds", "x"},
                                                                                   {"--jobs", "0"},
                                                                                   {"--mutant"},
                                                                                   {"--trace"}}) {
    CHECK(ParseSimOptions(bad).status().code() == ErrorCode::kInvalidConfig);
  }
}

TEST_CASE("a lane of seeds ends at the first one that fails, if it is to", "[sim]") {
  SimOptions options;
  options.jobs = 2;
  const SeedLane lane{.seeds = {1, 2, 3, 4, 5, 6}, .mutant = Mutant::kReadsToLogEnd};
  SeedLane short_lane = lane;
  short_lane.ends_at_violation = true;
  std::map<size_t, std::vector<SeedReport>> reports;
  RunLanes({short_lane, lane}, options, [&](size_t i, std::vector<SeedReport> ended) {
    CHECK(reports.emplace(i, std::move(ended)).second);
  });
  REQUIRE(reports.size() == 2);
  CHECK(reports[1].size() == lane.seeds.size());
  const auto first_failed = std::ranges::find_if(
      reports[1], [](const SeedReport& report) { return !report.violations.empty(); });
  REQUIRE(first_failed != reports[1].end());
  REQUIRE(reports[0].size() == static_cast<size_t>(first_failed - reports[1].begin()) + 1);
  CHECK(reports[0].back().violations == first_failed->violations);
  CHECK_FALSE(Mutated(lane.mutant));  // Here nothing is switched on.
}

}  // namespace strom::sim
