#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/checkers/job_history.h"
#include "tests/sim/cluster/sim_clients.h"
#include "tests/sim/cluster/sim_cluster.h"
#include "tests/sim/cluster/sim_worker.h"
#include "tests/sim/jobs/model_sink.h"
#include "tests/sim/jobs/model_source.h"

namespace strom::sim {

// A pipeline beside a cluster: a source database, workers that follow its tables into ODS tables,
// keep a layer equal to each, and write those to a target database.
class SimPipeline {
 public:
  // `history` gets what happens.
  SimPipeline(SimWorld& world, SimCluster& cluster, const SimConfig& config, JobHistory* history);
  ~SimPipeline();

  // Makes the tables and registers the jobs: runs the scheduler. Nobody makes the table of progress
  // but this: it is to be as safe as the others.
  Status Prepare();
  std::vector<SimTable> tables() const;

  // Workers run; the source begins to change.
  void Start();
  // The source changes no more.
  void Finish() { source_.Finish(); }
  // Empty once the jobs have nothing more to do, else what they have.
  std::string NotQuiet();
  // Grows whenever a database hears of a job that gets on.
  int64_t Moved();
  // What the databases went through and the jobs remember goes to the history, what the ODS tables
  // hold to `rows`: runs the scheduler.
  Status Collect(std::map<TableId, std::map<int64_t, std::optional<int64_t>>>* rows);

  std::vector<SimWorker*> workers() const;
  ModelSource& source() { return source_; }
  ModelSink& sink() { return sink_; }

 private:
  // A client's thread that may wait, on a host of its own: runs the scheduler until it is done.
  Status Run(std::function<Status(client::Connection&)> work);
  Status MakeTables(client::Connection& connection);
  Status Read(client::Connection& connection,
              std::map<TableId, std::map<int64_t, std::optional<int64_t>>>* rows);
  Result<SimTable> MakeTable(client::Admin& admin, const TablePath& path) const;
  TableDescriptor DescriptorOf(Schema schema, TableDistribution distribution) const;
  void OnConfirm(cdc::Lsn confirmed);
  void CollectSource();

  SimWorld& world_;
  SimCluster& cluster_;
  const SimConfig& config_;
  JobHistory* const history_;
  SimWaits waits_;
  ModelSource source_;
  ModelSink sink_;
  std::vector<SimTable> tables_;      // ODS, one for each of the source's,
  std::vector<JobDefinition> cdc_;    // by these jobs.
  std::vector<SimTable> layers_;      // One for each of those,
  std::vector<JobDefinition> sinks_;  // and the jobs that read it.
  std::vector<std::unique_ptr<SimWorker>> workers_;
};

}  // namespace strom::sim
