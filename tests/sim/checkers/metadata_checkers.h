#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/checkers/history.h"

// Checks of what is stored of tables: pure functions over what a client asked for and what is in
// the metadata service and on the disks in the end, once all servers had time to clean up.
namespace strom::sim {

// A client's CREATE TABLE or DROP TABLE.
struct AdminOp {
  enum class Kind { kCreate, kDrop };
  Kind kind = Kind::kCreate;
  std::string table;
  // Done; refused, because the table was there already, or was not there; or nobody knows, and it
  // may happen yet.
  enum class Answer { kUnknown, kDone, kRefused };
  Answer answer = Answer::kUnknown;
  Interval time;
};

struct FinalMetadata {
  std::map<std::string, std::string> nodes;  // All of the tree, by path.
  std::string database;                      // In which `operations` were.
  std::set<std::string> listed;              // The tables that a client is told it has.
  // The logs that lie on each server's disk.
  std::map<ServerId, std::set<TableBucket>> logs;
};

// S17: each table has a schema and an assignment, each assignment a table; every bucket is led by a
// member of its ISR, which has replicas only; ids are below the counter; each replica's log is on
// its server's disk, and no other log is on any. Clients are told of these tables, and no others.
Violations CheckMetadata(const FinalMetadata& end);

// S18: a table is there or not as its last operation left it, or one whose answer is not known and
// that may have come `late` after it was asked for.
Violations CheckAdminOps(const std::vector<AdminOp>& operations, const FinalMetadata& end,
                         MonoDuration late);

}  // namespace strom::sim
