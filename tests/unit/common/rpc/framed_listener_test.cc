// The framed server on the wire: sockets of the test's own, official bytes.
#include <algorithm>
#include <array>

#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/rpc/framed/framed_network.h"
#include "tests/unit/common/rpc/real_server.h"

namespace strom::rpc::framed {
namespace {

std::unique_ptr<RealServer> Serve(FramedNetwork::Options options) {
  return std::make_unique<RealServer>(Carrier::kFramed, [options](RealServer& server) {
    return std::make_unique<FramedNetwork>(server.clock, options);
  });
}

// A blocking socket to a server on loopback, whose reads give up after 20 s.
class RawClient {
 public:
  explicit RawClient(const Endpoint& endpoint, int receive_buffer_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~RawClient() { ::close(fd_); }

  // False if the server has reset the connection.
  bool Send(BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Sends `bytes` again and again, until the server has taken nothing for a while or `limit` bytes
  // are gone. Returns how many went.
  size_t SendUntilStuck(BytesView bytes, size_t limit) {
    size_t total = 0;
    while (total < limit) {
      pollfd poller{fd_, POLLOUT, 0};
      if (::poll(&poller, 1, 300) != 1) break;
      const BytesView rest = bytes.substr(total % bytes.size());
      const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) break;
      total += static_cast<size_t>(sent);
    }
    return total;
  }

  // Waits for bytes: some of them, or none if the server closed the connection.
  Bytes Receive() {
    pollfd poller{fd_, POLLIN, 0};
    REQUIRE(::poll(&poller, 1, 20000) == 1);
    std::array<char, 65536> buffer;
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return Bytes(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
  }
  Bytes ReceiveAll() {
    Bytes all;
    for (Bytes some = Receive(); !some.empty(); some = Receive()) all += some;
    return all;
  }
  // The next whole answer.
  TestAnswer ReceiveAnswer() {
    while (true) {
      const auto payload = decoder_.Next();
      REQUIRE(payload.ok());
      if (payload->has_value()) {
        const ResponseFrame frame = ParseResponse(**payload).value();
        return {frame.type, frame.request_id, Bytes(frame.body)};
      }
      const Bytes some = Receive();
      REQUIRE(!some.empty());
      decoder_.Append(some);
    }
  }

 private:
  const int fd_;
  FrameDecoder decoder_{kResponsePayloadBytesMin, kFrameBytesMaxDefault};
};

Bytes Exists(int32_t id, const std::string& name) {
  return RequestBytes(kDatabaseExists.api_key, 0, id, Serialize(ExistsRequest(name)));
}

}  // namespace

TEST_CASE("a framed server answers pipelined requests on a raw socket", "[rpc]") {
  const auto server = Serve({});
  RawClient client(server->listener->endpoint());
  REQUIRE(client.Send(Exists(7, "yes") + Exists(8, "fail") + Exists(9, "no")));
  const TestAnswer yes = client.ReceiveAnswer(), fail = client.ReceiveAnswer();
  CHECK(yes.request_id == 7);
  CHECK(yes.body == Bytes("\x08\x01", 2));
  CHECK(fail.request_id == 8);
  CHECK(fail.type == ResponseType::kError);
  CHECK(ParseError(fail.body).message() == "no 100 % table ä");
  CHECK(client.ReceiveAnswer().request_id == 9);
}

TEST_CASE("a framed server says why it closes, also to a peer that goes on sending", "[rpc]") {
  const auto server = Serve({.request_bytes_max = 1000});
  RawClient client(server->listener->endpoint());
  REQUIRE(client.Send(Exists(1, "yes")));
  CHECK(client.ReceiveAnswer().request_id == 1);
  // The length of a frame of 2 MB, and its bytes: the server reads on for a while, so that what it
  // says is not lost in a reset.
  client.Send(Exists(2, std::string(size_t{2} << 20, 'x')));
  const auto answers = AnswersIn(client.ReceiveAll());
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].type == ResponseType::kServerFailure);
  const Status failure = ParseError(answers[0].body);
  CHECK(failure.code() == ErrorCode::kUnknownServerError);
  CHECK(failure.message().find("1000 are allowed") != std::string::npos);
}

TEST_CASE("a framed server goes on after a client that vanished", "[rpc]") {
  const auto server = Serve({});
  for (int i = 0; i < 20; ++i) {
    RawClient client(server->listener->endpoint());
    client.Send(Exists(1, "yes").substr(0, static_cast<size_t>(i)));
  }
  RawClient client(server->listener->endpoint());
  REQUIRE(client.Send(Exists(1, "yes")));
  CHECK(client.ReceiveAnswer().request_id == 1);
}

TEST_CASE("a framed server stops reading from a client that does not read", "[rpc]") {
  const auto server = Serve({.outgoing_bytes_max = 100000});
  RawClient client(server->listener->endpoint(), 4096);
  pb::ListTablesRequest request;
  request.set_database_name("50000");
  // Small requests with large answers: a hundred of them in every 2 kB, 5 MB of answers.
  Bytes requests;
  for (int id = 0; id < 100; ++id) {
    requests += RequestBytes(kListTables.api_key, 0, id, Serialize(request));
  }
  const size_t limit = size_t{64} << 20;
  const size_t sent = client.SendUntilStuck(requests, limit);
  CHECK(sent < limit);
  // What the server took of them it answers, whole, once the client reads; the last may be torn.
  const size_t answers = std::min<size_t>(sent / (requests.size() / 100), 300);
  for (size_t i = 0; i < answers; ++i) {
    const TestAnswer answer = client.ReceiveAnswer();
    REQUIRE(answer.type == ResponseType::kSuccess);
    REQUIRE(answer.request_id == static_cast<int32_t>(i % 100));
    REQUIRE(answer.body.size() > 50000);
  }
}

}  // namespace strom::rpc::framed
