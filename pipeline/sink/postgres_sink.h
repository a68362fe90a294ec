#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/runtime/clock.h"
#include "pipeline/postgres/pg_connection.h"
#include "pipeline/sink/sink.h"

namespace strom::sink {

// A table of a PostgreSQL database. The position is a row of the table strom_sink_position, which
// is made in the target's schema; it carries the epoch that fences older workers off.
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
  Status InTransaction(const std::vector<pipeline::KeyedChange>& changes,
                       const SinkPosition& position);
  Status WriteRows(const std::vector<pipeline::KeyedChange>& changes);
  // The upserts among `changes`, or the deletes, by a statement with one array for each of
  // `columns`, places in the table's.
  Status WriteRows(std::string_view doing, const std::string& sql,
                   const std::vector<size_t>& columns,
                   const std::vector<pipeline::KeyedChange>& changes, bool upserts);

  const std::unique_ptr<postgres::PgConnection> connection_;
  const SinkTable table_;
  const std::string job_;
  const JobFence fence_;
  const std::string position_table_;  // Quoted, with its schema.
  std::vector<std::string> types_;    // Of the columns, as the database names them.
};

}  // namespace strom::sink
