#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/clock.h"
#include "pipeline/cdc/replication_frame.h"
#include "pipeline/cdc/source_database.h"
#include "pipeline/cdc/source_event.h"
#include "pipeline/cdc/stream_decoder.h"

namespace strom::cdc {

// The changes of some tables of one database, in commit order, from a replication slot: committed
// transactions alone, each whole, one after the other. One reader thread; Poll waits.
//
// Always true: the slot is told only positions that the caller has confirmed; so that after any
// crash the events behind the last Confirm come again, at equal positions.
class ChangeStream {
 public:
  struct Options {
    std::string slot;  // For messages.
    std::vector<std::shared_ptr<const SourceTable>> tables;
    // The server ends a session it has heard nothing of for wal_sender_timeout, 60 s by default.
    MonoDuration status_interval = Seconds(10);
  };

  // Starts where `session` does; transactions that commit below `start` do not come. `clock`
  // outlives it.
  ChangeStream(Options options, std::unique_ptr<ReplicationSession> session, Lsn start,
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

 private:
  Status ReadEvents(MonoTime deadline, size_t max_events, std::vector<SourceEvent>* events);
  Status OnFrame(BytesView bytes, std::vector<SourceEvent>* events);
  Status SendStatus();

  const Options options_;
  const runtime::Clock& clock_;
  const std::unique_ptr<ReplicationSession> session_;
  StreamDecoder decoder_;
  Lsn confirmed_;
  Lsn read_end_;
  Lsn server_end_;
  MonoTime next_status_;
  Status broken_;  // Why the stream is at its end; OK: it is not.
};

}  // namespace strom::cdc
