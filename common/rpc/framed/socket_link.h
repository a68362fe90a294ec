#pragma once

// For sources only: includes Asio.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <asio/ip/tcp.hpp>

#include "common/rpc/framed/event_loop.h"
#include "common/rpc/framed/frame_link.h"
#include "common/rpc/open_set.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"

namespace strom::rpc::framed {

// A TCP connection: reads for its FrameConnection, and writes the frames of one turn of the loop in
// as few system calls as the kernel takes. Lives on its strand, on the socket's loop; keeps itself
// alive until the connection has heard OnClosed.
class SocketLink final : public FrameLink, public std::enable_shared_from_this<SocketLink> {
 public:
  struct Options {
    MonoDuration idle_timeout = MonoDuration::Max();  // Without any byte read or written.
    // Congested while more than this waits to be written. SIZE_MAX at clients, which bound their
    // calls instead: two sides that both stop reading would never go on.
    size_t outgoing_bytes_max = SIZE_MAX;
  };

  // `strand` runs on the event loop of `socket`. The link leaves `set` once it is closed.
  SocketLink(asio::ip::tcp::socket socket, const runtime::Clock& clock, Options options,
             std::shared_ptr<runtime::Strand> strand, std::shared_ptr<FrameConnection> connection,
             std::shared_ptr<OpenSet<SocketLink>> set);

  // Any thread; each goes on on the strand.
  // The socket is connected: sets its options, opens the connection and reads.
  void Start();
  // Resolves and connects, then like Start.
  void Connect(const std::string& host, uint16_t port);
  // Lets the connection end in peace.
  void Drain();
  // Closes at once, dropping what is queued.
  void Abort(Status why);

  void Write(OutFrame frame) override;
  void Close(Status why) override;
  bool congested() const override { return congested_; }
  void ReadOn() override;

 private:
  template <class Function>
  auto OnStrand(Function function);
  void Open();
  void ConnectTo(const asio::ip::tcp::resolver::results_type& addresses);
  void WaitReadable();
  void OnReadable();
  void Flush();
  void OnWritten(size_t bytes);
  void Linger();
  void Finish(Status why, bool refused = false);
  void WatchIdle();

  asio::ip::tcp::socket socket_;
  const runtime::Clock& clock_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;
  std::shared_ptr<FrameConnection> connection_;  // Null after OnClosed.
  const std::shared_ptr<OpenSet<SocketLink>> set_;
  std::deque<OutFrame> outgoing_;
  size_t outgoing_bytes_ = 0;
  bool congested_ = false;
  size_t front_written_ = 0;  // Bytes of the first frame that are gone.
  bool flush_pending_ = false;
  bool wants_bytes_ = true;  // The connection's last word.
  bool waits_readable_ = false;
  std::optional<Status> closing_;  // Close was called.
  bool lingering_ = false;
  MonoTime last_activity_;
};

// Turns Nagle off and cubic congestion control on; a kernel without cubic keeps its own.
void TuneSocket(asio::ip::tcp::socket& socket);

}  // namespace strom::rpc::framed
