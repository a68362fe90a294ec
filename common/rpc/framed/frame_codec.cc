#include "common/rpc/framed/frame_codec.h"

#include "common/base/byte_reader.h"

namespace strom::rpc::framed {
namespace {

// A buffer that grew for a large frame is given back once it is empty.
constexpr size_t kKeptCapacity = size_t{256} << 10;

Bytes StartFrame(size_t payload_bytes) {
  STROM_CHECK(payload_bytes <= INT32_MAX) << "a frame of " << payload_bytes << " bytes";
  Bytes header;  // At most 12 bytes: no allocation.
  AppendBig(header, static_cast<int32_t>(payload_bytes));
  return header;
}

}  // namespace

Bytes EncodeHeader(const RequestFrame& request) {
  Bytes header = StartFrame(kRequestHeaderBytes + request.body.size());
  AppendBig(header, request.api_key);
  AppendBig(header, request.api_version);
  AppendBig(header, request.request_id);
  return header;
}

Bytes EncodeHeader(const ResponseFrame& response) {
  const bool has_id = response.type != ResponseType::kServerFailure;
  Bytes header = StartFrame(sizeof(int8_t) + (has_id ? sizeof(int32_t) : 0) + response.body.size());
  AppendBig(header, static_cast<int8_t>(response.type));
  if (has_id) AppendBig(header, response.request_id);
  return header;
}

Result<RequestFrame> ParseRequest(BytesView payload) {
  ByteReader reader(payload, "request frame");
  RequestFrame frame;
  STROM_ASSIGN_OR_RETURN(frame.api_key, reader.ReadBig<int16_t>());
  STROM_ASSIGN_OR_RETURN(frame.api_version, reader.ReadBig<int16_t>());
  STROM_ASSIGN_OR_RETURN(frame.request_id, reader.ReadBig<int32_t>());
  frame.body = payload.substr(reader.position());
  return frame;
}

Result<ResponseFrame> ParseResponse(BytesView payload) {
  ByteReader reader(payload, "response frame");
  ResponseFrame frame;
  STROM_ASSIGN_OR_RETURN(const int8_t type, reader.ReadBig<int8_t>());
  if (type < 0 || type > static_cast<int8_t>(ResponseType::kServerFailure)) {
    return Error(ErrorCode::kCorruptMessage, "response frame of unknown type {}", type);
  }
  frame.type = static_cast<ResponseType>(type);
  if (frame.type != ResponseType::kServerFailure) {
    STROM_ASSIGN_OR_RETURN(frame.request_id, reader.ReadBig<int32_t>());
  }
  frame.body = payload.substr(reader.position());
  return frame;
}

void FrameDecoder::Append(BytesView bytes) {
  if (consumed_ == buffer_.size()) {
    if (buffer_.capacity() > kKeptCapacity) buffer_ = Bytes();
    buffer_.clear();
  } else {
    buffer_.erase(0, consumed_);
  }
  consumed_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<BytesView>> FrameDecoder::Next() {
  const BytesView rest = BytesView(buffer_).substr(consumed_);
  if (rest.size() < kLengthBytes) return std::optional<BytesView>();
  const int32_t length = LoadBig<int32_t>(rest.data());
  if (length < 0 || static_cast<size_t>(length) < payload_bytes_min_) {
    return Error(ErrorCode::kCorruptMessage, "frame of length {}, at least {} are needed", length,
                 payload_bytes_min_);
  }
  const size_t frame_bytes = kLengthBytes + static_cast<size_t>(length);
  if (frame_bytes > frame_bytes_max_) {
    return Error(ErrorCode::kCorruptMessage, "frame of {} bytes, {} are allowed", frame_bytes,
                 frame_bytes_max_);
  }
  if (rest.size() < frame_bytes) return std::optional<BytesView>();
  consumed_ += frame_bytes;
  return std::optional(rest.substr(kLengthBytes, static_cast<size_t>(length)));
}

}  // namespace strom::rpc::framed
