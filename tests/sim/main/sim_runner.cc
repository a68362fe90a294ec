#include "tests/sim/main/sim_runner.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <sstream>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include <sys/wait.h>

#include "common/base/check.h"
#include "tests/sim/cluster/simulation.h"

namespace strom::sim {
namespace {

constexpr char kSeparator = '\x1f';
constexpr size_t kNumbers = 14;  // Of a report, in front of its faults.

// A lane, and the process that runs it, if one does.
struct Child {
  SeedLane lane;  // Its first seed is under way.
  std::vector<SeedReport> reports;
  pid_t pid = -1;
  int pipe = -1;
  std::string unread;
};

bool Ends(const SeedLane& lane, const SeedReport& report) {
  return lane.ends_at_violation && !report.violations.empty();
}

void RunChild(const SeedLane& lane, const SimOptions& options, int pipe) {
  SwitchOn(lane.mutant);
  // Of a mutant no failed check is news.
  if (lane.mutant != Mutant::kNone && !std::freopen("/dev/null", "w", stderr)) _exit(3);
  for (const uint64_t seed : lane.seeds) {
    const SeedReport report = RunSeed(SimConfig::Draw(seed, options.replication_factor_max),
                                      /*trace=*/false);
    const std::string line = EncodeReport(report) + "\n";
    for (size_t written = 0; written < line.size();) {
      const ssize_t count = write(pipe, line.data() + written, line.size() - written);
      if (count <= 0) _exit(3);
      written += static_cast<size_t>(count);
    }
    if (Ends(lane, report)) break;
  }
  _exit(0);
}

void Begin(Child& child, const SimOptions& options) {
  int ends[2];
  STROM_CHECK(pipe(ends) == 0);
  std::fflush(nullptr);
  child.pid = fork();
  STROM_CHECK(child.pid >= 0);
  if (child.pid == 0) {
    close(ends[0]);
    RunChild(child.lane, options, ends[1]);
  }
  close(ends[1]);
  child.pipe = ends[0];
  child.unread.clear();
}

void Take(Child& child, SeedReport report) {
  child.lane.seeds.pop_front();
  if (Ends(child.lane, report)) child.lane.seeds.clear();
  child.reports.push_back(std::move(report));
}

// The child's pipe has ended: it is done, or it died on its first seed, which is left out then.
void End(Child& child) {
  close(child.pipe);
  child.pipe = -1;
  int status = 0;
  waitpid(child.pid, &status, 0);
  if (child.lane.seeds.empty()) return;
  SeedReport report{.seed = child.lane.seeds.front()};
  report.faults.resize(kFaultKinds);
  report.violations.push_back(WIFSIGNALED(status)
                                  ? "died with signal " + std::to_string(WTERMSIG(status))
                                  : "exited with " + std::to_string(WEXITSTATUS(status)));
  Take(child, std::move(report));
}

// False at the end of the pipe.
bool ReadFrom(Child& child) {
  char buffer[4096];
  const ssize_t count = read(child.pipe, buffer, sizeof(buffer));
  if (count <= 0) return false;
  child.unread.append(buffer, static_cast<size_t>(count));
  for (size_t end = child.unread.find('\n'); end != std::string::npos;
       end = child.unread.find('\n')) {
    Take(child, DecodeReport(child.unread.substr(0, end)));
    child.unread.erase(0, end + 1);
  }
  return true;
}

}  // namespace

std::string EncodeReport(const SeedReport& report) {
  std::ostringstream out;
  for (const uint64_t number :
       {report.seed, report.trace_hash, static_cast<uint64_t>(report.cpu_ms), report.acknowledged,
        report.unknown, report.lookups, report.records_read, report.segments_trimmed,
        report.readers_behind, report.tables_changed,
        report.source_transactions, report.sink_transactions,
        static_cast<uint64_t>(report.virtual_ms), static_cast<uint64_t>(report.quiet_ms)}) {
    out << number << kSeparator;
  }
  for (const int count : report.faults) out << count << kSeparator;
  for (const std::string& violation : report.violations) {
    for (const char c : violation) out << (c == '\n' || c == kSeparator ? ' ' : c);
    out << kSeparator;
  }
  return out.str();
}

SeedReport DecodeReport(const std::string& line) {
  std::vector<std::string> parts;
  std::istringstream in(line);
  for (std::string part; std::getline(in, part, kSeparator);) parts.push_back(part);
  STROM_CHECK(parts.size() >= kNumbers + kFaultKinds) << line;
  const auto number = [&parts](size_t i) { return std::stoull(parts[i]); };
  SeedReport report{.seed = number(0),
                    .trace_hash = number(1),
                    .cpu_ms = static_cast<int64_t>(number(2)),
                    .acknowledged = number(3),
                    .unknown = number(4),
                    .lookups = number(5),
                    .records_read = number(6),
                    .segments_trimmed = number(7),
                    .readers_behind = number(8),
                    .tables_changed = number(9),
                    .source_transactions = number(10),
                    .sink_transactions = number(11),
                    .virtual_ms = static_cast<int64_t>(number(12)),
                    .quiet_ms = static_cast<int64_t>(number(13)),
                    .faults = {},
                    .violations = {}};
  for (size_t i = kNumbers; i < kNumbers + kFaultKinds; ++i) {
    report.faults.push_back(std::stoi(parts[i]));
  }
  report.violations.assign(parts.begin() + kNumbers + kFaultKinds, parts.end());
  return report;
}

SeedReport RunSeed(const SimConfig& config, bool trace) {
  const std::clock_t begin = std::clock();
  std::function<void(const std::string&)> tell;
  if (trace) {
    std::printf("%s\n", config.ToString().c_str());
    tell = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  }
  const SimResult result = RunSimulation(config, tell);
  SeedReport report{.seed = config.seed,
                    .trace_hash = result.trace_hash,
                    .cpu_ms = int64_t{std::clock() - begin} * 1000 / CLOCKS_PER_SEC,
                    .acknowledged = result.acknowledged,
                    .unknown = result.unknown,
                    .lookups = result.lookups,
                    .records_read = result.records_read,
                    .segments_trimmed = result.segments_trimmed,
                    .readers_behind = result.readers_behind,
                    .tables_changed = result.tables_changed,
                    .source_transactions = result.source_transactions,
                    .sink_transactions = result.sink_transactions,
                    .virtual_ms = result.virtual_time.millis(),
                    .quiet_ms = result.until_quiet.millis(),
                    .faults = std::vector<int>(kFaultKinds),
                    .violations = result.violations};
  for (const auto& [fault, count] : result.faults) {
    report.faults[static_cast<size_t>(fault)] = count;
  }
  return report;
}

void RunLanes(std::vector<SeedLane> lanes, const SimOptions& options,
              const std::function<void(size_t lane, std::vector<SeedReport>)>& on_end) {
  std::vector<Child> children(lanes.size());
  for (size_t i = 0; i < lanes.size(); ++i) children[i].lane = std::move(lanes[i]);
  while (true) {
    std::vector<pollfd> waits;
    std::vector<size_t> waiting;
    for (size_t i = 0; i < children.size(); ++i) {
      Child& child = children[i];
      if (waits.size() == static_cast<size_t>(options.jobs)) break;
      if (child.pipe < 0 && !child.lane.seeds.empty()) Begin(child, options);
      if (child.pipe < 0) continue;
      waits.push_back({.fd = child.pipe, .events = POLLIN, .revents = 0});
      waiting.push_back(i);
    }
    if (waits.empty()) return;
    poll(waits.data(), waits.size(), -1);
    for (size_t i = 0; i < waits.size(); ++i) {
      Child& child = children[waiting[i]];
      if (waits[i].revents == 0 || ReadFrom(child)) continue;
      End(child);
      if (child.lane.seeds.empty()) on_end(waiting[i], std::exchange(child.reports, {}));
    }
  }
}

std::vector<SeedReport> RunSeeds(const std::vector<uint64_t>& seeds, const SimOptions& options) {
  std::vector<SeedLane> lanes(static_cast<size_t>(options.jobs));
  for (size_t i = 0; i < seeds.size(); ++i) lanes[i % lanes.size()].seeds.push_back(seeds[i]);
  std::vector<SeedReport> all;
  RunLanes(std::move(lanes), options, [&all](size_t /*lane*/, std::vector<SeedReport> reports) {
    std::ranges::move(reports, std::back_inserter(all));
  });
  return all;
}

}  // namespace strom::sim
