#include "common/http/http_server.h"

#include <atomic>
#include <thread>

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "common/runtime/notification.h"

namespace strom::http {
namespace {

constexpr int kThreads = 2;
constexpr int kSecondsForARequest = 2;

// httplib's pool, with a bound: beyond it the accepting thread does the work itself.
class BoundedQueue final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override {
    if (waiting_.fetch_add(1) >= HttpServer::kConnectionsWaitingMax) {
      task();
      waiting_.fetch_sub(1);
      return;
    }
    pool_.enqueue([this, task = std::move(task)] {
      waiting_.fetch_sub(1);
      task();
    });
  }
  void shutdown() override { pool_.shutdown(); }

 private:
  std::atomic<int> waiting_ = 0;
  httplib::ThreadPool pool_{kThreads};
};

// Replaces httplib's default, which lets a second process share the port unnoticed.
void OnlyReuseAddress(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

void AnswerHealth(const HealthFn& health, httplib::Response& response) {
  bool ok = true;
  nlohmann::ordered_json parts = nlohmann::ordered_json::array();
  for (const HealthPart& part : health()) {
    nlohmann::ordered_json entry = {{"name", part.name},
                                    {"status", part.status.ok() ? "ok" : "failed"}};
    if (!part.status.ok()) entry["error"] = part.status.ToString();
    ok = ok && part.status.ok();
    parts.push_back(std::move(entry));
  }
  const nlohmann::ordered_json body = {{"status", ok ? "ok" : "failed"},
                                       {"parts", std::move(parts)}};
  response.status = ok ? 200 : 503;
  // A message may quote bytes that are no UTF-8.
  response.set_content(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
                       "application/json");
}

}  // namespace

struct HttpServer::Impl {
  HealthFn health;
  httplib::Server server;
  runtime::Notification running;
  std::string host;
  uint16_t port = 0;
  std::thread thread;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options,
                                                      const metrics::Registry& registry,
                                                      HealthFn health) {
  auto impl = std::make_unique<Impl>();
  impl->health = std::move(health);
  httplib::Server& server = impl->server;
  server.Get("/metrics", [&registry](const httplib::Request&, httplib::Response& response) {
    response.set_content(registry.PrometheusText(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/health", [impl = impl.get()](const httplib::Request&, httplib::Response& response) {
    AnswerHealth(impl->health, response);
  });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) {
      response.set_content("Nothing here. There are /metrics and /health.\n", "text/plain");
    }
  });
  server.set_socket_options(OnlyReuseAddress);
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(kSecondsForARequest);
  server.set_read_timeout(kSecondsForARequest);
  server.set_write_timeout(kSecondsForARequest);
  server.set_payload_max_length(1 << 16);
  // httplib calls this once it is running: from then on stop() works.
  server.new_task_queue = [impl = impl.get()] {
    impl->running.Notify();
    return new BoundedQueue();
  };

  const int port = options.port == 0
                       ? server.bind_to_any_port(options.host)
                       : (server.bind_to_port(options.host, options.port) ? options.port : -1);
  if (port <= 0) {
    return Error(ErrorCode::kNetwork, "HTTP: cannot listen on {}:{}: {}", options.host,
                 options.port, errno != 0 ? std::strerror(errno) : "no such address");
  }
  impl->host = options.host;
  impl->port = static_cast<uint16_t>(port);
  impl->thread = std::thread([impl = impl.get()] { impl->server.listen_after_bind(); });
  impl->running.Wait();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->server.stop();
  impl_->thread.join();
}

const std::string& HttpServer::host() const { return impl_->host; }
uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace strom::http
