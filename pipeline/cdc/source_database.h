#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/runtime/clock.h"
#include "common/types/value.h"
#include "pipeline/cdc/lsn.h"
#include "pipeline/cdc/source_table.h"

namespace strom::cdc {

// A slot keeps the log of its database from its confirmed position on, and gives it out again after
// a restart.
struct EnsuredSlot {
  Lsn confirmed_flush_lsn;  // Of a new slot: its consistent point.
  bool created = false;
};

// A session with the database: looks at it, prepares it. One thread at a time; calls wait.
// Errors of all: kExternalSystemUnavailable for what may pass; kExternalSystem.
class SourceSession {
 public:
  virtual ~SourceSession() = default;

  // Whether the database, and a table of it, can be followed at all.
  virtual Status CheckServer() = 0;
  virtual Status CheckTable(const SourceTable& table) = 0;
  // Before the slot, and before the copy of a table, the publication has the tables.
  virtual Status EnsurePublication(
      const std::vector<std::shared_ptr<const SourceTable>>& tables) = 0;
  virtual Result<EnsuredSlot> EnsureSlot() = 0;
  // Nothing if there is none.
  virtual Status DropSlot() = 0;
  virtual Status DropPublication() = 0;
};

// The rows of one table as they were at one position of the log, the consistent point: a
// transaction's changes are among them if and only if it commits below. One thread.
class TableRows {
 public:
  virtual ~TableRows() = default;

  virtual Lsn consistent_point() const = 0;
  virtual int64_t estimated_rows() const = 0;  // 0: nobody knows.
  // 1 to `max_rows` rows; empty at the end, and then always.
  virtual Result<std::vector<Row>> Next(size_t max_rows) = 0;
};

// The replication stream of a slot, from its confirmed position on, as the messages of PostgreSQL's
// protocol (replication_frame.h). One thread at a time.
class ReplicationSession {
 public:
  virtual ~ReplicationSession() = default;

  virtual Lsn start() const = 0;       // The slot's confirmed position when it began.
  virtual Lsn server_end() const = 0;  // How far the log went then.
  // Gives the next message that is here already to `take`, whose errors it returns; false: none is.
  virtual Result<bool> TryRead(absl::FunctionRef<Status(BytesView)> take) = 0;
  // Returns when there may be a message, or at `deadline`.
  virtual Status WaitFor(MonoTime deadline) = 0;
  virtual Status Send(BytesView message) = 0;
};

// The database whose tables a group of jobs follows through one slot: PostgreSQL
// (pipeline/cdc/postgres), or the simulation's. What it makes outlives it not, but `clock` all.
class SourceDatabase {
 public:
  virtual ~SourceDatabase() = default;

  virtual std::string ToString() const = 0;  // For messages.
  virtual std::string slot() const = 0;      // Its name.

  virtual Result<std::unique_ptr<SourceSession>> Connect(const runtime::Clock& clock) = 0;
  // The publication holds the table, the slot exists and is never confirmed past the consistent
  // point before the rows are written.
  virtual Result<std::unique_ptr<TableRows>> ReadTable(std::shared_ptr<const SourceTable> table,
                                                       const runtime::Clock& clock) = 0;
  // Ends a session of ours that still streams from the slot. Errors: kExternalSystem, too, for a
  // slot that is gone.
  virtual Result<std::unique_ptr<ReplicationSession>> Stream(const runtime::Clock& clock) = 0;
};

}  // namespace strom::cdc
