#pragma once

// How our requests look in gRPC. Internal to this folder; gRPC's types are only declared.

#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/rpc/method.h"
#include "common/runtime/time.h"

namespace grpc {
class ByteBuffer;
class ClientContext;
class Slice;
class Status;
}  // namespace grpc

namespace strom::rpc {

// Call metadata: the api version in decimal; absent = the highest the server serves.
inline constexpr char kVersionKey[] = "strom-api-version";
// Trailers of a failed call: the number of the ErrorCode in decimal, and the message,
// percent-encoded like gRPC's own (metadata is printable ASCII). gRPC's status code and message say
// the same, more coarsely, to clients that do not know Strom.
inline constexpr char kErrorCodeKey[] = "strom-error-code";
inline constexpr char kErrorMessageKey[] = "strom-error-message";
// Longer messages are cut: all metadata of a call has to fit 8 KiB.
inline constexpr size_t kErrorMessageBytesMax = 1024;

inline constexpr char kSessionPath[] = "/strom.v1.StromService/Session";
// What a session Frame adds to a message, at most.
inline constexpr size_t kFrameOverheadBytes = 64;

// "/strom.v1.TabletService/ProduceLog"
std::string PathOf(const MethodInfo& method);
struct PathParts {
  std::string_view service;
  std::string_view name;
};
// Empty parts for a path that is not below /strom.v1.
PathParts SplitPath(std::string_view path);

// "ipv4:127.0.0.1:4242" as "127.0.0.1:4242".
std::string PeerAddress(const std::string& grpc_peer);

std::string CutMessage(std::string_view message);
std::string PercentEncode(std::string_view text);
std::string PercentDecode(std::string_view text);

// The bytes, without a copy.
grpc::ByteBuffer ToByteBuffer(Bytes bytes);
// One contiguous slice; copies only what gRPC holds in pieces.
grpc::Slice Flatten(const grpc::ByteBuffer& buffer);
BytesView ViewOf(const grpc::Slice& slice);

// The status that gRPC clients see for one of our errors; not OK.
grpc::Status ToGrpcStatus(const Status& status);

// The error of a finished call: what the server's trailers say, otherwise what gRPC itself says, as
// kRequestTimeOut, kUnsupportedVersion, kRecordTooLarge, kAuthenticate, kAuthorization or kNetwork.
Status FromGrpcStatus(const grpc::Status& status, const grpc::ClientContext& context);

}  // namespace strom::rpc
