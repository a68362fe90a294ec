#pragma once

#include <cstdint>
#include <variant>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "pipeline/cdc/lsn.h"

namespace strom::cdc {

// The messages inside the COPY BOTH of START_REPLICATION. All integers are big-endian; times on
// the wire are microseconds since 2000-01-01 00:00 UTC, here always since 1970.
// Source: PostgreSQL 15, "Streaming Replication Protocol".
//
//   XLogData    'w'  start LSN 8  end LSN 8  send time 8  payload
//   Keepalive   'k'  WAL end 8    send time 8  reply requested 1
//   Status      'r'  written LSN 8  flushed LSN 8  applied LSN 8  client time 8  reply wanted 1

// A part of the stream. Its LSNs are left out: rows repeat them or have none (0/0), so that they
// are no positions.
struct XLogData {
  BytesView payload;  // Into the frame.
};

struct Keepalive {
  Lsn wal_end;  // How far the server has decoded.
  int64_t sent_micros = 0;
  bool reply_requested = false;
};

using ReplicationFrame = std::variant<XLogData, Keepalive>;

// Errors: kCorruptMessage for an unknown tag or a wrong size.
Result<ReplicationFrame> ParseReplicationFrame(BytesView frame);

// A standby status update that reports `flushed` as written, flushed and applied. 0/0 says
// nothing.
Bytes EncodeStatusUpdate(Lsn flushed, int64_t now_micros);

// Between microseconds since 2000 and since 1970; wraps rather than overflows on garbage.
int64_t UnixMicrosFromPg(uint64_t pg_micros);
uint64_t PgMicrosFromUnix(int64_t unix_micros);

}  // namespace strom::cdc
