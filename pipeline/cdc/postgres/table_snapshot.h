#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/runtime/clock.h"
#include "common/types/value.h"
#include "pipeline/cdc/lsn.h"
#include "pipeline/cdc/source_database.h"
#include "pipeline/cdc/source_table.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// All rows of one table as they were at one point of the WAL, the consistent point X.
//
// The seam with the stream is exact: the snapshot holds a transaction's changes if and only if the
// transaction's commit LSN is below X. So whoever streams the main slot drops, for this table,
// events with position.commit_lsn < X and applies all others, and no change is lost or seen twice.
// Three things make it so:
//   - X and the snapshot come from one temporary slot, whose decoder builds the snapshot from the
//     commit records it has read, by the same comparison (commit LSN < X) by which the server later
//     decides which transactions a slot sends. Reading "the current LSN" and selecting would not
//     do: a transaction's commit record is in the WAL before other sessions can see its rows.
//   - The publication held the table before Open began (caller's duty). A transaction that was open
//     while the table was added sends only what it wrote afterwards; but creating the slot waits
//     for every such transaction, so that X is above its commit and the snapshot has all of it.
//   - The main slot's position was at or below X when Open began (caller's duty: it exists and is
//     never confirmed past X before the snapshot is applied), so that it sends all the others.
// Open also waits out the moment in which a commit is in the WAL and not yet in the transaction
// status (a reader would take it for rolled back), and refuses a table that was rewritten or
// truncated since X, of which old snapshots see nothing.
//
// One thread. Rows come through COPY, in no order; memory: one COPY message and one batch.
class TableSnapshot final : public TableRows {
 public:
  // `slot_timeout`: how long to wait for running transactions (slot.h).
  // Errors: kExternalSystemUnavailable for what may work on another try; kExternalSystem.
  static Result<std::unique_ptr<TableSnapshot>> Open(const postgres::PgEndpoint& endpoint,
                                                     std::shared_ptr<const SourceTable> table,
                                                     const runtime::Clock& clock,
                                                     MonoDuration slot_timeout);

  Lsn consistent_point() const override { return consistent_point_; }
  // As the server's statistics have it; 0 if it has none.
  int64_t estimated_rows() const override { return estimated_rows_; }

  // 1 to `max_rows` rows, fewer when they are large (16 MiB); empty at the end, and then always.
  // After an error the snapshot is of no more use: a new one has another consistent point.
  // Errors: connection trouble; values that do not fit, naming table, column and value.
  Result<std::vector<Row>> Next(size_t max_rows) override;

 private:
  TableSnapshot(std::shared_ptr<const SourceTable> table,
                std::unique_ptr<postgres::PgConnection> reader)
      : table_(std::move(table)), reader_(std::move(reader)) {}

  Status Import(postgres::PgConnection& replication, const runtime::Clock& clock,
                MonoDuration slot_timeout);
  Status WaitForCommits(postgres::PgConnection& other, const runtime::Clock& clock,
                        MonoDuration timeout);
  Status StartCopy();
  Result<Row> ParseRow(BytesView line) const;

  const std::shared_ptr<const SourceTable> table_;
  const std::unique_ptr<postgres::PgConnection> reader_;  // Its transaction holds the snapshot.
  Lsn consistent_point_;
  int64_t estimated_rows_ = 0;
  bool done_ = false;
};

}  // namespace strom::cdc
