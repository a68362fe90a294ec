#include "tests/sim/main/sim_runner.h"

#include <cstdio>
#include <ctime>
#include <deque>
#include <sstream>

#include <poll.h>
#include <unistd.h>

#include <sys/wait.h>

#include "common/base/check.h"
#include "tests/sim/cluster/simulation.h"

namespace strom::sim {
namespace {

constexpr char kSeparator = '\x1f';

// A process that runs seeds of its own, one after the other.
struct Child {
  pid_t pid = -1;
  int pipe = -1;
  std::deque<uint64_t> seeds;  // The first is under way.
  std::string unread;
};

void RunChild(const std::deque<uint64_t>& seeds, const SimOptions& options, int pipe) {
  for (const uint64_t seed : seeds) {
    const std::string line =
        EncodeReport(RunSeed(SimConfig::Draw(seed, options.replication_factor_max),
                             /*trace=*/false)) +
        "\n";
    for (size_t written = 0; written < line.size();) {
      const ssize_t count = write(pipe, line.data() + written, line.size() - written);
      if (count <= 0) _exit(3);
      written += static_cast<size_t>(count);
    }
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
    RunChild(child.seeds, options, ends[1]);
  }
  close(ends[1]);
  child.pipe = ends[0];
  child.unread.clear();
}

// The child's pipe has ended: it is done, or it died on its first seed, which is left out then.
void End(Child& child, std::vector<SeedReport>* reports) {
  close(child.pipe);
  child.pipe = -1;
  int status = 0;
  waitpid(child.pid, &status, 0);
  if (child.seeds.empty()) return;
  SeedReport report{.seed = child.seeds.front()};
  report.faults.resize(kFaultKinds);
  report.violations.push_back(WIFSIGNALED(status)
                                  ? "died with signal " + std::to_string(WTERMSIG(status))
                                  : "exited with " + std::to_string(WEXITSTATUS(status)));
  reports->push_back(std::move(report));
  child.seeds.pop_front();
}

// False at the end of the pipe.
bool ReadFrom(Child& child, std::vector<SeedReport>* reports) {
  char buffer[4096];
  const ssize_t count = read(child.pipe, buffer, sizeof(buffer));
  if (count <= 0) return false;
  child.unread.append(buffer, static_cast<size_t>(count));
  for (size_t end = child.unread.find('\n'); end != std::string::npos;
       end = child.unread.find('\n')) {
    reports->push_back(DecodeReport(child.unread.substr(0, end)));
    child.unread.erase(0, end + 1);
    child.seeds.pop_front();
  }
  return true;
}

}  // namespace

std::string EncodeReport(const SeedReport& report) {
  std::ostringstream out;
  for (const uint64_t number :
       {report.seed, report.trace_hash, static_cast<uint64_t>(report.cpu_ms), report.acknowledged,
        report.unknown, report.lookups, report.records_read,
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
  STROM_CHECK(parts.size() >= 9 + kFaultKinds) << line;
  const auto number = [&parts](size_t i) { return std::stoull(parts[i]); };
  SeedReport report{.seed = number(0),
                    .trace_hash = number(1),
                    .cpu_ms = static_cast<int64_t>(number(2)),
                    .acknowledged = number(3),
                    .unknown = number(4),
                    .lookups = number(5),
                    .records_read = number(6),
                    .virtual_ms = static_cast<int64_t>(number(7)),
                    .quiet_ms = static_cast<int64_t>(number(8)),
                    .faults = {},
                    .violations = {}};
  for (size_t i = 9; i < 9 + kFaultKinds; ++i) report.faults.push_back(std::stoi(parts[i]));
  report.violations.assign(parts.begin() + 9 + kFaultKinds, parts.end());
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
                    .virtual_ms = result.virtual_time.millis(),
                    .quiet_ms = result.until_quiet.millis(),
                    .faults = std::vector<int>(kFaultKinds),
                    .violations = result.violations};
  for (const auto& [fault, count] : result.faults) {
    report.faults[static_cast<size_t>(fault)] = count;
  }
  return report;
}

std::vector<SeedReport> RunSeeds(const std::vector<uint64_t>& seeds, const SimOptions& options) {
  std::vector<Child> children(static_cast<size_t>(options.jobs));
  for (size_t i = 0; i < seeds.size(); ++i) children[i % children.size()].seeds.push_back(seeds[i]);
  std::vector<SeedReport> reports;
  while (true) {
    std::vector<pollfd> waits;
    std::vector<Child*> waiting;
    for (Child& child : children) {
      if (child.pipe < 0 && !child.seeds.empty()) Begin(child, options);
      if (child.pipe < 0) continue;
      waits.push_back({.fd = child.pipe, .events = POLLIN, .revents = 0});
      waiting.push_back(&child);
    }
    if (waits.empty()) return reports;
    poll(waits.data(), waits.size(), -1);
    for (size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents != 0 && !ReadFrom(*waiting[i], &reports)) End(*waiting[i], &reports);
    }
  }
}

}  // namespace strom::sim
