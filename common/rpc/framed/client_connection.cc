#include "common/rpc/framed/client_connection.h"

#include "common/rpc/message.h"

namespace strom::rpc::framed {

void ClientConnection::OnOpen(FrameLink* link) {
  link_ = link;
  session_->OnConnected(this);
}

bool ClientConnection::OnBytes(BytesView bytes) {
  decoder_.Append(bytes);
  while (link_) {
    const auto payload = decoder_.Next();
    if (!payload.ok()) {
      Fail(payload.status());
      break;
    }
    if (!payload->has_value()) return true;
    const Result<ResponseFrame> frame = ParseResponse(**payload);
    if (!frame.ok()) {
      Fail(frame.status());
      break;
    }
    switch (frame->type) {
      case ResponseType::kSuccess:
        session_->OnAnswer(frame->request_id, Bytes(frame->body));
        break;
      case ResponseType::kError:
        session_->OnAnswer(frame->request_id, ParseError(frame->body));
        break;
      case ResponseType::kServerFailure:
        Fail(ParseError(frame->body).WithContext("the server gave up"));
        break;
    }
  }
  return false;
}

void ClientConnection::SendRequest(OutgoingRequest request) {
  if (!link_) return;
  Bytes header = EncodeHeader(
      RequestFrame{request.api_key, request.api_version, request.request_id, request.body});
  link_->Write({std::move(header), std::move(request.body), {}});
}

// The session calls this while it breaks; nothing goes back to it.
void ClientConnection::Disconnect() {
  if (FrameLink* link = std::exchange(link_, nullptr)) {
    link->Close(Error(ErrorCode::kNetwork, "closed by this side"));
  }
}

void ClientConnection::Fail(const Status& why) {
  FrameLink* link = std::exchange(link_, nullptr);
  session_->OnClosed(why);
  link->Close(why);
}

void ClientConnection::OnClosed(const Status& why) {
  link_ = nullptr;
  session_->OnClosed(why);
}

}  // namespace strom::rpc::framed
