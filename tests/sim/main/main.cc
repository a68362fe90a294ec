// strom-sim: runs seeds of the simulated cluster. Exit code 0: nothing was found; 1: something was;
// 2: it was asked for something that it does not do.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <numeric>

#include "common/runtime/system_clock.h"
#include "tests/sim/cluster/sim_config.h"
#include "tests/sim/main/mutant_hunt.h"
#include "tests/sim/main/sim_options.h"
#include "tests/sim/main/sim_runner.h"

namespace strom::sim {
namespace {

constexpr size_t kViolationsShown = 5;  // Of one seed.

void PrintViolations(const SeedReport& report, const SimOptions& options, size_t shown) {
  const SimConfig config = SimConfig::Draw(report.seed, options.replication_factor_max);
  std::printf("FAILED %s\n", config.ToString().c_str());
  for (size_t i = 0; i < std::min(shown, report.violations.size()); ++i) {
    std::printf("  %s\n", report.violations[i].c_str());
  }
  if (report.violations.size() > shown) {
    std::printf("  ... %zu more\n", report.violations.size() - shown);
  }
}

int RunOne(const SimOptions& options) {
  if (!options.mutants.empty()) SwitchOn(options.mutants.front());
  const SeedReport report =
      RunSeed(SimConfig::Draw(*options.single, options.replication_factor_max), options.trace);
  std::printf(
      "seed %lu: hash %016lx, %lu acknowledged, %lu unknown, %lu lookups, %lu records read, quiet "
      "after %ld ms, %ld s in %ld ms of CPU\n",
      report.seed, report.trace_hash, report.acknowledged, report.unknown, report.lookups,
      report.records_read, report.quiet_ms, report.virtual_ms / 1000, report.cpu_ms);
  if (report.violations.empty()) return 0;
  PrintViolations(report, options, report.violations.size());
  return 1;
}

double InSeconds(int64_t ms) { return static_cast<double>(ms) / 1000; }

void PrintSummary(const std::vector<SeedReport>& reports, double seconds) {
  std::vector<int64_t> cpu;
  std::vector<int64_t> quiet;
  std::vector<int64_t> faults(kFaultKinds);
  uint64_t acknowledged = 0;
  uint64_t lookups = 0;
  uint64_t records = 0;
  uint64_t trimmed = 0;
  uint64_t behind = 0;
  uint64_t sources = 0;
  uint64_t sinks = 0;
  uint64_t tables = 0;
  for (const SeedReport& report : reports) {
    cpu.push_back(report.cpu_ms);
    quiet.push_back(report.quiet_ms);
    acknowledged += report.acknowledged;
    lookups += report.lookups;
    records += report.records_read;
    trimmed += report.segments_trimmed;
    behind += report.readers_behind;
    sources += report.source_transactions;
    sinks += report.sink_transactions;
    tables += report.tables_changed;
    for (size_t i = 0; i < faults.size(); ++i) faults[i] += report.faults[i];
  }
  const SeedReport& slowest = *std::ranges::max_element(reports, {}, &SeedReport::cpu_ms);
  std::sort(cpu.begin(), cpu.end());
  std::sort(quiet.begin(), quiet.end());
  std::printf("faults:");
  for (size_t i = 0; i < faults.size(); ++i) {
    std::printf(" %s %ld", std::string(FaultName(static_cast<Fault>(i))).c_str(), faults[i]);
  }
  std::printf(
      "\nchecked: %lu acknowledged writes, %lu lookups, %lu records read, %lu segments trimmed "
      "(readers were behind %lu times), %lu tables created or dropped, %lu transactions of sources "
      "and %lu of sinks\n"
      "%zu seeds in %.1f s, %.0f a minute; CPU seconds a seed: median %.3f, max %.3f (seed %lu); "
      "quiet after: median %.1f s, max %.1f s\n",
      acknowledged, lookups, records, trimmed, behind, tables, sources, sinks, reports.size(),
      seconds, static_cast<double>(reports.size()) * 60 / std::max(seconds, 0.001),
      InSeconds(cpu[cpu.size() / 2]), InSeconds(cpu.back()), slowest.seed,
      InSeconds(quiet[quiet.size() / 2]), InSeconds(quiet.back()));
}

int RunMany(const SimOptions& options) {
  std::vector<uint64_t> seeds(options.seeds);
  std::iota(seeds.begin(), seeds.end(), options.from);
  const size_t twice = std::min<size_t>(options.twice, seeds.size());
  for (size_t i = 0; i < twice; ++i) seeds.push_back(seeds[i]);
  const MonoTime begin = runtime::SystemNow();
  std::vector<SeedReport> reports = RunSeeds(seeds, options);
  const double seconds = static_cast<double>((runtime::SystemNow() - begin).nanos()) / 1e9;
  if (reports.empty()) return 0;
  std::sort(reports.begin(), reports.end(),
            [](const SeedReport& a, const SeedReport& b) { return a.seed < b.seed; });
  std::vector<uint64_t> failed;
  std::map<uint64_t, uint64_t> hashes;
  for (SeedReport& report : reports) {
    const auto [hash, is_new] = hashes.insert({report.seed, report.trace_hash});
    if (!is_new && hash->second != report.trace_hash) {
      report.violations.push_back("another trace hash than the first time");
    }
    if (report.violations.empty()) continue;
    PrintViolations(report, options, kViolationsShown);
    if (failed.empty() || failed.back() != report.seed) failed.push_back(report.seed);
  }
  PrintSummary(reports, seconds);
  std::printf("%zu failed", failed.size());
  for (const uint64_t seed : failed) std::printf(" %lu", seed);
  std::printf("\n");
  return failed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace strom::sim

int main(int argc, char** argv) {
  const auto options = strom::sim::ParseSimOptions({argv + 1, argv + argc});
  if (!options.ok()) {
    std::cerr << "strom-sim: " << options.status().message() << "\n" << strom::sim::kSimUsage;
    return 2;
  }
  const bool hunts = !options->single && !options->mutants.empty();
  if (hunts) return strom::sim::HuntMutants(*options);
  return options->single ? strom::sim::RunOne(*options) : strom::sim::RunMany(*options);
}
