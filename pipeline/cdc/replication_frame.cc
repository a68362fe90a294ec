#include "pipeline/cdc/replication_frame.h"

#include "common/base/byte_reader.h"

namespace strom::cdc {
namespace {

constexpr uint64_t kMicrosFrom1970To2000 = 946684800000000;
constexpr size_t kXLogDataHeaderSize = 24;  // Without the tag.

void AppendBig(Bytes& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

int64_t UnixMicrosFromPg(uint64_t pg_micros) {
  return static_cast<int64_t>(pg_micros + kMicrosFrom1970To2000);
}

uint64_t PgMicrosFromUnix(int64_t unix_micros) {
  return static_cast<uint64_t>(unix_micros) - kMicrosFrom1970To2000;
}

Result<ReplicationFrame> ParseReplicationFrame(BytesView frame) {
  ByteReader reader(frame, "replication frame");
  STROM_ASSIGN_OR_RETURN(const uint8_t tag, reader.ReadBig<uint8_t>());
  if (tag == 'w') {
    STROM_RETURN_IF_ERROR(reader.Skip(kXLogDataHeaderSize));
    return ReplicationFrame(XLogData{frame.substr(reader.position())});
  }
  if (tag != 'k') {
    return Error(ErrorCode::kCorruptMessage,
                 "replication frame of {} bytes: unknown tag {:#04x}, expected 'w' or 'k'",
                 frame.size(), tag);
  }
  STROM_ASSIGN_OR_RETURN(const uint64_t wal_end, reader.ReadBig<uint64_t>());
  STROM_ASSIGN_OR_RETURN(const uint64_t sent, reader.ReadBig<uint64_t>());
  STROM_ASSIGN_OR_RETURN(const uint8_t reply, reader.ReadBig<uint8_t>());
  if (!reader.done()) {
    return Error(ErrorCode::kCorruptMessage, "keepalive: {} bytes follow its end",
                 reader.remaining());
  }
  return ReplicationFrame(Keepalive{.wal_end = Lsn{wal_end},
                                    .sent_micros = UnixMicrosFromPg(sent),
                                    .reply_requested = reply != 0});
}

Bytes EncodeStatusUpdate(Lsn flushed, int64_t now_micros) {
  Bytes out = "r";
  for (int i = 0; i < 3; ++i) AppendBig(out, flushed.value);
  AppendBig(out, PgMicrosFromUnix(now_micros));
  out += '\0';  // No reply wanted.
  return out;
}

}  // namespace strom::cdc
