#include "pipeline/cdc/postgres/postgres_stream.h"

#include <algorithm>
#include <utility>

#include "pipeline/cdc/postgres/slot.h"
#include "pipeline/postgres/pg_error.h"
#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {

Result<std::unique_ptr<PostgresStream>> PostgresStream::Open(Options options, Lsn start,
                                                             const runtime::Clock& clock) {
  std::unique_ptr<PostgresStream> stream(new PostgresStream(std::move(options), clock));
  STROM_RETURN_IF_ERROR(stream->Start(start));
  return stream;
}

Status PostgresStream::Start(Lsn start) {
  const postgres::PgEndpoint& endpoint = options_.endpoint;
  STROM_ASSIGN_OR_RETURN(const auto sql,
                         postgres::PgConnection::Open(endpoint, postgres::PgSession::kSql, clock_));
  const MonoTime deadline = clock_.Now() + options_.takeover_timeout;
  while (true) {
    STROM_RETURN_IF_ERROR(ReleaseSlot(*sql, clock_, options_.slot,
                                      std::max(MonoDuration(), deadline - clock_.Now())));
    // Only now: the session that held the slot may have moved it.
    STROM_ASSIGN_OR_RETURN(const auto slot, ReadSlot(*sql, options_.slot));
    STROM_RETURN_IF_ERROR(CheckSlot(slot, options_.slot, endpoint, start));
    start_ = std::max(start, slot->confirmed_flush_lsn);
    const Status started = StartReplication(start);
    // Somebody was faster: it is for us to find out who.
    const bool in_use =
        connection_ != nullptr && connection_->last_sqlstate() == postgres::kSqlObjectInUse;
    if (started.ok() || !in_use || clock_.Now() >= deadline) return started;
  }
}

Status PostgresStream::StartReplication(Lsn start) {
  connection_.reset();
  STROM_ASSIGN_OR_RETURN(
      connection_,
      postgres::PgConnection::Open(options_.endpoint, postgres::PgSession::kReplication, clock_));
  STROM_ASSIGN_OR_RETURN(const postgres::PgRows identity,
                         connection_->Query("identifying the server", "IDENTIFY_SYSTEM"));
  if (identity.rows.size() != 1 || identity.rows[0].size() < 3) {
    return Error(ErrorCode::kExternalSystem, "identifying the server: no answer that can be read");
  }
  STROM_ASSIGN_OR_RETURN(server_end_, Lsn::Parse(identity.rows[0][2].value_or("")));
  return connection_->StartCopy(
      fmt::format("streaming from slot {}", options_.slot),
      fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {})",
                  postgres::QuoteIdentifier(options_.slot), start,
                  postgres::QuoteLiteral(postgres::QuoteIdentifier(options_.publication))));
}

Result<bool> PostgresStream::TryRead(absl::FunctionRef<Status(BytesView)> take) {
  STROM_ASSIGN_OR_RETURN(const auto message, connection_->TryReadCopy());
  if (!message) return false;
  STROM_RETURN_IF_ERROR(take(message->bytes()));
  return true;
}

}  // namespace strom::cdc
