#include "common/rpc/grpc/grpc_wire.h"

#include <catch2/catch_test_macros.hpp>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include "common/rpc/methods.h"

namespace strom::rpc {

TEST_CASE("gRPC paths name service and method", "[rpc]") {
  CHECK(PathOf(MethodInfo::Of(kProduceLog)) == "/strom.v1.TabletService/ProduceLog");
  const PathParts parts = SplitPath("/strom.v1.TabletService/ProduceLog");
  CHECK(parts.service == "TabletService");
  CHECK(parts.name == "ProduceLog");
  for (const char* path : {"", "/", "/strom.v1.", "/strom.v1.X", "/other.v1.X/Y", "strom.v1.X/Y"}) {
    CHECK(SplitPath(path).name.empty());
  }
}

TEST_CASE("peers are shown as addresses", "[rpc]") {
  CHECK(PeerAddress("ipv4:127.0.0.1:4242") == "127.0.0.1:4242");
  CHECK(PeerAddress("ipv6:%5B::1%5D:4242") == "[::1]:4242");
  CHECK(PeerAddress("unix:/tmp/socket") == "unix:/tmp/socket");
}

TEST_CASE("messages of any bytes survive metadata", "[rpc]") {
  Bytes all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const std::string encoded = PercentEncode(all);
  for (const char c : encoded) CHECK((c > 0x20 && c < 0x7f));
  CHECK(PercentDecode(encoded) == all);
  CHECK(PercentEncode("table db.t") == "table%20db.t");
  CHECK(PercentDecode("100%") == "100%");
  CHECK(PercentDecode("%4") == "%4");
  CHECK(PercentDecode("%zz%41") == "%zzA");
}

TEST_CASE("long messages are cut between characters", "[rpc]") {
  CHECK(CutMessage("short") == "short");
  CHECK(CutMessage(std::string(5000, 'x')).size() == kErrorMessageBytesMax);
  const std::string text = std::string(kErrorMessageBytesMax - 1, 'x') + "\xc3\xa4 and more";
  CHECK(CutMessage(text) == std::string(kErrorMessageBytesMax - 1, 'x'));
}

TEST_CASE("byte buffers carry bytes of any size", "[rpc]") {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{15}, size_t{100}, size_t{1} << 20}) {
    const Bytes bytes(size, 'b');
    CHECK(ViewOf(Flatten(ToByteBuffer(bytes))) == bytes);
  }
  const grpc::Slice pieces[] = {grpc::Slice("ab"), grpc::Slice("cd")};
  CHECK(ViewOf(Flatten(grpc::ByteBuffer(pieces, 2))) == "abcd");
}

TEST_CASE("errors have the gRPC code a foreign client expects", "[rpc]") {
  const auto code = [](ErrorCode c) { return ToGrpcStatus(Status(c, "text")).error_code(); };
  CHECK(code(ErrorCode::kTableNotExist) == grpc::StatusCode::NOT_FOUND);
  CHECK(code(ErrorCode::kTableAlreadyExist) == grpc::StatusCode::ALREADY_EXISTS);
  CHECK(code(ErrorCode::kAuthorization) == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(code(ErrorCode::kNotLeaderOrFollower) == grpc::StatusCode::UNAVAILABLE);
  CHECK(code(ErrorCode::kFencedLeaderEpoch) == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(code(ErrorCode::kUnknownServerError) == grpc::StatusCode::INTERNAL);
  for (int number = -1; number <= 73; ++number) {  // No error of ours looks like success.
    if (number != 0) CHECK(code(ErrorCodeFromWire(number)) != grpc::StatusCode::OK);
  }
}

TEST_CASE("errors that gRPC makes itself have a code of ours", "[rpc]") {
  const grpc::ClientContext context;  // No trailers.
  const auto code = [&](grpc::StatusCode c) {
    return FromGrpcStatus(grpc::Status(c, "text"), context).code();
  };
  CHECK(code(grpc::StatusCode::DEADLINE_EXCEEDED) == ErrorCode::kRequestTimeOut);
  CHECK(code(grpc::StatusCode::UNAVAILABLE) == ErrorCode::kNetwork);
  CHECK(code(grpc::StatusCode::CANCELLED) == ErrorCode::kNetwork);
  CHECK(code(grpc::StatusCode::INTERNAL) == ErrorCode::kNetwork);
  CHECK(code(grpc::StatusCode::UNIMPLEMENTED) == ErrorCode::kUnsupportedVersion);
  CHECK(code(grpc::StatusCode::RESOURCE_EXHAUSTED) == ErrorCode::kRecordTooLarge);
}

}  // namespace strom::rpc
