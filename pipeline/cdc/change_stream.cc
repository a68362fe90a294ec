#include "pipeline/cdc/change_stream.h"

#include <algorithm>
#include <charconv>

#include "pipeline/cdc/slot.h"
#include "pipeline/postgres/pg_error.h"
#include "pipeline/postgres/pg_text.h"

namespace strom::cdc {
namespace {

// A transaction that changed other tables alone may be long: callers want to look around.
constexpr int kFramesPerPollMax = 10000;

}  // namespace

Result<std::unique_ptr<ChangeStream>> ChangeStream::Open(Options options, Lsn start,
                                                         const runtime::Clock& clock) {
  std::unique_ptr<ChangeStream> stream(new ChangeStream(std::move(options), start, clock));
  STROM_RETURN_IF_ERROR(stream->Start(start));
  return stream;
}

Status ChangeStream::Start(Lsn start) {
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
    confirmed_ = std::max(start, slot->confirmed_flush_lsn);
    read_end_ = confirmed_;
    const Status started = StartReplication(start);
    // Somebody was faster: it is for us to find out who.
    const bool in_use =
        connection_ != nullptr && connection_->last_sqlstate() == postgres::kSqlObjectInUse;
    if (started.ok() || !in_use || clock_.Now() >= deadline) return started;
  }
}

Status ChangeStream::StartReplication(Lsn start) {
  connection_.reset();
  STROM_ASSIGN_OR_RETURN(
      connection_,
      postgres::PgConnection::Open(options_.endpoint, postgres::PgSession::kReplication, clock_));
  STROM_ASSIGN_OR_RETURN(const postgres::PgRows identity,
                         connection_->Query("identifying the server", "IDENTIFY_SYSTEM"));
  if (identity.rows.size() != 1 || identity.rows[0].size() < 3) {
    return Error(ErrorCode::kExternalSystem, "identifying the server: no answer that can be read");
  }
  const auto& row = identity.rows[0];
  server_.system_id = row[0].value_or("");
  const std::string timeline = row[1].value_or("");
  std::from_chars(timeline.data(), timeline.data() + timeline.size(), server_.timeline);
  STROM_ASSIGN_OR_RETURN(server_end_, Lsn::Parse(row[2].value_or("")));
  STROM_RETURN_IF_ERROR(connection_->StartCopy(
      fmt::format("streaming from slot {}", options_.slot),
      fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {})",
                  postgres::QuoteIdentifier(options_.slot), start,
                  postgres::QuoteLiteral(postgres::QuoteIdentifier(options_.publication)))));
  next_status_ = clock_.Now() + options_.status_interval;
  return Status::Ok();
}

Result<std::vector<SourceEvent>> ChangeStream::Poll(MonoDuration timeout, size_t max_events) {
  if (!broken_.ok()) return broken_;
  std::vector<SourceEvent> events;
  broken_ = ReadEvents(clock_.Now() + timeout, max_events, &events);
  if (!broken_.ok() && events.empty()) return broken_;
  return events;  // What came before an error is good.
}

Status ChangeStream::ReadEvents(MonoTime deadline, size_t max_events,
                                std::vector<SourceEvent>* events) {
  int frames = 0;
  while (events->size() < max_events && frames < kFramesPerPollMax) {
    STROM_RETURN_IF_ERROR(KeepAlive());
    STROM_ASSIGN_OR_RETURN(const auto frame, connection_->TryReadCopy());
    if (frame) {
      STROM_RETURN_IF_ERROR(OnFrame(frame->bytes(), events));
      ++frames;
      continue;
    }
    if (!events->empty() || clock_.Now() >= deadline) break;
    STROM_RETURN_IF_ERROR(connection_->WaitForCopy(std::min(deadline, next_status_)));
  }
  return Status::Ok();
}

Status ChangeStream::OnFrame(BytesView bytes, std::vector<SourceEvent>* events) {
  STROM_ASSIGN_OR_RETURN(const ReplicationFrame frame, ParseReplicationFrame(bytes));
  if (const auto* data = std::get_if<XLogData>(&frame)) {
    if (const Status decoded = decoder_.Decode(data->payload, events); !decoded.ok()) {
      return decoded.WithContext(fmt::format("slot {}", options_.slot));
    }
    read_end_ = std::max(read_end_, decoder_.end_lsn());
    server_end_ = std::max(server_end_, decoder_.end_lsn());
    return Status::Ok();
  }
  const auto& keepalive = std::get<Keepalive>(frame);
  server_end_ = std::max(server_end_, keepalive.wal_end);
  // The WAL end of a keepalive is never above the commit of a transaction that was not sent whole.
  if (!decoder_.in_transaction()) read_end_ = std::max(read_end_, keepalive.wal_end);
  return keepalive.reply_requested ? SendStatus() : Status::Ok();
}

Status ChangeStream::Confirm(Lsn flushed) {
  STROM_CHECK(flushed <= read_end_)
      << flushed.ToString() << " was not read, only up to " << read_end_.ToString();
  if (flushed <= confirmed_) return Status::Ok();
  confirmed_ = flushed;
  return SendStatus();
}

Status ChangeStream::KeepAlive() {
  return clock_.Now() < next_status_ ? Status::Ok() : SendStatus();
}

Status ChangeStream::SendStatus() {
  next_status_ = clock_.Now() + options_.status_interval;
  if (!broken_.ok()) return broken_;
  return connection_->SendCopy(EncodeStatusUpdate(confirmed_, clock_.WallNow() * 1000));
}

}  // namespace strom::cdc
