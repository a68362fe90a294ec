#include "tests/sim/world/sim_network.h"

#include <algorithm>

#include "common/rpc/framed/client_connection.h"
#include "common/rpc/framed/server_connection.h"

namespace strom::sim {
namespace {

constexpr size_t kFrameBytesMax = rpc::framed::kFrameBytesMaxDefault;
constexpr double kDelayedShare = 0.5;

}  // namespace

// An open port.
class SimNetwork::Listener final : public rpc::Listener {
 public:
  Listener(SimNetwork& world, rpc::Endpoint endpoint, runtime::Executor& executor,
           rpc::ServerSession::Options session)
      : world_(world),
        endpoint_(std::move(endpoint)),
        executor_(executor),
        session_(std::move(session)) {
    world_.listeners_[{endpoint_.host, endpoint_.port}] = this;
  }

  ~Listener() override {
    Unlisten();
    for (const uint64_t id : std::set<uint64_t>(connections_)) {
      const auto connection = world_.connections_.find(id);
      if (connection == world_.connections_.end()) continue;  // CrashHost was here.
      const std::shared_ptr<SimLink> link = connection->second.server;
      link->Deafen();  // No request is dispatched any more.
      link->Break(Error(ErrorCode::kNetwork, "the listener is closed"));
    }
    *alive_ = false;
  }

  const rpc::Endpoint& endpoint() const override { return endpoint_; }

  void Stop(MonoDuration drain, runtime::Task stopped) override {
    Unlisten();
    stopped_ = std::move(stopped);
    if (connections_.empty()) return executor_.Post(std::exchange(stopped_, nullptr));
    for (const uint64_t id : connections_) world_.connections_.at(id).server->Drain();
    world_.scheduler_.PostAt(world_.scheduler_.now() + drain, [this, alive = alive_] {
      if (!*alive) return;
      for (const uint64_t id : std::set<uint64_t>(connections_)) {
        world_.connections_.at(id).server->Break(Error(ErrorCode::kNetwork, "the server stopped"));
      }
    });
  }

  // The server's end of a new connection.
  std::shared_ptr<SimLink> Accept(uint64_t id, std::string client_host) {
    connections_.insert(id);
    rpc::ServerSession::Options session = session_;
    session.caller.address = client_host + ":" + std::to_string(id);
    auto strand = std::make_shared<runtime::Strand>(executor_);
    auto connection =
        std::make_shared<rpc::framed::ServerConnection>(std::move(session), kFrameBytesMax, strand);
    return std::make_shared<SimLink>(world_.LinkOptions(endpoint_.host, client_host),
                                     std::move(strand), std::move(connection),
                                     world_.FateOfAnswers(endpoint_.host),
                                     [this, alive = alive_, &world = world_, id] {
                                       world.connections_.erase(id);
                                       if (*alive) OnEnded(id);
                                     });
  }

 private:
  void Unlisten() { world_.listeners_.erase({endpoint_.host, endpoint_.port}); }

  void OnEnded(uint64_t id) {
    connections_.erase(id);
    if (connections_.empty() && stopped_) std::exchange(stopped_, nullptr)();
  }

  SimNetwork& world_;
  const rpc::Endpoint endpoint_;
  runtime::Executor& executor_;
  const rpc::ServerSession::Options session_;
  std::set<uint64_t> connections_;
  runtime::Task stopped_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class SimNetwork::Host final : public rpc::Network {
 public:
  Host(SimNetwork& world, std::string name, runtime::Executor& executor,
       const runtime::Clock& clock)
      : world_(world), name_(std::move(name)), executor_(executor), clock_(clock) {}

  Result<std::unique_ptr<rpc::Listener>> Listen(const rpc::ListenOptions& options,
                                                const rpc::Dispatcher& dispatcher) override {
    rpc::Endpoint endpoint = options.endpoint;
    endpoint.host = name_;
    if (endpoint.port == 0) endpoint.port = world_.next_port_++;
    if (world_.listeners_.contains({name_, endpoint.port})) {
      return Error(ErrorCode::kNetwork, "cannot listen on {}: in use", endpoint.ToString());
    }
    return std::unique_ptr<rpc::Listener>(std::make_unique<Listener>(
        world_, endpoint, executor_,
        rpc::ServerSession::Options{
            .dispatcher = &dispatcher,
            .clock = &clock_,
            .authenticator = options.authenticator,
            .caller = {.principal = {}, .listener = options.listener, .address = ""},
            .limits = {}}));
  }

  std::shared_ptr<rpc::Channel> Connect(const rpc::Endpoint& endpoint) override {
    auto strand = std::make_shared<runtime::Strand>(executor_);
    auto session = std::make_shared<rpc::ClientSession>(
        rpc::ClientSession::Options{.clock = &clock_, .peer = endpoint.ToString()}, strand);
    session->Start([] {});  // A connection that is given up before it is made finds that out then.
    world_.Open(name_, endpoint, std::move(strand),
                std::make_shared<rpc::framed::ClientConnection>(session, kFrameBytesMax));
    return rpc::ClientSession::Handle(std::move(session));
  }

 private:
  SimNetwork& world_;
  const std::string name_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
};

SimNetwork::SimNetwork(SimScheduler& scheduler, Options options)
    : scheduler_(scheduler), options_(options), random_(options.seed) {}

SimNetwork::~SimNetwork() = default;

std::unique_ptr<rpc::Network> SimNetwork::AddHost(std::string name, runtime::Executor& executor,
                                                  const runtime::Clock& clock) {
  return std::make_unique<Host>(*this, std::move(name), executor, clock);
}

void SimNetwork::Open(const std::string& from, const rpc::Endpoint& to,
                      std::shared_ptr<runtime::Strand> strand,
                      std::shared_ptr<rpc::framed::FrameConnection> client) {
  const auto listener = listeners_.find({to.host, to.port});
  const bool reachable = !unreachable_.contains(to.host);
  if (!reachable || listener == listeners_.end() || refusing_.contains(to.host)) {
    runtime::Strand& on = *strand;
    on.Post([strand = std::move(strand), client = std::move(client), to, reachable] {
      const Status why = Error(ErrorCode::kNetwork, "cannot connect to {}: {}", to.ToString(),
                               reachable ? "refused" : "no way there");
      reachable ? client->OnRefused(why) : client->OnClosed(why);
    });
    return;
  }
  const uint64_t id = next_connection_++;
  Connection& connection = connections_[id];
  connection.client_host = from;
  connection.server_host = to.host;
  connection.client =
      std::make_shared<SimLink>(LinkOptions(from, to.host), std::move(strand), std::move(client),
                                FateOfRequests(from, to.host), [] {});
  connection.server = listener->second->Accept(id, from);
  SimLink::Join(connection.client, connection.server);
}

SimLink::Options SimNetwork::LinkOptions(const std::string& from, const std::string& to) {
  return {&scheduler_, &random_, options_.latency_min, options_.latency_max, WeatherOf(from, to)};
}

const std::shared_ptr<Weather>& SimNetwork::WeatherOf(const std::string& from,
                                                      const std::string& to) {
  std::shared_ptr<Weather>& weather = weather_[{from, to}];
  if (!weather) weather = std::make_shared<Weather>();
  return weather;
}

void SimNetwork::SetSlow(const std::string& from, const std::string& to, MonoDuration delay_max,
                         double loss) {
  Weather& weather = *WeatherOf(from, to);
  weather.delay_max = delay_max;
  weather.loss = loss;
}

void SimNetwork::SetCut(const std::string& from, const std::string& to, bool cut) {
  WeatherOf(from, to)->cut = cut;
  if (cut) return;
  for (const auto& [id, connection] : connections_) {
    if (connection.client_host == from && connection.server_host == to) {
      connection.client->Release();
    } else if (connection.client_host == to && connection.server_host == from) {
      connection.server->Release();
    }
  }
}

void SimNetwork::CrashHost(const std::string& host) {
  for (auto it = connections_.begin(); it != connections_.end();) {
    const auto here = it++;
    const Connection connection = here->second;
    if (connection.client_host != host && connection.server_host != host) continue;
    if (connection.server_host == host) {
      connection.client->Break(Error(ErrorCode::kNetwork, "connection reset: {} died", host));
      connection.server->Die();
      connections_.erase(here);
    }
    // The living server forgets it when it hears of the end.
    if (connection.client_host == host) connection.client->Die();
  }
}

bool SimNetwork::Lose(int& count) {
  if (count == 0) return false;
  --count;
  ++lost_count_;
  return true;
}

SimLink::Fate SimNetwork::FateOfRequests(std::string from, std::string host) {
  const Delays& of_all = delay_requests_[{"", host}];
  const Delays& of_one = delay_requests_[{std::move(from), host}];
  return [this, host = std::move(host), &of_all, all = of_all.round, &of_one, one = of_one.round,
          handshake = true]() mutable -> std::optional<MonoDuration> {
    if (std::exchange(handshake, false)) return MonoDuration();
    if (Lose(lose_requests_[host])) return std::nullopt;
    MonoDuration max;
    if (std::exchange(all, of_all.round) != of_all.round) max = of_all.max;
    if (std::exchange(one, of_one.round) != of_one.round) max = std::max(max, of_one.max);
    if (max == MonoDuration() || !random_.Chance(kDelayedShare)) return MonoDuration();
    return Millis(static_cast<int64_t>(random_.Uniform(static_cast<uint64_t>(max.millis()) + 1)));
  };
}

SimLink::Fate SimNetwork::FateOfAnswers(std::string host) {
  return [this, host = std::move(host), handshake = true]() mutable -> std::optional<MonoDuration> {
    if (std::exchange(handshake, false) || !Lose(lose_answers_[host])) return MonoDuration();
    return std::nullopt;
  };
}

void SimNetwork::DelayRequests(const std::string& host, MonoDuration max) {
  DelayRequests("", host, max);
}

void SimNetwork::DelayRequests(const std::string& from, const std::string& host,
                               MonoDuration max) {
  Delays& delays = delay_requests_[{from, host}];
  ++delays.round;
  delays.max = max;
}

std::vector<std::shared_ptr<SimLink>> SimNetwork::EndsOf(const std::string& host) const {
  std::vector<std::shared_ptr<SimLink>> ends;
  for (const auto& [id, connection] : connections_) {
    if (connection.client_host != host && connection.server_host != host) continue;
    ends.push_back(connection.client);
    ends.push_back(connection.server);
  }
  return ends;
}

void SimNetwork::BreakConnections(const std::string& host) {
  for (const auto& end : EndsOf(host)) {
    end->Break(Error(ErrorCode::kNetwork, "connection reset [injected]"));
  }
}

void SimNetwork::BreakConnections(const std::string& host, const std::string& peer) {
  for (const auto& [id, connection] : connections_) {
    const std::set<std::string> ends = {connection.client_host, connection.server_host};
    if (ends != std::set<std::string>{host, peer}) continue;
    connection.client->Break(Error(ErrorCode::kNetwork, "connection reset [injected]"));
  }
}

void SimNetwork::StallConnections(const std::string& host) {
  for (const auto& end : EndsOf(host)) end->Stall();
}

void SimNetwork::SetReachable(const std::string& host, bool reachable) {
  reachable ? (void)unreachable_.erase(host) : (void)unreachable_.insert(host);
}

void SimNetwork::SetRefusing(const std::string& host, bool refusing) {
  refusing ? (void)refusing_.insert(host) : (void)refusing_.erase(host);
}

}  // namespace strom::sim
