#include "tests/sim/world/sim_link.h"

#include <algorithm>
#include <utility>

namespace strom::sim {
namespace {

constexpr MonoDuration kSendAgainAfter = Millis(200);

}  // namespace

SimLink::SimLink(Options options, std::shared_ptr<runtime::Strand> strand,
                 std::shared_ptr<rpc::framed::FrameConnection> connection, Fate fate,
                 absl::AnyInvocable<void()> ended)
    : options_(std::move(options)),
      strand_(std::move(strand)),
      connection_(std::move(connection)),
      fate_(std::move(fate)),
      ended_(std::move(ended)) {}

void SimLink::Join(const std::shared_ptr<SimLink>& a, const std::shared_ptr<SimLink>& b) {
  a->peer_ = b;
  b->peer_ = a;
  for (const auto& end : {a, b}) {
    end->strand_->Post([end] {
      if (!end->ending_) end->connection_->OnOpen(end.get());
    });
  }
}

void SimLink::Write(rpc::framed::OutFrame frame) {
  if (ending_ || deaf_) return;
  const std::optional<MonoDuration> later = fate_();
  if (!later) return Break(Error(ErrorCode::kNetwork, "connection reset [injected]"));
  Send({.bytes = frame.header + frame.body, .later = *later});
}

void SimLink::Close(Status why) {
  if (ending_) return;
  Send({.bytes = "", .last = true, .later = {}});
  End(std::move(why));
}

void SimLink::ReadOn() {
  reading_ = true;
  strand_->Post([self = shared_from_this()] { self->Pump(); });
}

void SimLink::Break(const Status& why) {
  const std::shared_ptr<SimLink> peer = peer_.lock();
  End(why);
  if (peer) peer->End(why);
}

void SimLink::Die() {
  Send({.bytes = "", .last = true, .later = {}});
  ending_ = deaf_ = true;
  const auto connection = std::exchange(connection_, nullptr);
  const auto fate = std::exchange(fate_, nullptr);
  const auto ended = std::exchange(ended_, nullptr);
}

void SimLink::Drain() {
  strand_->Post([self = shared_from_this()] {
    if (!self->ending_) self->connection_->Drain();
  });
}

void SimLink::Send(Packet packet) {
  const std::shared_ptr<SimLink> peer = peer_.lock();
  if (!peer || peer->ending_ || stalled_) return;
  if (options_.weather && options_.weather->cut) return held_.push_back(std::move(packet));
  peer->last_arrival_ = std::max(
      peer->last_arrival_, options_.scheduler->now() + TimeOnTheWay() + packet.later);
  peer->under_way_.push_back(std::move(packet));
  // Timers of one instant may run in any order, packets may not: each timer takes the oldest.
  peer->strand_->PostAt(peer->last_arrival_, [peer] { peer->Arrive(); });
}

MonoDuration SimLink::TimeOnTheWay() {
  const auto up_to = [this](MonoDuration max) {
    return MonoDuration::FromNanos(
        static_cast<int64_t>(options_.random->Uniform(static_cast<uint64_t>(max.nanos()) + 1)));
  };
  MonoDuration time = options_.latency_min + up_to(options_.latency_max - options_.latency_min);
  if (!options_.weather) return time;
  const Weather& weather = *options_.weather;
  if (weather.delay_max > MonoDuration()) time = time + up_to(weather.delay_max);
  while (weather.loss > 0 && options_.random->Chance(weather.loss)) time = time + kSendAgainAfter;
  return time;
}

void SimLink::Release() {
  for (Packet& packet : std::exchange(held_, {})) Send(std::move(packet));
}

void SimLink::Arrive() {
  if (under_way_.empty()) return;  // Lost when the connection broke.
  const Packet packet = std::move(under_way_.front());
  under_way_.pop_front();
  unread_ += packet.bytes;
  Pump();
  if (packet.last) End(Error(ErrorCode::kNetwork, "closed by the other side"));
}

void SimLink::Pump() {
  while (reading_ && !deaf_ && !ending_ && !unread_.empty()) {
    const size_t size = 1 + options_.random->Uniform(unread_.size());
    const Bytes chunk = unread_.substr(0, size);
    unread_.erase(0, size);
    reading_ = connection_->OnBytes(chunk);
  }
}

void SimLink::End(Status why) {
  if (std::exchange(ending_, true)) return;
  under_way_.clear();
  strand_->Post([self = shared_from_this(), why = std::move(why)] {
    self->connection_->OnClosed(why);
    std::exchange(self->ended_, nullptr)();
  });
}

}  // namespace strom::sim
