#pragma once

#include <istream>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "tests/prove/judge/command.h"
#include "tests/prove/judge/prove_options.h"
#include "tests/prove/workload/leader_watch.h"
#include "tests/prove/workload/recorder.h"
#include "tests/prove/workload/round.h"

namespace strom::prove {

// Which process of a server runs. Any thread.
class ProcessBook {
 public:
  int Of(ServerId server) const {
    absl::MutexLock lock(&mutex_);
    const auto at = processes_.find(server);
    return at == processes_.end() ? 0 : at->second;
  }
  void Next(ServerId server) {
    absl::MutexLock lock(&mutex_);
    ++processes_[server];
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<ServerId, int> processes_ ABSL_GUARDED_BY(mutex_);
};

// Does what who injects the faults asks for, line by line (kProveUsage). Of the main thread.
class Controller {
 public:
  // Errors: kInvalidConfig.
  static Result<std::unique_ptr<Controller>> Open(ProveOptions options);
  ~Controller();

  // Until `in` ends. Each line of `in` is answered with one of JSON, {"error": TEXT} if it could
  // not be done.
  void Run(std::istream& in, std::ostream& out);

 private:
  explicit Controller(ProveOptions options);

  // JSON each, an object.
  Result<std::string> Do(const ProveCommand& command);
  Result<std::string> BeginRound();
  std::string Leaders() const;
  std::string Unwatch(const std::string& name, std::optional<ServerId> server);
  std::string Served(MonoDuration within);
  std::string Full(MonoDuration within);
  Result<std::string> JudgeRound();
  std::string Summary() const;

  const ProveOptions options_;
  std::unique_ptr<ProveWorld> world_;  // Ends before what its threads tell.
  Recorder recorder_;
  ProcessBook processes_;
  std::unique_ptr<LeaderWatch> leaders_;
  int rounds_ = 0;
  std::unique_ptr<Round> round_;
  std::map<TableBucket, metadata::LeaderAndIsr> watched_;  // Who led when the watch was opened.
  // By the name of the watch, then by kind: "log", "log elsewhere", ...
  std::map<std::string, std::map<std::string, std::vector<MonoDuration>>> windows_;
};

}  // namespace strom::prove
