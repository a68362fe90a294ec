#include "tests/sim/cluster/sim_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/check.h"

namespace strom::sim {
namespace {

// Of the seeds.
constexpr double kPipelineShare = 0.25;
constexpr double kPartsShare = 0.35;
constexpr double kEnginesShare = 0.35;  // Of the others.
constexpr double kGroupsShare = 0.4;
constexpr double kRetentionShare = 0.4;  // Of those without a pipeline.
constexpr double kLeadersShare = 0.3;

// What goes wrong with those who lead. It takes seconds that nothing else disturbs until it shows.
constexpr Fault kOfLeaders[] = {
    Fault::kIsolateTablet, Fault::kPartition,   Fault::kDeposeUnheard,      Fault::kCutOffTablet,
    Fault::kLateNotices,   Fault::kDieAtChange, Fault::kDeposeUnregistered,
};

template <class T, size_t N>
T OneOf(SimRandom& random, const T (&choices)[N]) {
  return choices[random.Uniform(N)];
}

}  // namespace

std::string_view FaultName(Fault fault) {
  switch (fault) {
    case Fault::kCrashTablet:
      return "crash-tablet";
    case Fault::kPowerFailTablet:
      return "power-fail-tablet";
    case Fault::kCrashCoordinator:
      return "crash-coordinator";
    case Fault::kPauseHost:
      return "pause-host";
    case Fault::kSlowDisk:
      return "slow-disk";
    case Fault::kCutOneWay:
      return "cut-one-way";
    case Fault::kCutBothWays:
      return "cut-both-ways";
    case Fault::kBreakConnections:
      return "break-connections";
    case Fault::kLoseRequests:
      return "lose-requests";
    case Fault::kLoseAnswers:
      return "lose-answers";
    case Fault::kExpireSession:
      return "expire-session";
    case Fault::kMetaUnreachable:
      return "meta-unreachable";
    case Fault::kMetaOutage:
      return "meta-outage";
    case Fault::kLoseMetaAnswers:
      return "lose-meta-answers";
    case Fault::kJumpClock:
      return "jump-clock";
    case Fault::kFailSync:
      return "fail-sync";
    case Fault::kIsolateTablet:
      return "isolate-tablet";
    case Fault::kDelayMetaChanges:
      return "delay-meta-changes";
    case Fault::kPartition:
      return "partition";
    case Fault::kGrayHost:
      return "gray-host";
    case Fault::kDelayRequests:
      return "delay-requests";
    case Fault::kPowerFailAll:
      return "power-fail-all";
    case Fault::kDeposeUnheard:
      return "depose-unheard";
    case Fault::kCutOffTablet:
      return "cut-off-tablet";
    case Fault::kLateNotices:
      return "late-notices";
    case Fault::kDieAtChange:
      return "die-at-change";
    case Fault::kDeposeUnregistered:
      return "depose-unregistered";
    case Fault::kCrashWorker:
      return "crash-worker";
    case Fault::kIsolateWorker:
      return "isolate-worker";
    case Fault::kCutDatabase:
      return "cut-database";
    case Fault::kCrashDatabase:
      return "crash-database";
    case Fault::kLoseDatabaseAnswers:
      return "lose-database-answers";
  }
  STROM_UNREACHABLE();
}

SimConfig SimConfig::Draw(uint64_t seed, int replication_factor_max) {
  SimRandom random(seed * 0x9e3779b97f4a7c15 + 1);
  SimConfig config;
  config.seed = seed;
  config.coordinators = OneOf(random, {1, 2, 2});
  const bool replicates = replication_factor_max >= 3;
  if (replicates) {
    config.replication_factor = OneOf(random, {1, 3, 3});
    config.durability = OneOf(random, {"", "durable", "replicated"});
  }
  const bool alone = config.replication_factor == 1;
  config.syncs_before_ack = config.durability == "durable" || (config.durability.empty() && !alone);
  config.tablets = alone ? OneOf(random, {1, 2, 3}) : OneOf(random, {3, 3, 4});
  config.segment_size_bytes = OneOf(random, {2048, 16 << 10, 1 << 20});
  config.index_interval_bytes = OneOf(random, {1, 256, 4096});
  config.session_timeout = Seconds(OneOf(random, {2, 4, 6}));
  config.request_timeout = Seconds(OneOf(random, {1, 3, 10}));
  config.notice_timeout = Millis(OneOf(random, {1000, 5000}));
  config.latency_max = Micros(OneOf(random, {200, 1000, 10'000, 30'000}));
  config.log_tables = static_cast<int>(random.Uniform(3));
  config.keyed_tables = config.log_tables == 0 ? 1 : static_cast<int>(random.Uniform(2));
  config.buckets = OneOf(random, {1, 2, 3});
  config.log_format = OneOf(random, {"ARROW", "INDEXED", "COMPACTED"});
  config.keys = OneOf(random, {1, 4, 16});
  config.writers = OneOf(random, {1, 2, 3});
  config.readers = OneOf(random, {1, 2});
  config.write_pause_max = Millis(OneOf(random, {20, 60, 200}));
  config.delete_share = OneOf(random, {0.0, 0.1, 0.4});
  // An update logs the old row too, and all of a batch must fit into a segment.
  config.padding_bytes_max =
      std::min<uint64_t>(OneOf(random, {0, 0, 400, 1500}), config.segment_size_bytes / 32);
  config.duration = Seconds(OneOf(random, {15, 30}));
  config.fault_pause_max = Millis(OneOf(random, {500, 2000, 5000}));
  for (int i = 0; i < kClusterFaultKinds; ++i) {
    const auto fault = static_cast<Fault>(i);
    const bool cuts_power = fault == Fault::kPowerFailTablet || fault == Fault::kPowerFailAll;
    if (cuts_power && !config.syncs_before_ack) continue;
    if (fault == Fault::kFailSync && !replicates) continue;
    if (random.Chance(0.4)) config.faults.push_back(fault);
  }
  config.lag_max = Seconds(OneOf(random, {2, 8, 30}));
  config.fetch_bytes_max = OneOf(random, {500, 64 << 20});
  config.snapshot_interval = Millis(OneOf(random, {0, 500, 2000, 8000}));
  config.object_error_rate = OneOf(random, {0.0, 0.0, 0.02, 0.2});
  config.tables_change = random.Chance(0.3);
  if (replicates) config.DrawLeaders();
  config.DrawPipeline();
  config.DrawRetention();
  config.DrawShape();
  return config;
}

// Drawn by itself, too.
void SimConfig::DrawLeaders() {
  SimRandom random(seed * 0x9e3779b97f4a7c15 + 3);
  if (!random.Chance(kLeadersShare)) return;
  replication_factor = 3;
  tablets = std::max(tablets, 3);
  coordinators = OneOf(random, {1, 2, 2, 2});
  syncs_before_ack = durability != "replicated";
  log_tables = 0;
  keyed_tables = 1;
  faults.clear();
  for (const Fault fault : kOfLeaders) {
    if (random.Chance(0.4)) faults.push_back(fault);
  }
  if (faults.empty()) faults.push_back(OneOf(random, kOfLeaders));
  fault_pause_max = Seconds(OneOf(random, {1, 3, 6}));
  one_by_one = true;
  duration = Seconds(30);
}

// Drawn by itself, as a pipeline is.
void SimConfig::DrawShape() {
  if (one_by_one) return;  // What is aimed at is enough.
  SimRandom random(seed * 0x9e3779b97f4a7c15 + 5);
  if (random.Chance(kPartsShare)) {
    shape.parts = OneOf(random, {2, 3});
    padding_bytes_max = std::min(padding_bytes_max, segment_size_bytes / 64);
  } else if (random.Chance(kEnginesShare)) {
    shape.engine = OneOf(random, {MergeEngine::kFirstRow, MergeEngine::kVersioned});
  }
  if (shape.engine == MergeEngine::kFirstRow) keys *= 8;  // So that some are new for a while.
  if (random.Chance(kGroupsShare)) shape.groups = OneOf(random, {1, 2, 3});
}

// By itself, too. Small segments and short times, so that much goes while a seed runs. Jobs keep no
// changelog from being trimmed, so none runs then.
void SimConfig::DrawRetention() {
  SimRandom random(seed * 0x9e3779b97f4a7c15 + 4);
  object_damage_rate = OneOf(random, {0.0, 0.05, 0.3});
  if (one_by_one || has_pipeline() || !random.Chance(kRetentionShare)) return;
  retention_check_interval = Millis(OneOf(random, {300, 1000, 3000}));
  segment_size_bytes = OneOf(random, {2048, 2048, 8192});
  padding_bytes_max = std::min<uint64_t>(padding_bytes_max, segment_size_bytes / 32);
  if (random.Chance(0.7)) log_ttl = Millis(OneOf(random, {1000, 3000, 8000}));
  if (log_ttl == MonoDuration() || random.Chance(0.3)) {
    log_bytes_max = OneOf(random, {2000, 8000, 30'000});
  }
  snapshots_retained = OneOf(random, {1, 2, 2, 3});
  snapshot_interval = Millis(OneOf(random, {300, 1000, 3000}));
  // A clock that is an hour ahead takes all there is, and rightly so.
  if (log_ttl > MonoDuration() && random.Chance(0.7)) std::erase(faults, Fault::kJumpClock);
}

// Drawn by itself: what a seed does without a pipeline does not depend on it.
void SimConfig::DrawPipeline() {
  SimRandom random(seed * 0x9e3779b97f4a7c15 + 2);
  if (!random.Chance(kPipelineShare)) return;
  source_tables = OneOf(random, {1, 1, 2});
  source_keys = OneOf(random, {2, 8, 30});
  workers = OneOf(random, {1, 2, 2, 3});
  job_lease = Seconds(OneOf(random, {2, 5}));
  full_identity = random.Chance(0.3);
  source_pause_max = Millis(OneOf(random, {50, 200, 600}));
  for (int i = kClusterFaultKinds; i < kFaultKinds; ++i) {
    if (random.Chance(0.6)) faults.push_back(static_cast<Fault>(i));
  }
}

std::string SimConfig::ToString() const {
  std::string text = fmt::format(
      "seed {}: {} coordinators, {} tablet servers, RF {}{}; segments {} B, index every {} B, "
      "session {} ms, requests {} ms, notices {} ms, latency {} us, lag {} ms, fetches {} B; {} "
      "log and {} keyed tables of {} buckets, {}, {} keys, {} writers, {} readers, every {} ms, {} "
      "deletes, {} B of padding; {} s of",
      seed, coordinators, tablets, replication_factor, durability.empty() ? "" : " " + durability,
      segment_size_bytes, index_interval_bytes, session_timeout.millis(), request_timeout.millis(),
      notice_timeout.millis(), latency_max.nanos() / 1000, lag_max.millis(), fetch_bytes_max,
      log_tables, keyed_tables, buckets, log_format, keys, writers, readers,
      write_pause_max.millis(), delete_share, padding_bytes_max, duration.millis() / 1000);
  if (faults.empty()) text += " peace";
  if (shape.parts > 0) text += fmt::format(" {} parts;", shape.parts);
  if (shape.engine != MergeEngine::kLastRow) text += fmt::format(" {};", ToName(shape.engine));
  if (shape.groups > 0) text += fmt::format(" {} groups;", shape.groups);
  if (has_pipeline()) {
    text += fmt::format(" {} source tables of {} keys{}, every {} ms, {} workers;", source_tables,
                        source_keys, full_identity ? " in full" : "", source_pause_max.millis(),
                        workers);
  }
  if (snapshot_interval > MonoDuration()) {
    text += fmt::format(" snapshots every {} ms, {} object errors, {} damaged;",
                        snapshot_interval.millis(), object_error_rate, object_damage_rate);
  }
  if (trims()) {
    text += fmt::format(" logs go after {} ms or above {} B, every {} ms, behind {} snapshots;",
                        log_ttl.millis(), log_bytes_max, retention_check_interval.millis(),
                        snapshots_retained);
  }
  if (tables_change) text += " an admin;";
  if (one_by_one) text += " one by one:";
  for (const Fault fault : faults) text += fmt::format(" {}", FaultName(fault));
  return text;
}

}  // namespace strom::sim
