#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/runtime/clock.h"
#include "pipeline/postgres/pg_connection.h"
#include "pipeline/sink/postgres/postgres_column.h"
#include "pipeline/sink/sink.h"

namespace strom::sink {

// A table of a PostgreSQL database. The position is a row of the table strom_sink_position, which
// is made in the target's schema; it carries the epoch that fences older workers off.
//
// A batch is one round trip: position, deletes and upserts, all prepared, in one transaction. Its
// commit does not wait for the database's disk (synchronous_commit = off): a crash of the database
// may lose the last transactions, but always from some point on and each as a whole, so the
// position goes back with the rows, and what is missing is read from the changelog and written
// again. Begin waits: nobody goes on under an epoch that a crash could take back.
class PostgresSink final : public Sink {
 public:
  // Connects and compares the table with what is declared. `clock` outlives it.
  // Errors: kExternalSystemUnavailable; kExternalSystem for a table that is not there, lacks a
  // column, has one of a type that could lose something, one that the database fills in by itself,
  // or one more that must not be NULL, or has no unique key over the declared primary key; all name
  // the table and the column.
  static Result<std::unique_ptr<PostgresSink>> Open(const postgres::PgEndpoint& endpoint,
                                                    const runtime::Clock& clock, SinkTable table,
                                                    std::string job, JobFence fence);

  // Only to Forget: the table may be another one than declared, or not be there.
  static Result<std::unique_ptr<PostgresSink>> OpenToForget(const postgres::PgEndpoint& endpoint,
                                                            const runtime::Clock& clock,
                                                            SinkTable table, std::string job,
                                                            JobFence fence);

  Result<std::optional<SinkPosition>> Begin() override;
  Status Write(const std::vector<pipeline::KeyedChange>& changes,
               const SinkPosition& position) override;
  Status Forget() override;

 private:
  PostgresSink(std::unique_ptr<postgres::PgConnection> connection, SinkTable table, std::string job,
               JobFence fence);
  Status Check();
  Status CheckKey();
  Result<bool> HasPositions();
  Status MakePositions();
  Status Settle();
  // Sorts the values of `changes` into the columns.
  Status Fill(const std::vector<pipeline::KeyedChange>& changes);
  Status PlanDelete();

  const std::unique_ptr<postgres::PgConnection> connection_;
  const SinkTable table_;
  const std::string job_;
  const JobFence fence_;
  const std::string position_table_;  // Quoted, with its schema.
  const std::string position_sql_;
  std::string delete_sql_;
  std::string upsert_sql_;
  std::vector<PostgresColumn> deletes_;  // Of the batch being written; of the primary key.
  std::vector<PostgresColumn> upserts_;  // All columns.
  bool delete_planned_ = false;
};

}  // namespace strom::sink
