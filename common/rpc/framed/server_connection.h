#pragma once

#include <cstddef>
#include <memory>

#include "common/rpc/framed/frame_codec.h"
#include "common/rpc/framed/frame_link.h"
#include "common/rpc/server_session.h"

namespace strom::rpc::framed {

// The server's end of a framed connection, without sockets: the Asio server, the simulated network
// and the fuzzer run it. Runs on the connection's strand.
//
// A length out of bounds is answered with a failure frame (type 2, code -1) and the connection is
// closed, as in Fluss; everything that has a request id is answered under that id.
class ServerConnection final : public FrameConnection, private ServerSession::Connection {
 public:
  ServerConnection(ServerSession::Options options, size_t request_bytes_max,
                   std::shared_ptr<runtime::Strand> strand);

  void OnOpen(FrameLink* link) override { link_ = link; }
  bool OnBytes(BytesView bytes) override;
  void OnDrained() override { ReadOn(); }
  void Drain() override;
  void OnClosed(const Status& why) override;

 private:
  void SendAnswer(OutgoingAnswer answer) override;
  void ReadOn() override;
  bool takes_requests() const { return link_ && !session_->paused() && !link_->congested(); }
  void TakeFrames();
  void Fail(const Status& why);

  FrameLink* link_ = nullptr;  // Null before OnOpen, after OnClosed and once we gave up.
  FrameDecoder decoder_;
  const std::shared_ptr<ServerSession> session_;
};

}  // namespace strom::rpc::framed
