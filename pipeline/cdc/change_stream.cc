#include "pipeline/cdc/change_stream.h"

#include <algorithm>
#include <utility>

namespace strom::cdc {
namespace {

// A transaction that changed other tables alone may be long: callers want to look around.
constexpr int kFramesPerPollMax = 10000;

}  // namespace

ChangeStream::ChangeStream(Options options, std::unique_ptr<ReplicationSession> session, Lsn start,
                           const runtime::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      session_(std::move(session)),
      decoder_(options_.tables, start),
      confirmed_(std::max(start, session_->start())),
      read_end_(confirmed_),
      server_end_(session_->server_end()),
      next_status_(clock.Now() + options_.status_interval) {}

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
    STROM_ASSIGN_OR_RETURN(const bool taken, session_->TryRead([&](BytesView frame) {
      return OnFrame(frame, events);
    }));
    if (taken) {
      ++frames;
      continue;
    }
    if (!events->empty() || clock_.Now() >= deadline) break;
    STROM_RETURN_IF_ERROR(session_->WaitFor(std::min(deadline, next_status_)));
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
  return session_->Send(EncodeStatusUpdate(confirmed_, clock_.WallNow() * 1000));
}

}  // namespace strom::cdc
