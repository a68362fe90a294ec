#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/metadata/zk_json.h"
#include "common/record/change_type.h"
#include "common/runtime/time.h"
#include "common/types/table_bucket.h"
#include "common/types/table_options.h"

// What a run of a cluster leaves for the checkers: what its clients did and saw, in virtual time,
// and what is on the disks once it is quiet. Plain data.
namespace strom::sim {

// How an operation ended for its client. An error after the request may have left is kUnknown: the
// operation may have happened, or happen yet.
enum class Outcome { kUnknown, kOk };

// When an operation began and ended; one of unknown outcome never ends.
struct Interval {
  MonoTime invoked;
  MonoTime completed = MonoTime::Infinite();
};

// NULL in place of a column's number.
inline constexpr int64_t kNull = INT64_MIN;

// A record of a log table holds (key, value) = (its writer's number, a number that ascends with the
// writer's appends); one of a primary-key table its row, whose value nobody else ever wrote. The
// value is NULL where the last write of a part of the columns was a delete.
struct LoggedRecord {
  LogOffset offset;
  record::ChangeType type = record::ChangeType::kAppendOnly;
  int64_t key = 0;
  int64_t value = 0;
  std::vector<int64_t> more = {};  // The row's other BIGINT columns, in order.

  friend bool operator==(const LoggedRecord&, const LoggedRecord&) = default;
};

struct AppendOp {
  int64_t writer = 0;
  int64_t number = 0;
  Interval time;
  Outcome outcome = Outcome::kUnknown;
  std::optional<TableBucket> bucket;  // If it is known.
  std::optional<LogOffset> offset;
  std::string error;  // With which its client gave it up, if it did.
};

// Of a primary-key table, whose buckets `table` all has.
struct UpsertOp {
  TableId table;
  int64_t key = 0;
  std::optional<int64_t> value;  // None: a delete.
  Interval time;
  Outcome outcome = Outcome::kUnknown;
  std::optional<TableBucket> bucket;
  std::optional<LogOffset> log_end_offset;  // The change is below.
  std::string error;                        // As of an append.
  // What it writes into the row's other columns; none: it leaves that one out.
  std::vector<std::optional<int64_t>> more = {};
};

// One that was answered.
struct LookupOp {
  TableId table;
  int64_t key = 0;
  std::optional<int64_t> value;  // None: no such row, or its value is NULL.
  Interval time;
  std::vector<int64_t> more = {};  // The row's other columns; of tables that have some.
};

// A row as somebody saw it.
struct SeenRow {
  int64_t key = 0;
  int64_t value = 0;
  std::vector<int64_t> more = {};  // The other columns.

  friend auto operator<=>(const SeenRow&, const SeenRow&) = default;
};

// One lookup of all rows of a group, by the prefix of their keys.
struct PrefixLookupOp {
  TableId table;
  int64_t group = 0;
  std::vector<SeenRow> rows;
  Interval time;
};

// One answered fetch of one bucket.
struct FetchSeen {
  TableBucket bucket;
  ServerId server;
  int process = 0;  // Which process of that server answered.
  LogOffset asked;
  LogOffset high_watermark;
  std::vector<LoggedRecord> records;  // From `asked` on.
  Interval time;
};

// A leader-and-ISR node as it was written.
struct LeadershipWrite {
  TableBucket bucket;
  metadata::LeaderAndIsr leadership;
  MonoTime at;
};

// How far the replicas' files of a bucket went at a moment, and how far clients had been told by
// then that their writes are in.
struct CopiesSeen {
  TableBucket bucket;
  MonoTime at;
  LogOffset acknowledged;  // Exclusive.
  std::map<ServerId, LogOffset> ends;
  size_t copies_min = 1;  // So many hold what is acknowledged.
};

// What the members of a bucket's committed ISR had at a moment, and what clients had been told by
// then is in the log for good, by acknowledgements and high watermarks.
struct MembersSeen {
  TableBucket bucket;
  MonoTime at;
  LogOffset told;  // Exclusive.
  std::vector<ServerId> isr;
  // Of their logs: if writes are acknowledged once they are synced, what a power failure would
  // leave; else what a process would that is killed. Who has no log is not there.
  std::map<ServerId, LogOffset> ends;
};

// A batch as it lies in a segment file.
struct LoggedBatch {
  LogOffset base_offset;
  LogOffset next_offset;
  uint64_t hash = 0;  // Of its bytes.
  int64_t commit_timestamp_ms = 0;
};

// One replica's files of one bucket, as the process found them.
struct ReplicaLog {
  std::vector<LoggedBatch> batches;
  std::vector<LoggedRecord> records;
  std::string damage;  // What could not be read, if anything.
};

// A completed KV snapshot, restored on a machine that has nothing else.
struct FinalSnapshot {
  TableBucket bucket;
  int64_t id = 0;
  LogOffset log_offset;  // It holds what the changelog below this makes.
  std::map<int64_t, int64_t> rows = {};
  std::string damage = {};  // Why it does not come back whole, if it does not.
};

// What a primary-key table makes of writes, and how its rows can be found.
struct TableRules {
  // kVersioned: the version is the first of a row's other columns.
  MergeEngine engine = MergeEngine::kLastRow;
  // > 0: so many groups; a row is in that of its key modulo this.
  int64_t groups = 0;

  bool takes_deletes() const { return engine == MergeEngine::kLastRow; }
  // Whether `op`, which is no delete, changes nothing where the row's other columns are `row`.
  bool Refuses(const UpsertOp& op, const std::vector<int64_t>& row) const {
    if (engine == MergeEngine::kVersioned) return op.more.at(0).value_or(kNull) < row.at(0);
    return engine == MergeEngine::kFirstRow;
  }
};

// A segment that retention took from the beginning of one replica's log; it has batches.
struct TrimmedSegment {
  TableBucket bucket;
  ServerId server;
  MonoTime at;
  int64_t wall_ms = 0;     // By the server's clock.
  uint64_t log_bytes = 0;  // Of the log, with it, if size counts.
  ReplicaLog log;          // What was in it.
  std::vector<FinalSnapshot> snapshots = {};  // Completed ones of a primary-key bucket, then.
};

// A reader was told that its offset is no longer in the log, and then, where the log begins.
struct BehindSeen {
  TableBucket bucket;
  ServerId server;
  LogOffset asked;
  LogOffset start;
  Interval time;
};

struct History {
  std::vector<AppendOp> appends;
  std::vector<UpsertOp> upserts;
  std::vector<LookupOp> lookups;
  std::vector<PrefixLookupOp> prefix_lookups;
  std::vector<FetchSeen> fetches;  // In the order they were answered.
  std::vector<LeadershipWrite> leaderships;
  std::vector<CopiesSeen> copies;
  std::vector<MembersSeen> members;
  std::vector<TrimmedSegment> trimmed;  // In the order they went.
  std::vector<BehindSeen> behind;
};

struct FinalBucket {
  TableBucket bucket;
  bool keyed = false;
  ServerId leader;
  LogOffset high_watermark;  // Of the leader.
  std::map<ServerId, ReplicaLog> replicas;
  ReplicaLog trimmed = {};  // What retention took from any of them; it begins at offset 0.
};

// The end of a run. Every bucket has its leader among its replicas.
struct FinalState {
  std::vector<FinalBucket> buckets;
  // Rows that lookups found at the end, of every key that was ever used.
  std::map<TableId, std::map<int64_t, std::optional<int64_t>>> rows;
  std::vector<FinalSnapshot> snapshots = {};  // All there are.
  std::vector<FinalSnapshot> completed = {};  // All that ever were, each at the moment it came.
  // Of primary-key tables. Those that are not here: last row, no groups.
  std::map<TableId, TableRules> rules = {};
  // What lookups by prefix found at the end, by group.
  std::map<TableId, std::map<int64_t, std::vector<SeenRow>>> groups = {};

  TableRules RulesOf(TableId table) const {
    const auto at = rules.find(table);
    return at == rules.end() ? TableRules{} : at->second;
  }
};

// What a checker found: each line begins with the invariant's name ("S1") and names bucket, offset
// and values.
using Violations = std::vector<std::string>;

}  // namespace strom::sim
