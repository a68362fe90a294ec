#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/cluster.h"
#include "tests/prove/judge/prove_options.h"
#include "tests/prove/judge/verdict.h"
#include "tests/prove/workload/leader_watch.h"
#include "tests/prove/workload/recorder.h"
#include "tests/prove/workload/round_clients.h"
#include "tests/prove/workload/round_tables.h"
#include "tests/sim/logs/log_reader.h"

namespace strom::prove {

// What came of a round.
struct RoundReport {
  int64_t operations = 0;
  int64_t acknowledged = 0;  // Writes.
  int64_t unknown = 0;       // Writes that were begun and have no answer, or an error.
  int64_t lookups = 0;
  int64_t records_read = 0;
  Recorder::Counts counts;
  Verdict verdict;
};

// A round: new tables, clients that write and look up, readers that follow every log; then, with
// all servers there, the verdict. What is remembered of it goes with it, so that a run of many
// rounds is bounded. Of the main thread.
class Round {
 public:
  // Everything outlives it; `recorder` the threads of `world`. `process_of`: see LogReader. Returns
  // when the first wishes were made. Errors: the cluster's.
  static Result<std::unique_ptr<Round>> Begin(ProveWorld& world, const ProveOptions& options,
                                              int number, Recorder& recorder, LeaderWatch& leaders,
                                              std::function<int(ServerId)> process_of);
  ~Round();

  // Ends the writing, waits until everything is quiet and judges. Drops the tables if nothing is
  // wrong. Called once.
  RoundReport Finish();

  const RoundTables& tables() const { return tables_; }

 private:
  Round(ProveWorld& world, const ProveOptions& options, Recorder& recorder, LeaderWatch& leaders,
        std::unique_ptr<client::Connection> admin, RoundTables tables);

  void StartReaders(const std::function<int(ServerId)>& process_of);
  std::vector<TableBucket> Buckets() const;
  // What has to happen still until all replicas and readers are at the end; or "".
  std::string NotQuiet(MonoTime since) const;
  sim::FinalState ReadFinalState(bool quiet, sim::Violations* found);
  std::map<int64_t, std::optional<int64_t>> FindRows(sim::Violations* found);

  ProveWorld& world_;
  const ProveOptions& options_;
  Recorder& recorder_;
  LeaderWatch& leaders_;
  const std::unique_ptr<client::Connection> admin_;
  const RoundTables tables_;
  std::shared_ptr<client::Cluster> reading_;
  std::map<TableBucket, std::shared_ptr<sim::LogReader>> readers_;
  std::unique_ptr<RoundClients> clients_;
};

}  // namespace strom::prove
