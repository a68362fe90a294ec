#pragma once

#include <functional>
#include <set>
#include <string>

#include <absl/functional/function_ref.h>

#include "common/base/status.h"
#include "tests/sim/world/sim_random.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::sim {

// What a simulated database outside the cluster is to its clients, the threads of simulated
// workers: calls that take a while, may get no answer, and may have been done all the same.
class ModelServer {
 public:
  struct Options {
    std::string name;
    uint64_t seed = 1;
    MonoDuration latency_max = Millis(1);  // One way.
    MonoDuration give_up = Seconds(2);     // How long a client waits for an answer.
  };

  // `scheduler` outlives it.
  ModelServer(SimScheduler& scheduler, Options options)
      : scheduler_(scheduler), options_(std::move(options)), random_(options_.seed) {}
  virtual ~ModelServer() = default;

  // Faults. Who is cut off, by the names of the hosts; and everybody.
  void SetCut(const std::string& host, bool cut);
  void SetAway(bool away) { away_ = away; }
  // The next so many calls are done and not answered.
  void LoseAnswers(int count) { answers_to_lose_ = count; }
  // All sessions end.
  void BreakSessions() { ++generation_; }

  const std::string& name() const { return options_.name; }
  bool Reaches(const std::string& host) const { return !away_ && !cut_.contains(host); }
  // A session begun under an older one is broken.
  uint64_t generation() const { return generation_; }

  // A call of a thread of `host`: the way there, `work`, the way back. Errors: those of `work`;
  // kExternalSystemUnavailable: nobody knows whether it was done.
  Status Call(const std::string& host, absl::FunctionRef<Status()> work);

 protected:
  SimScheduler& scheduler() { return scheduler_; }
  SimRandom& random() { return random_; }

 private:
  // Pauses the calling thread.
  void Travel();
  Status NoAnswer() const;

  SimScheduler& scheduler_;
  const Options options_;
  SimRandom random_;
  std::set<std::string> cut_;
  bool away_ = false;
  int answers_to_lose_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace strom::sim
