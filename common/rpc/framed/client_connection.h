#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "common/rpc/client_session.h"
#include "common/rpc/framed/frame_codec.h"
#include "common/rpc/framed/frame_link.h"

namespace strom::rpc::framed {

// The client's end of a framed connection, without sockets: encodes what its session sends and
// decodes what the session waits for. Runs on the connection's strand.
class ClientConnection final : public FrameConnection, private ClientSession::Connection {
 public:
  ClientConnection(std::shared_ptr<ClientSession> session, size_t response_bytes_max)
      : session_(std::move(session)), decoder_(kResponsePayloadBytesMin, response_bytes_max) {}

  void OnOpen(FrameLink* link) override;
  bool OnBytes(BytesView bytes) override;
  void OnDrained() override {}  // What a client has in flight is bounded by its session.
  void Drain() override { Disconnect(); }
  void OnClosed(const Status& why) override;
  void OnRefused(const Status& why) override { session_->OnRefused(why); }

 private:
  void SendRequest(OutgoingRequest request) override;
  void Disconnect() override;
  void Fail(const Status& why);

  const std::shared_ptr<ClientSession> session_;
  FrameLink* link_ = nullptr;  // Null before OnOpen and once closed, by whichever side.
  FrameDecoder decoder_;
};

}  // namespace strom::rpc::framed
