#pragma once

#include <memory>
#include <string>

#include "pipeline/cdc/source_database.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// START_REPLICATION from a slot of PostgreSQL; waits on the socket.
class PostgresStream final : public ReplicationSession {
 public:
  struct Options {
    postgres::PgEndpoint endpoint;
    std::string slot;         // Exists: see EnsureSlot.
    std::string publication;  // Holds the tables: see EnsurePublication.
    // How long to wait for a session that still streams from the slot (ReleaseSlot).
    MonoDuration takeover_timeout = Seconds(90);
  };

  // Begins behind `start`, the end LSN of the last transaction the caller has; 0: where the slot
  // is. Errors: kExternalSystem for a slot that is gone, lost, or already past `start` (CheckSlot);
  // kExternalSystemUnavailable for trouble that passes.
  static Result<std::unique_ptr<PostgresStream>> Open(Options options, Lsn start,
                                                      const runtime::Clock& clock);

  Lsn start() const override { return start_; }
  Lsn server_end() const override { return server_end_; }
  Result<bool> TryRead(absl::FunctionRef<Status(BytesView)> take) override;
  Status WaitFor(MonoTime deadline) override { return connection_->WaitForCopy(deadline); }
  Status Send(BytesView message) override { return connection_->SendCopy(message); }

 private:
  PostgresStream(Options options, const runtime::Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Status Start(Lsn start);
  Status StartReplication(Lsn start);

  const Options options_;
  const runtime::Clock& clock_;
  std::unique_ptr<postgres::PgConnection> connection_;
  Lsn start_;
  Lsn server_end_;
};

}  // namespace strom::cdc
