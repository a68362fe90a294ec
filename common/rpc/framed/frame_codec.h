#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

// Frames of the Fluss protocol. All integers are big-endian and signed.
//
//   frame     int32 length of the rest | payload
//   request   int16 api key | int16 api version | int32 request id | message
//   response  int8 type 0 (success) | int32 request id | message
//             int8 type 1 (error)   | int32 request id | ErrorResponse
//             int8 type 2 (failure of the whole connection)      | ErrorResponse
//
// Source: MessageCodec.java; `fluss-wire-protocol.md`, sections 1.1 to 1.3.
namespace strom::rpc::framed {

inline constexpr size_t kLengthBytes = 4;
inline constexpr size_t kRequestHeaderBytes = 8;                    // Of the payload.
inline constexpr size_t kResponsePayloadBytesMin = 1;               // A type.
inline constexpr size_t kFrameBytesMaxDefault = size_t{100} << 20;  // With the length, as in Fluss.

struct RequestFrame {
  int16_t api_key = 0;
  int16_t api_version = 0;
  int32_t request_id = 0;
  BytesView body;
};

enum class ResponseType : int8_t { kSuccess = 0, kError = 1, kServerFailure = 2 };

struct ResponseFrame {
  ResponseType type = ResponseType::kSuccess;
  int32_t request_id = 0;  // 0 for kServerFailure.
  BytesView body;
};

// A frame up to its message, of which only the size is needed: the two are written one after the
// other, so that large messages are not copied. `request.body` and `response.body` are that
// message. Checked: the payload's length fits an int32.
Bytes EncodeHeader(const RequestFrame& request);
Bytes EncodeHeader(const ResponseFrame& response);

// The parts of a frame's payload; bodies are views into it.
// Errors: kCorruptMessage for a payload shorter than its header, or an unknown response type.
Result<RequestFrame> ParseRequest(BytesView payload);
Result<ResponseFrame> ParseResponse(BytesView payload);

// Cuts a stream of bytes into frames. Holds at most what it was given and has not handed out: a
// peer that announces much and sends little costs little.
class FrameDecoder {
 public:
  // Frames shorter than `payload_bytes_min` after their length, or longer than `frame_bytes_max`
  // with it, are refused.
  FrameDecoder(size_t payload_bytes_min, size_t frame_bytes_max)
      : payload_bytes_min_(payload_bytes_min), frame_bytes_max_(frame_bytes_max) {}

  // Adds bytes that arrived; ends the validity of views from Next.
  void Append(BytesView bytes);

  // The payload of the next frame, valid until the next Append; none if it is not complete yet.
  // Errors: kCorruptMessage for a length out of bounds; the stream cannot be read on.
  Result<std::optional<BytesView>> Next();

  size_t buffered_bytes() const { return buffer_.size() - consumed_; }

 private:
  const size_t payload_bytes_min_;
  const size_t frame_bytes_max_;
  Bytes buffer_;
  size_t consumed_ = 0;  // Bytes at the front of buffer_ that were handed out.
};

}  // namespace strom::rpc::framed
