#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/runtime/system_clock.h"
#include "pipeline/cdc/change_stream.h"
#include "pipeline/cdc/postgres/slot.h"
#include "pipeline/cdc/source_table.h"
#include "pipeline/postgres/pg_connection.h"
#include "tests/testing/postgres_server.h"

namespace strom::cdc {

// A real PostgreSQL with an empty schema and no slots. The server is started once per executable.
class SourceWorld {
 public:
  SourceWorld();

  testing::PostgresServer& server();
  const runtime::Clock& clock() const { return clock_; }
  const postgres::PgEndpoint& endpoint() const { return endpoint_; }
  // The same database as another role, with a password.
  postgres::PgEndpoint As(const std::string& user) const;

  std::unique_ptr<postgres::PgConnection> Connect();
  // Runs statements in a session of the world's own; ends the test if they fail. Returns the rows.
  postgres::PgRows Sql(const std::string& sql);

  // CREATE TABLE public.name, and what a script would declare of it.
  std::shared_ptr<const SourceTable> Create(const std::string& name, const std::string& ddl,
                                            std::vector<Column> columns,
                                            std::vector<std::string> key = {"id"});

  // Publication and slot "strom", from now on.
  void Publish(const std::vector<std::shared_ptr<const SourceTable>>& tables);
  Result<std::unique_ptr<ChangeStream>> TryStream(Lsn start = Lsn());
  std::unique_ptr<ChangeStream> Stream(Lsn start = Lsn());

  // Polls until `transactions` commits have come.
  std::vector<SourceEvent> Read(ChangeStream& stream, int transactions, size_t max_events = 100);

 private:
  runtime::RealClock clock_;
  postgres::PgEndpoint endpoint_;
  std::unique_ptr<postgres::PgConnection> session_;
  std::vector<std::shared_ptr<const SourceTable>> published_;
};

// The columns of most tables here: id INT, note STRING.
std::vector<Column> IdAndNote();

}  // namespace strom::cdc
