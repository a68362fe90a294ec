#pragma once

#include "common/base/bytes.h"
#include "common/rpc/byte_budget.h"

namespace strom::rpc::framed {

// A frame to be written: header, then message.
struct OutFrame {
  Bytes header;
  Bytes body;
  ByteLease lease;  // Given back once the frame is written, or cannot be any more.

  size_t size() const { return header.size() + body.size(); }
};

// A byte stream to the peer as a connection sees it: a socket, or a simulated link. Everything here
// and in FrameConnection happens on the connection's strand.
class FrameLink {
 public:
  virtual ~FrameLink() = default;

  // Queues a frame; frames are written in this order. Ignored after Close.
  virtual void Write(OutFrame frame) = 0;

  // Writes what is queued, then closes. No OnBytes follows; OnClosed does, later, with `why`.
  virtual void Close(Status why) = 0;

  // True while so much waits to be written that nothing should be done that makes more: the bound
  // of the queue. OnDrained follows. A link without such a bound never is.
  virtual bool congested() const { return false; }

  // Bytes can be taken again after OnBytes returned false. OnBytes follows later, not inside.
  virtual void ReadOn() = 0;
};

// What the two ends of a connection do with bytes: ServerConnection, ClientConnection.
class FrameConnection {
 public:
  virtual ~FrameConnection() = default;

  // The link is up. It outlives OnClosed.
  virtual void OnOpen(FrameLink* link) = 0;

  // Takes bytes that arrived, however cut. False: no more of them until ReadOn().
  [[nodiscard]] virtual bool OnBytes(BytesView bytes) = 0;

  // The link is no longer congested.
  virtual void OnDrained() = 0;

  // Ends the connection in peace: closes the link once what is in flight here is answered.
  virtual void Drain() = 0;

  // The link is gone, or could not be made: called exactly once, and the last call. Never from
  // within one of the link's functions.
  virtual void OnClosed(const Status& why) = 0;

  // Instead of OnClosed: the link could not be made, because nobody listens at the address.
  virtual void OnRefused(const Status& why) { OnClosed(why); }
};

}  // namespace strom::rpc::framed
