#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "tests/sim/world/sim_link.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::sim {

// The wires between the hosts of a simulated world. What runs over them is the framed protocol with
// the real codec and sessions; only sockets are replaced (SimLink).
//
// One thread. Outlives the hosts' networks, and the scheduler outlives it.
class SimNetwork {
 public:
  struct Options {
    uint64_t seed = 1;
    MonoDuration latency_min = Micros(20);  // One way.
    MonoDuration latency_max = Millis(1);
  };

  SimNetwork(SimScheduler& scheduler, Options options);
  ~SimNetwork();

  // The network as the host `name` sees it; the name is its address. Its connections run on
  // `executor`. Both arguments outlive what is returned; several of one host are the same to
  // others.
  std::unique_ptr<rpc::Network> AddHost(std::string name, runtime::Executor& executor,
                                        const runtime::Clock& clock);

  // -- Faults. An injected loss shows as a broken connection, as with TCP.

  // All connections of the host break now.
  void BreakConnections(const std::string& host);
  // Those between the two do.
  void BreakConnections(const std::string& host, const std::string& peer);
  // The host's connections go silent, though nobody breaks them; new ones are fine.
  void StallConnections(const std::string& host);
  // While false, connections to the host cannot be made (no way there); those there are stay.
  void SetReachable(const std::string& host, bool reachable);
  // While true, connections to the host are refused, as if nobody listened: what a firewall does
  // too.
  void SetRefusing(const std::string& host, bool refusing);
  // While cut, what `from` sends to `to` waits on the way, new connections included; once healed it
  // arrives, late. Nobody hears of either.
  void SetCut(const std::string& from, const std::string& to, bool cut);
  // What `from` sends to `to` takes up to `delay_max` longer, and of what it sends such a share is
  // lost and comes when TCP has sent it again. Zero ends it.
  void SetSlow(const std::string& from, const std::string& to, MonoDuration delay_max, double loss);
  // The process on the host died, its executor is shut down: nothing of it stays. Its peers hear of
  // it, servers once they got what is under way to them. Before what it ran is destroyed.
  void CrashHost(const std::string& host);
  // The next `count` requests to the host never arrive. (Handshakes are spared.)
  void LoseRequests(const std::string& host, int count) { lose_requests_[host] = count; }
  // The next `count` requests to the host are served, but their answers are lost.
  void LoseAnswers(const std::string& host, int count) { lose_answers_[host] = count; }
  // The next request of each connection to the host that there is now is held up on its way for up
  // to `max`, or, as likely, not. It may arrive when its sender has given it up, or is dead, and
  // later ones on newer connections have been served.
  void DelayRequests(const std::string& host, MonoDuration max);
  // Of the connections from `from` alone.
  void DelayRequests(const std::string& from, const std::string& host, MonoDuration max);
  // All lost messages so far.
  int lost_count() const { return lost_count_; }

 private:
  class Host;
  class Listener;
  using Address = std::pair<std::string, uint16_t>;

  void Open(const std::string& from, const rpc::Endpoint& to,
            std::shared_ptr<runtime::Strand> strand,
            std::shared_ptr<rpc::framed::FrameConnection> client);
  SimLink::Options LinkOptions(const std::string& from, const std::string& to);
  const std::shared_ptr<Weather>& WeatherOf(const std::string& from, const std::string& to);
  std::vector<std::shared_ptr<SimLink>> EndsOf(const std::string& host) const;
  // Of requests to the host, and of its answers. The first frame, the handshake, is spared.
  SimLink::Fate FateOfRequests(std::string from, std::string host);
  SimLink::Fate FateOfAnswers(std::string host);
  bool Lose(int& count);

  SimScheduler& scheduler_;
  const Options options_;
  SimRandom random_;
  uint16_t next_port_ = 10000;
  std::map<Address, Listener*> listeners_;
  struct Connection {
    std::string client_host;
    std::string server_host;
    std::shared_ptr<SimLink> client;
    std::shared_ptr<SimLink> server;
  };
  std::map<uint64_t, Connection> connections_;
  uint64_t next_connection_ = 1;
  std::set<std::string> unreachable_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Weather>> weather_;  // From, to.
  std::set<std::string> refusing_;
  std::map<std::string, int> lose_requests_;
  std::map<std::string, int> lose_answers_;
  struct Delays {
    uint64_t round = 0;  // Each connection takes part in one that began after it.
    MonoDuration max;
  };
  std::map<std::pair<std::string, std::string>, Delays> delay_requests_;  // From, "" for all; to.
  int lost_count_ = 0;
};

}  // namespace strom::sim
