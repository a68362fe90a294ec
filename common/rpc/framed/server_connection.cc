#include "common/rpc/framed/server_connection.h"

#include <utility>

#include "common/base/logging.h"
#include "common/rpc/message.h"

namespace strom::rpc::framed {

ServerConnection::ServerConnection(ServerSession::Options options, size_t request_bytes_max,
                                   std::shared_ptr<runtime::Strand> strand)
    : decoder_(kRequestHeaderBytes, request_bytes_max),
      session_(std::make_shared<ServerSession>(std::move(options), std::move(strand),
                                               static_cast<ServerSession::Connection*>(this))) {}

bool ServerConnection::OnBytes(BytesView bytes) {
  decoder_.Append(bytes);
  TakeFrames();
  return takes_requests();
}

void ServerConnection::TakeFrames() {
  while (takes_requests()) {
    const auto payload = decoder_.Next();
    if (!payload.ok()) return Fail(payload.status());
    if (!payload->has_value()) return;
    const Result<RequestFrame> frame = ParseRequest(**payload);
    if (!frame.ok()) return Fail(frame.status());
    session_->OnRequest({frame->api_key, frame->api_version, frame->request_id, frame->body,
                         kLengthBytes + (*payload)->size()});
  }
}

// The session, or the link, can go on: first with frames that have arrived already.
void ServerConnection::ReadOn() {
  TakeFrames();
  if (takes_requests()) link_->ReadOn();
}

void ServerConnection::SendAnswer(OutgoingAnswer answer) {
  if (!link_) return;
  const bool ok = answer.result.ok();
  Bytes body = ok ? std::move(answer.result).value() : SerializeError(answer.result.status());
  if (body.size() > INT32_MAX - kRequestHeaderBytes) {
    body =
        SerializeError(Error(ErrorCode::kRecordTooLarge, "the answer has {} bytes", body.size()));
    answer.result = Error(ErrorCode::kRecordTooLarge, "the answer is too large for a frame");
  }
  const auto type = answer.result.ok() ? ResponseType::kSuccess : ResponseType::kError;
  Bytes header = EncodeHeader(ResponseFrame{type, answer.request_id, body});
  link_->Write({std::move(header), std::move(body), std::move(answer.lease)});
}

void ServerConnection::Fail(const Status& why) {
  STROM_LOG(kInfo, "closing a framed connection: {}", why.message());
  Bytes body = SerializeError(Error(ErrorCode::kUnknownServerError, "{}", why.message()));
  Bytes header = EncodeHeader(ResponseFrame{ResponseType::kServerFailure, 0, body});
  FrameLink* link = std::exchange(link_, nullptr);
  session_->Close();  // Answers after a failure frame would confuse the peer.
  link->Write({std::move(header), std::move(body), {}});
  link->Close(why);
}

void ServerConnection::Drain() {
  session_->Drain([this] {  // The session drops this when OnClosed closes it.
    if (link_) link_->Close(Error(ErrorCode::kNetwork, "the server is stopping"));
  });
}

void ServerConnection::OnClosed(const Status& /*why*/) {
  link_ = nullptr;
  session_->Close();
}

}  // namespace strom::rpc::framed
