#include "common/rpc/local/local_link.h"

#include <utility>

namespace strom::rpc {

LocalLink::LocalLink(std::shared_ptr<ClientSession> client,
                     std::shared_ptr<runtime::Strand> client_strand, ServerSession::Options server,
                     std::shared_ptr<runtime::Strand> server_strand,
                     std::shared_ptr<OpenSet<LocalLink>> links)
    : client_(std::move(client)),
      client_strand_(std::move(client_strand)),
      server_strand_(std::move(server_strand)),
      links_(std::move(links)),
      server_(std::make_shared<ServerSession>(std::move(server), server_strand_,
                                              static_cast<ServerSession::Connection*>(this))) {}

void LocalLink::Open() {
  client_strand_->Dispatch([self = shared_from_this()] { self->client_->OnConnected(self.get()); });
}

void LocalLink::Drain() {
  server_strand_->Dispatch([self = shared_from_this()] {
    if (!self->open_) return;
    self->server_->Drain([link = self.get()] {  // The session drops this when it is closed.
      link->End(Error(ErrorCode::kNetwork, "the server is stopping"));
    });
  });
}

void LocalLink::Abort(const Status& why) {
  server_strand_->Dispatch([self = shared_from_this(), why] { self->End(why); });
}

void LocalLink::SendRequest(OutgoingRequest request) {
  server_strand_->Post([self = shared_from_this(), request = std::move(request)]() mutable {
    if (!self->open_) return;
    self->arrived_.push_back(std::move(request));
    self->TakeRequests();
  });
}

void LocalLink::Disconnect() {
  server_strand_->Post([self = shared_from_this()] {
    self->End(Error(ErrorCode::kNetwork, "closed by the client"));
  });
}

void LocalLink::TakeRequests() {
  STROM_ASSERT_ON(*server_strand_);
  while (open_ && !arrived_.empty() && !server_->paused()) {
    const OutgoingRequest request = std::move(arrived_.front());
    arrived_.pop_front();
    server_->OnRequest({.api_key = request.api_key,
                        .api_version = request.api_version,
                        .request_id = request.request_id,
                        .body = request.body,
                        .size = request.body.size() + ClientSession::kHeaderBytes});
  }
}

void LocalLink::SendAnswer(OutgoingAnswer answer) {
  client_strand_->Post([self = shared_from_this(), answer = std::move(answer)]() mutable {
    self->client_->OnAnswer(answer.request_id, std::move(answer.result));
  });
}

void LocalLink::End(const Status& why) {
  STROM_ASSERT_ON(*server_strand_);
  if (!std::exchange(open_, false)) return;
  const auto self = shared_from_this();
  server_->Close();
  arrived_.clear();
  client_strand_->Post([self, why] { self->client_->OnClosed(why); });
  links_->Remove(this);
}

}  // namespace strom::rpc
