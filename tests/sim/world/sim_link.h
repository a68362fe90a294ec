#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "common/rpc/framed/frame_link.h"
#include "common/runtime/strand.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::sim {

// What becomes of what one host sends to another.
struct Weather {
  bool cut = false;        // It waits on the way, until SimLink::Release.
  MonoDuration delay_max;  // It takes up to so much longer.
  double loss = 0;         // This share is lost, and comes when TCP has sent it again.
};

// One end of a simulated TCP connection. Bytes arrive late, in order, each once, cut anywhere; the
// connection may break, and then what is under way is lost. One thread, as all of the world.
//
// Alive as long as the network's list or a task of its own holds it.
class SimLink final : public rpc::framed::FrameLink, public std::enable_shared_from_this<SimLink> {
 public:
  struct Options {
    SimScheduler* scheduler = nullptr;
    SimRandom* random = nullptr;
    MonoDuration latency_min;
    MonoDuration latency_max;
    std::shared_ptr<const Weather> weather;  // Of what this end sends. Null: the best.
  };

  // Asked before each frame that this end writes: how much later than others it arrives, and what
  // is behind it on this connection with it; nothing breaks the connection in its place.
  using Fate = absl::AnyInvocable<std::optional<MonoDuration>()>;

  // `connection` does what this end does with bytes; on `strand`, as all of FrameLink.
  // `ended` is called once OnClosed has been.
  SimLink(Options options, std::shared_ptr<runtime::Strand> strand,
          std::shared_ptr<rpc::framed::FrameConnection> connection, Fate fate,
          absl::AnyInvocable<void()> ended);

  // Makes the two a connection.
  static void Join(const std::shared_ptr<SimLink>& a, const std::shared_ptr<SimLink>& b);

  void Write(rpc::framed::OutFrame frame) override;
  void Close(Status why) override;
  void ReadOn() override;

  // From outside: the wire is cut. Both ends hear of it, on their strands; nothing arrives any
  // more.
  void Break(const Status& why);

  // From outside: this end in peace, when what is in flight is answered.
  void Drain();

  // From outside: what either end sends from now on vanishes, and neither hears of it.
  void Stall() { stalled_ = true; }

  // From outside: the cut has ended; what waited goes on, as TCP sends it again.
  void Release();

  // From outside: the process of this end is no more, and nothing of it runs; what it kept goes now.
  // The peer gets what is under way to it, and hears of it then.
  void Die();

  // From outside: this end takes no byte any more, at once.
  void Deafen() { deaf_ = true; }

 private:
  struct Packet {
    Bytes bytes;
    bool last = false;   // The peer has closed.
    MonoDuration later;  // Than it would be.
  };

  void Send(Packet packet);
  MonoDuration TimeOnTheWay();
  void Arrive();
  void Pump();
  void End(Status why);

  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;
  std::shared_ptr<rpc::framed::FrameConnection> connection_;  // Null once dead.
  Fate fate_;
  absl::AnyInvocable<void()> ended_;
  std::weak_ptr<SimLink> peer_;

  std::deque<Packet> held_;       // From this end, by a cut.
  std::deque<Packet> under_way_;  // To this end, oldest first.
  MonoTime last_arrival_;         // Of the newest of them.
  Bytes unread_;
  bool reading_ = true;
  bool stalled_ = false;
  bool deaf_ = false;    // No OnBytes any more.
  bool ending_ = false;  // End was called; OnClosed follows or has been.
};

}  // namespace strom::sim
