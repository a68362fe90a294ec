#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/clock.h"
#include "pipeline/cdc/replication_frame.h"
#include "pipeline/cdc/source_event.h"
#include "pipeline/cdc/stream_decoder.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// Which server a stream came from. Positions of another system or another timeline mean other data.
struct ServerIdentity {
  std::string system_id;
  int64_t timeline = 0;

  friend bool operator==(const ServerIdentity&, const ServerIdentity&) = default;
};

// The changes of some tables of one database, in commit order, from a replication slot: committed
// transactions alone, each whole, one after the other. One reader thread; Poll waits on the socket.
//
// Always true: the slot is told only positions that the caller has confirmed; so that after any
// crash the events behind the last Confirm come again, at equal positions.
class ChangeStream {
 public:
  struct Options {
    postgres::PgEndpoint endpoint;
    std::string slot;         // Exists: see EnsureSlot.
    std::string publication;  // Holds the tables: see EnsurePublication.
    std::vector<std::shared_ptr<const SourceTable>> tables;
    // The server ends a session it has heard nothing of for wal_sender_timeout, 60 s by default.
    MonoDuration status_interval = Seconds(10);
    // How long to wait for a session that still streams from the slot (ReleaseSlot).
    MonoDuration takeover_timeout = Seconds(90);
  };

  // Starts behind `start`, the end LSN of the last transaction the caller has; 0: where the slot
  // is. Transactions that commit below `start` do not come.
  // Errors: kExternalSystem for a slot that is gone, lost, or already past `start` (CheckSlot);
  // kExternalSystemUnavailable for trouble that passes.
  static Result<std::unique_ptr<ChangeStream>> Open(Options options, Lsn start,
                                                    const runtime::Clock& clock);

  // Returns as soon as there is an event, with those that are here, or empty after `timeout`.
  // `max_events` may be exceeded by the further tables of one TRUNCATE or the further declarations
  // of one table. Also returns, maybe with none, after many changes of other tables. Answers the
  // server's keepalives. An error comes after the events before it, and then again and again.
  // Errors: kExternalSystemUnavailable when the server or the connection went away (open again from
  // the last confirmed position); kExternalSystem and kCorruptMessage as StreamDecoder::Decode.
  Result<std::vector<SourceEvent>> Poll(MonoDuration timeout, size_t max_events);

  // Tells the server that everything up to `flushed`, the end LSN of a transaction or a read_end(),
  // is kept for good and need not come again. A position below an earlier one changes nothing.
  Status Confirm(Lsn flushed);

  // For callers that cannot Poll for a while: repeats the confirmed position if the server has not
  // heard of us for options.status_interval.
  Status KeepAlive();

  // Everything that commits below it has been returned by Poll. It moves on when other tables or
  // databases write, too: confirming it when all events are kept lets the server drop its WAL.
  // Not within a transaction: then it is where the last one ended.
  Lsn read_end() const { return read_end_; }
  // The newest WAL position the server has told of: for the lag.
  Lsn server_end() const { return server_end_; }
  Lsn confirmed() const { return confirmed_; }
  const ServerIdentity& server() const { return server_; }

 private:
  ChangeStream(Options options, Lsn start, const runtime::Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        decoder_(options_.tables, start),
        confirmed_(start) {}

  Status Start(Lsn start);
  Status StartReplication(Lsn start);
  Status ReadEvents(MonoTime deadline, size_t max_events, std::vector<SourceEvent>* events);
  Status OnFrame(BytesView bytes, std::vector<SourceEvent>* events);
  Status SendStatus();

  const Options options_;
  const runtime::Clock& clock_;
  std::unique_ptr<postgres::PgConnection> connection_;
  StreamDecoder decoder_;
  ServerIdentity server_;
  Lsn confirmed_;
  Lsn read_end_;
  Lsn server_end_;
  MonoTime next_status_;
  Status broken_;  // Why the stream is at its end; OK: it is not.
};

}  // namespace strom::cdc
