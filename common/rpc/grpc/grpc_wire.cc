#include "common/rpc/grpc/grpc_wire.h"

#include <charconv>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

namespace strom::rpc {
namespace {

constexpr std::string_view kPackage = "/strom.v1.";

grpc::StatusCode StatusCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownServerError:
      return grpc::StatusCode::INTERNAL;
    case ErrorCode::kUnsupportedVersion:
      return grpc::StatusCode::UNIMPLEMENTED;
    case ErrorCode::kCorruptMessage:
    case ErrorCode::kCorruptRecord:
    case ErrorCode::kInvalidTable:
    case ErrorCode::kInvalidDatabase:
    case ErrorCode::kInvalidReplicationFactor:
    case ErrorCode::kInvalidRequiredAcks:
    case ErrorCode::kInvalidColumnProjection:
    case ErrorCode::kInvalidTargetColumn:
    case ErrorCode::kInvalidTimestamp:
    case ErrorCode::kInvalidConfig:
    case ErrorCode::kInvalidAlterTable:
    case ErrorCode::kInvalidScanRequest:
    case ErrorCode::kPartitionSpecInvalid:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kDatabaseNotExist:
    case ErrorCode::kTableNotExist:
    case ErrorCode::kSchemaNotExist:
    case ErrorCode::kPartitionNotExists:
    case ErrorCode::kKvSnapshotNotExist:
    case ErrorCode::kLakeSnapshotNotExist:
    case ErrorCode::kServerNotExist:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kDatabaseAlreadyExist:
    case ErrorCode::kTableAlreadyExist:
    case ErrorCode::kPartitionAlreadyExists:
    case ErrorCode::kLakeTableAlreadyExist:
    case ErrorCode::kServerTagAlreadyExist:
      return grpc::StatusCode::ALREADY_EXISTS;
    case ErrorCode::kLogOffsetOutOfRange:
      return grpc::StatusCode::OUT_OF_RANGE;
    case ErrorCode::kRequestTimeOut:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorCode::kAuthenticate:
    case ErrorCode::kRetriableAuthenticate:
      return grpc::StatusCode::UNAUTHENTICATED;
    case ErrorCode::kAuthorization:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::kRecordTooLarge:
    case ErrorCode::kDiskWriteLocked:
    case ErrorCode::kStorageBackpressure:
    case ErrorCode::kTooManyScanners:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    default:
      return IsRetriable(code) ? grpc::StatusCode::UNAVAILABLE
                               : grpc::StatusCode::FAILED_PRECONDITION;
  }
}

// For a status that gRPC made itself, on either side.
ErrorCode ErrorCodeFor(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::kRequestTimeOut;
    case grpc::StatusCode::UNIMPLEMENTED:
      return ErrorCode::kUnsupportedVersion;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorCode::kRecordTooLarge;
    case grpc::StatusCode::UNAUTHENTICATED:
      return ErrorCode::kAuthenticate;
    case grpc::StatusCode::PERMISSION_DENIED:
      return ErrorCode::kAuthorization;
    default:
      return ErrorCode::kNetwork;  // Reset, refused, cancelled, unavailable.
  }
}

std::string_view ViewOfRef(grpc::string_ref ref) { return {ref.data(), ref.size()}; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string PathOf(const MethodInfo& method) {
  std::string path(kPackage);
  path.append(method.service).append("/").append(method.name);
  return path;
}

PathParts SplitPath(std::string_view path) {
  if (path.substr(0, kPackage.size()) != kPackage) return {};
  path.remove_prefix(kPackage.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string PeerAddress(const std::string& grpc_peer) {
  const bool ip = grpc_peer.starts_with("ipv4:") || grpc_peer.starts_with("ipv6:");
  return PercentDecode(ip ? std::string_view(grpc_peer).substr(5) : grpc_peer);
}

std::string CutMessage(std::string_view message) {
  if (message.size() <= kErrorMessageBytesMax) return std::string(message);
  size_t size = kErrorMessageBytesMax;
  while (size > 0 && (message[size] & 0xc0) == 0x80) --size;  // Not inside a UTF-8 character.
  return std::string(message.substr(0, size));
}

std::string PercentEncode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // Blanks at the ends of metadata values do not survive: all are encoded.
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out.push_back(c);
    } else {
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
        HexValue(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

grpc::ByteBuffer ToByteBuffer(Bytes bytes) {
  auto* owned = new Bytes(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* p) { delete static_cast<Bytes*>(p); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Slice Flatten(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.TrySingleSlice(&slice).ok()) {
    const grpc::Status dumped = buffer.DumpToSingleSlice(&slice);
    STROM_CHECK(dumped.ok()) << dumped.error_message();
  }
  return slice;
}

BytesView ViewOf(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

grpc::Status ToGrpcStatus(const Status& status) {
  STROM_CHECK(!status.ok());
  return {StatusCodeFor(status.code()), CutMessage(status.message())};
}

Status FromGrpcStatus(const grpc::Status& status, const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  if (const auto code = trailers.find(kErrorCodeKey); code != trailers.end()) {
    const std::string_view text = ViewOfRef(code->second);
    int32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && number != 0) {
      const ErrorCode known = ErrorCodeFromWire(number);
      const auto message = trailers.find(kErrorMessageKey);
      return Status(known, message == trailers.end() ? std::string(ErrorCodeText(known))
                                                     : PercentDecode(ViewOfRef(message->second)));
    }
  }
  return Status(ErrorCodeFor(status.error_code()), status.error_message());
}

}  // namespace strom::rpc
