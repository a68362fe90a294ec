#include "common/http/http_server.h"

#include <atomic>
#include <string>

#include <unistd.h>

#include <arpa/inet.h>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

namespace strom::http {
namespace {

// A connection to the server under test, closed at the end of the scope.
class Connection {
 public:
  explicit Connection(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Connection() { close(fd_); }

  void Send(const std::string& request) {
    REQUIRE(send(fd_, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
  }
  // Until the server closes.
  std::string ReadAll() {
    std::string answer;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd_, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, n);
    return answer;
  }
  std::string Exchange(const std::string& request) {
    Send(request);
    return ReadAll();
  }

 private:
  const int fd_;
};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};

Answer Parse(const std::string& text) {
  Answer answer;
  const size_t end = text.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  REQUIRE(text.starts_with("HTTP/1.1 "));
  answer.status = std::stoi(text.substr(9, 3));
  return answer;
}

Answer Get(uint16_t port, const std::string& path) {
  return Parse(Connection(port).Exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
}

std::vector<HealthPart> AllWell() { return {}; }

std::unique_ptr<HttpServer> StartOn(uint16_t port, const metrics::Registry& registry,
                                    HealthFn health = AllWell) {
  return HttpServer::Start({.port = port}, registry, std::move(health)).value();
}

}  // namespace

TEST_CASE("/metrics is the registry as it is now", "[http]") {
  metrics::Registry registry;
  const auto server = StartOn(0, registry);
  registry.GetCounter("strom_rows", "Rows.").Add(3);
  const Answer first = Get(server->port(), "/metrics");
  CHECK(first.status == 200);
  CHECK(first.head.find("text/plain; version=0.0.4") != std::string::npos);
  CHECK(first.body == registry.PrometheusText());
  CHECK(first.body.find("strom_rows 3") != std::string::npos);
  registry.GetCounter("strom_rows", "Rows.").Add();
  CHECK(Get(server->port(), "/metrics").body.find("strom_rows 4") != std::string::npos);
}

TEST_CASE("/health is 503 as soon as one part is not well", "[http]") {
  metrics::Registry registry;
  std::atomic<bool> well = true;
  const auto server = StartOn(0, registry, [&well]() -> std::vector<HealthPart> {
    return {{"coordinator", Status::Ok()},
            {"tablet-server", well ? Status::Ok() : Error(ErrorCode::kStorage, "\xff \"disk\"")}};
  });
  const Answer ok = Get(server->port(), "/health");
  CHECK(ok.status == 200);
  CHECK(ok.head.find("application/json") != std::string::npos);
  CHECK(ok.body ==
        "{\"status\":\"ok\",\"parts\":[{\"name\":\"coordinator\",\"status\":\"ok\"},"
        "{\"name\":\"tablet-server\",\"status\":\"ok\"}]}\n");
  well = false;
  const Answer failed = Get(server->port(), "/health");
  CHECK(failed.status == 503);
  const auto json = nlohmann::json::parse(failed.body);
  CHECK(json["status"] == "failed");
  CHECK(json["parts"][0]["status"] == "ok");
  CHECK(json["parts"][1]["status"] == "failed");
  CHECK(json["parts"][1]["error"].get<std::string>().find("kStorage: ") == 0);
}

TEST_CASE("other pages and other methods are refused", "[http]") {
  metrics::Registry registry;
  const auto server = StartOn(0, registry);
  CHECK(Get(server->port(), "/").status == 404);
  CHECK(Get(server->port(), "/metrics/x").status == 404);
  CHECK(Get(server->port(), "/../etc/passwd").status == 404);
  const Answer posted = Parse(Connection(server->port())
                                  .Exchange("POST /metrics HTTP/1.1\r\nHost: x\r\n"
                                            "Content-Length: 2\r\n\r\nhi"));
  CHECK(posted.status == 404);
  CHECK(Parse(Connection(server->port()).Exchange("what is this\r\n\r\n")).status == 400);
}

TEST_CASE("a silent connection keeps nobody from being answered", "[http]") {
  metrics::Registry registry;
  const auto server = StartOn(0, registry);
  const Connection silent(server->port());
  CHECK(Get(server->port(), "/health").status == 200);
  CHECK(Get(server->port(), "/health").status == 200);
}

TEST_CASE("more connections than threads and queue hold are all answered", "[http]") {
  metrics::Registry registry;
  const auto server = StartOn(0, registry);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < HttpServer::kConnectionsWaitingMax + 20; ++i) {
    connections.push_back(std::make_unique<Connection>(server->port()));
    connections.back()->Send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  for (const auto& connection : connections) CHECK(Parse(connection->ReadAll()).status == 200);
}

TEST_CASE("HEAD gets the head alone", "[http]") {
  metrics::Registry registry;
  const auto server = StartOn(0, registry);
  const Answer answer =
      Parse(Connection(server->port()).Exchange("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
}

TEST_CASE("a port in use is refused, and free again after the end", "[http]") {
  metrics::Registry registry;
  auto server = StartOn(0, registry);
  const uint16_t port = server->port();
  REQUIRE(port != 0);
  const Status second = HttpServer::Start({.port = port}, registry, AllWell).status();
  CHECK(second.code() == ErrorCode::kNetwork);
  CHECK(second.message().find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
  CHECK(Get(port, "/health").status == 200);
  server.reset();
  CHECK(StartOn(port, registry)->port() == port);
}

TEST_CASE("an address that is not ours is refused", "[http]") {
  metrics::Registry registry;
  const Status status = HttpServer::Start({.host = "203.0.113.7"}, registry, AllWell).status();
  CHECK(status.code() == ErrorCode::kNetwork);
  CHECK(status.message().find("203.0.113.7") != std::string::npos);
}

}  // namespace strom::http
