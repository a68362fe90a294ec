#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/checkers/history.h"

// What the jobs of a pipeline leave for the checkers: a source database is followed into tables of
// the cluster (ODS), those are kept in further tables (layers: the same rows), and those are
// written to tables of target databases (sinks). Plain data.
namespace strom::sim {

// A row of a source and of all that follows from it: (key, version, more). No two rows that a key
// ever has have one version: versions of a key ascend.
struct JobRow {
  int64_t version = 0;
  int64_t more = 0;

  friend bool operator==(const JobRow&, const JobRow&) = default;
};

// What a transaction of the source did to a row.
struct SourceChange {
  TableId table;  // Of the ODS table that follows.
  int64_t key = 0;
  std::optional<JobRow> row;  // None: it went.
  uint64_t commit_lsn = 0;
};

// A position of the source's log that a job said is kept for good, and where the replicas' files of
// the ODS tables ended at that moment: the longest of each bucket.
struct ConfirmSeen {
  uint64_t lsn = 0;  // Exclusive: transactions that commit below never come again.
  MonoTime at;
  std::map<TableBucket, LogOffset> ends;
};

// A transaction that a sink's database has, and did not lose in a crash.
struct SinkCommit {
  MonoTime at;
  std::map<int64_t, std::optional<JobRow>> rows;  // By key; none: deleted.
  std::map<int32_t, LogOffset> next;              // Its position: where each bucket is read on.
};

struct SinkHistory {
  TableId source;  // That it reads: a layer's.
  TableId ods;     // Whose rows those are.
  std::vector<SinkCommit> commits;
  std::map<int64_t, JobRow> rows;  // At the end.
};

struct JobHistory {
  std::vector<SourceChange> changes;  // In the order of the log; those of one transaction, too.
  std::map<TableId, std::map<int64_t, JobRow>> source_rows;  // At the end, by ODS table.
  // Of each ODS table the position its copy was made at, as the jobs remember it at the end:
  // transactions that commit there or later came through the log, each change once. None: it never
  // was copied.
  std::map<TableId, uint64_t> copied_at;
  std::vector<ConfirmSeen> confirms;
  std::map<TableId, TableId> layers;  // To the ODS table each is of.
  std::map<std::string, SinkHistory> sinks;  // By job.
};

}  // namespace strom::sim
