#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/runtime/time.h"
#include "common/types/table_options.h"
#include "tests/sim/world/sim_random.h"

namespace strom::sim {

// What can happen to a cluster; see README.md for the budget each stays in.
enum class Fault {
  kCrashTablet,      // kill -9: what was written is there when it starts again.
  kPowerFailTablet,  // What was not synced may be lost or torn.
  kCrashCoordinator,
  kPauseHost,  // SIGSTOP, and on again.
  kSlowDisk,
  kCutOneWay,  // A link between two hosts.
  kCutBothWays,
  kBreakConnections,
  kLoseRequests,
  kLoseAnswers,
  kExpireSession,
  kMetaUnreachable,  // For one host.
  kMetaOutage,       // For all.
  kLoseMetaAnswers,
  kJumpClock,  // Wall time, either way.
  kFailSync,   // The disk does not keep what a sync was to make durable; the process is restarted.
  kIsolateTablet,  // From servers and metadata, but not from clients.
  kDelayMetaChanges,
  kPartition,      // Two groups of hosts that do not hear each other.
  kGrayHost,       // All its links are slow and lose much.
  kDelayRequests,  // Single ones arrive late, after newer ones.
  kPowerFailAll,   // All tablet servers at once.
  kDeposeUnheard,  // A leader that clients go on to ask.
  kCutOffTablet,   // From coordinators and metadata, and from some others.
  // Several things that happen together.
  kLateNotices,         // Old news reach servers behind newer ones, while leaders change.
  kDieAtChange,         // A leader, as its ISR changes: clients hear of it, followers do not.
  kDeposeUnregistered,  // A leader that servers reach, while the coordinator is started anew.
  // Of a pipeline.
  kCrashWorker,
  kIsolateWorker,  // From the coordinators, but not from those it writes to.
  kCutDatabase,    // The source or the target, from one worker or from all.
  kCrashDatabase,  // Either; it comes back at once.
  kLoseDatabaseAnswers,
};
inline constexpr int kClusterFaultKinds = static_cast<int>(Fault::kDeposeUnregistered) + 1;
inline constexpr int kFaultKinds = static_cast<int>(Fault::kLoseDatabaseAnswers) + 1;

std::string_view FaultName(Fault fault);

// Largest replication factor that seeds draw, and with it whether tables choose their durability.
inline constexpr int kReplicationFactorMax = 3;

// What the primary-key tables of a seed look like: (k, v) and more, see sim_rows.h.
struct KeyedShape {
  int parts = 0;  // Columns beside the value that writes may leave out.
  MergeEngine engine = MergeEngine::kLastRow;
  // > 0: the primary key is (g, k) with g = k modulo this, the bucket key is g.
  int groups = 0;
};

// What one seed runs: the shape of the cluster, its settings, its clients and its faults.
struct SimConfig {
  uint64_t seed = 1;

  int coordinators = 1;
  int tablets = 3;
  int replication_factor = 1;
  std::string durability;         // strom.durability of the tables; empty: the cluster's default.
  bool syncs_before_ack = false;  // What the durability comes to.

  uint64_t segment_size_bytes = 1 << 20;
  uint64_t index_interval_bytes = 4096;
  MonoDuration session_timeout = Seconds(6);
  MonoDuration request_timeout = Seconds(3);  // Of clients.
  MonoDuration notice_timeout = Seconds(5);   // Of what coordinators tell tablet servers.
  MonoDuration latency_max = Millis(1);
  MonoDuration lag_max = Seconds(30);   // Of members of the ISR.
  uint64_t fetch_bytes_max = 64 << 20;  // Of one answer to followers and readers.

  int log_tables = 1;
  int keyed_tables = 1;
  int buckets = 2;  // Of each table.
  std::string log_format;
  int keys = 8;  // Of each primary-key table.
  int writers = 2;
  int readers = 2;
  MonoDuration write_pause_max = Millis(40);  // Between two writes of one writer.
  double delete_share = 0.2;
  KeyedShape shape;
  uint64_t padding_bytes_max = 0;  // Of each row, so that batches lie in several sectors.
  bool tables_change = false;  // An admin creates and drops tables beside.

  MonoDuration snapshot_interval;  // Of primary-key buckets; 0: there are none.
  double object_error_rate = 0;    // Of the calls to the object store, while there are faults.
  double object_damage_rate = 0;   // Of what is put there, then, unnoticed.

  MonoDuration retention_check_interval;  // 0: nothing of a log is ever removed.
  MonoDuration log_ttl;                   // table.log.ttl of the tables; 0: none.
  int64_t log_bytes_max = 0;              // Of one bucket; 0: it may be as large as it is.
  int snapshots_retained = 2;

  int source_tables = 0;  // That a pipeline follows; 0: there is no pipeline.
  int source_keys = 8;    // Of each.
  int workers = 0;
  MonoDuration job_lease = Seconds(5);
  bool full_identity = false;                   // The source's log has whole old rows.
  MonoDuration source_pause_max = Millis(100);  // Between two of its transactions.

  MonoDuration duration = Seconds(30);  // With faults.
  MonoDuration fault_pause_max = Seconds(3);
  std::vector<Fault> faults;  // Those that happen.
  bool one_by_one = false;    // None begins before the last one is over.

  bool has_pipeline() const { return source_tables > 0; }
  bool trims() const { return retention_check_interval > MonoDuration(); }

  // With `replication_factor_max` 1 no table has several replicas or a durability of its own.
  static SimConfig Draw(uint64_t seed, int replication_factor_max = kReplicationFactorMax);
  // One line.
  std::string ToString() const;

 private:
  // In some seeds, what is looked up has several replicas, and their leaders alone are in trouble.
  void DrawLeaders();
  void DrawPipeline();
  void DrawShape();
  void DrawRetention();
};

}  // namespace strom::sim
