#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

// Continuous jobs as coordinator, workers, client and command speak of them. Plain values.
namespace strom {

enum class JobKind : uint8_t { kCdc, kLayer, kSink };

// A continuous job as it is registered in the coordinator: everything a worker needs to run it.
//
// `script` is Flink-dialect text that stands alone: the connector tables and views it uses, then
// its INSERTs (several into one primary-key table are a union), all names with their database.
// ${NAME} is still unresolved in it: workers fill it in from their environment.
struct JobDefinition {
  std::string name;  // By default the target: "db.table", or the connector table's name.
  JobKind kind = JobKind::kLayer;
  // Jobs of one group run in one worker under one epoch: CDC jobs of one source database
  // ("postgres-cdc://host:port/database"). Others are a group of their own, by name.
  std::string group;
  std::string target;  // What no other job may write: "db.table", or a sink's address and table.
  std::vector<std::string> sources;  // The same way.
  std::string script;
  std::map<std::string, std::string> settings;  // Of SET, that matter to it: strom.clock, …

  friend bool operator==(const JobDefinition&, const JobDefinition&) = default;
};

inline constexpr size_t kJobNameSizeMax = 400;              // Of a name, group, target or source.
inline constexpr size_t kJobScriptSizeMax = 256 << 10;      // Of the script,
inline constexpr size_t kJobDefinitionSizeMax = 512 << 10;  // and of all texts together.

// Errors: kInvalidConfig for a text that is missing, too long, or has control characters where a
// name stands.
Status CheckJobDefinition(const JobDefinition& job);

// Under which epoch of its group a worker writes. Every write of a job carries it, and whoever
// knows of a newer epoch refuses the write (kFencedJobEpoch).
struct JobFence {
  std::string group;
  int64_t epoch = 0;

  friend bool operator==(const JobFence&, const JobFence&) = default;
};

// What shall become of a job. Numbers as on the wire.
enum class JobGoal : uint8_t {
  kRun = 0,
  kStop = 1,
  kDrop = 2,  // Stop, clean up (CDC: drop the slot) and say so: kCleanedUp.
};

// How a job fares, as its worker says. Numbers as on the wire.
enum class JobPhase : uint8_t {
  kStarting = 0,
  kRunning = 1,
  kFailed = 2,    // And tried again by the worker, after a while.
  kFinished = 3,  // Nothing more will come.
  kStopped = 4,
  kCleanedUp = 5,  // Only with goal kDrop.
};

// What a worker says of one job.
struct JobReport {
  std::string job;
  JobPhase phase = JobPhase::kStarting;
  std::string error;                        // Why it failed; empty: it did not.
  std::string text;                         // For people: "snapshot of public.meters, 40 %".
  std::map<std::string, int64_t> counters;  // "rows_in", "state_bytes", …
  std::optional<int64_t> lag_ms;            // How far behind its source it is.

  friend bool operator==(const JobReport&, const JobReport&) = default;
};

// What a worker runs of one group.
struct GroupReport {
  JobFence fence;
  std::vector<JobReport> jobs;

  friend bool operator==(const GroupReport&, const GroupReport&) = default;
};

// A heartbeat of a worker.
struct WorkerReport {
  std::string worker;       // Its name.
  std::string incarnation;  // Of this process: a random id made at its start.
  std::string address;      // For people: where its metrics are.
  std::set<JobKind> kinds;  // What it hosts,
  int32_t slots = 1;        // and how many groups at most.
  std::vector<GroupReport> groups;

  friend bool operator==(const WorkerReport&, const WorkerReport&) = default;
};

// A job that a worker shall host.
struct AssignedJob {
  JobDefinition definition;
  JobGoal goal = JobGoal::kRun;

  friend bool operator==(const AssignedJob&, const AssignedJob&) = default;
};

// A group that a worker shall host: under this epoch, and no older one.
struct JobAssignment {
  JobFence fence;
  std::vector<AssignedJob> jobs;  // By name.

  friend bool operator==(const JobAssignment&, const JobAssignment&) = default;
};

// The answer to a heartbeat: all that the worker shall host. What is not named, or named under
// another epoch, it must stop; then it may start what is named.
struct WorkerOrders {
  std::vector<JobAssignment> assignments;  // By group.
  int64_t heartbeat_interval_ms = 0;       // When to come again.
  int64_t lease_ms = 0;                    // Unheard for so long, it loses its groups.

  friend bool operator==(const WorkerOrders&, const WorkerOrders&) = default;
};

// A job's state for people. Numbers as on the wire.
enum class JobState : uint8_t {
  kWaiting = 0,  // No live worker of its kind has room.
  kStarting = 1,
  kRunning = 2,
  kFailed = 3,
  kFinished = 4,
  kStopping = 5,
  kStopped = 6,
  kDropping = 7,
};

struct JobInfo {
  JobDefinition definition;
  JobGoal goal = JobGoal::kRun;
  JobState state = JobState::kWaiting;
  int64_t epoch = 0;   // Of its group.
  std::string worker;  // Empty: none.
  std::string worker_address;
  std::string last_error;  // Of the last failure, also if it runs again.
  std::string text;        // The rest as its worker said last.
  std::map<std::string, int64_t> counters;
  std::optional<int64_t> lag_ms;
  int64_t registered_ms = 0;  // Since the Unix epoch.

  friend bool operator==(const JobInfo&, const JobInfo&) = default;
};

// What is stored of a job,
struct JobRecord {
  JobDefinition definition;
  JobGoal goal = JobGoal::kRun;
  int64_t registered_ms = 0;

  friend bool operator==(const JobRecord&, const JobRecord&) = default;
};

// and of a group. It outlives its jobs: somebody may still try to write under its epoch.
struct JobGroupRecord {
  JobFence fence;
  std::string worker;  // Who has it under this epoch; both empty: nobody.
  std::string incarnation;

  friend bool operator==(const JobGroupRecord&, const JobGroupRecord&) = default;
};

// "cdc", "layer", "sink"; and the other way round, if it is one of them.
std::string_view JobKindName(JobKind kind);
std::optional<JobKind> JobKindFromName(std::string_view name);
std::string_view JobGoalName(JobGoal goal);  // "run", "stop", "drop".
std::optional<JobGoal> JobGoalFromName(std::string_view name);
std::string_view JobStateName(JobState state);  // "waiting", …

}  // namespace strom
