#pragma once

#include <deque>
#include <memory>

#include "common/rpc/client_session.h"
#include "common/rpc/open_set.h"
#include "common/rpc/server_session.h"
#include "common/runtime/strand.h"

namespace strom::rpc {

// A connection inside the process: what a ClientSession sends goes to a ServerSession, and back, as
// it is. Internal to this folder.
//
// Two strands, one an end: what passes from one to the other is posted, so neither ever runs in the
// other's stack, and everything arrives in the order it was sent.
//
// The bounds: requests that wait to be taken are in flight at the client, which limits those;
// answers on their way are at most one for each of them.
class LocalLink final : public std::enable_shared_from_this<LocalLink>,
                        private ClientSession::Connection,
                        private ServerSession::Connection {
 public:
  // The client's end lives on `client_strand`; the server's on `server_strand`, nobody else's.
  LocalLink(std::shared_ptr<ClientSession> client, std::shared_ptr<runtime::Strand> client_strand,
            ServerSession::Options server, std::shared_ptr<runtime::Strand> server_strand,
            std::shared_ptr<OpenSet<LocalLink>> links);

  // Once it is in its set: connects the client.
  void Open();

  // Ends once what is in flight is answered; at once. Any thread.
  void Drain();
  void Abort(const Status& why);

 private:
  // On the client's strand.
  void SendRequest(OutgoingRequest request) override;
  void Disconnect() override;

  // On the server's strand.
  void SendAnswer(OutgoingAnswer answer) override;
  void ReadOn() override { TakeRequests(); }
  void TakeRequests();
  void End(const Status& why);

  const std::shared_ptr<ClientSession> client_;
  const std::shared_ptr<runtime::Strand> client_strand_;
  const std::shared_ptr<runtime::Strand> server_strand_;
  const std::shared_ptr<OpenSet<LocalLink>> links_;

  // On the server's strand:
  const std::shared_ptr<ServerSession> server_;
  std::deque<OutgoingRequest> arrived_;  // Not taken yet: the server has paused.
  bool open_ = true;
};

}  // namespace strom::rpc
