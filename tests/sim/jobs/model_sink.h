#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/types/job.h"
#include "pipeline/sink/sink.h"
#include "tests/sim/checkers/job_history.h"
#include "tests/sim/jobs/model_server.h"

namespace strom::sim {

// A target database: for each job a table of rows (key, version, more) and the job's position with
// its epoch. Transactions; a commit does not wait for the disk, so a crash loses the last ones, but
// taking a table over does.
class ModelSink final : public ModelServer {
 public:
  ModelSink(SimScheduler& scheduler, Options options)
      : ModelServer(scheduler, std::move(options)) {}

  // The process dies and comes back: sessions end, commits that are not on disk are gone.
  void Crash();

  // The table of a job, as `host` reaches it. This outlives it.
  Result<std::unique_ptr<sink::Sink>> Open(const std::string& host, const std::string& job,
                                           const JobFence& fence);
  Status Forget(const std::string& host, const std::string& job);

  // What the jobs' tables went through, and what is in them.
  SinkHistory HistoryOf(const std::string& job) const;
  const std::map<int64_t, JobRow>& rows(const std::string& job) { return tables_[job].rows; }
  // So many transactions the job's table has.
  int64_t commit_count(const std::string& job) {
    return static_cast<int64_t>(tables_[job].commits.size());
  }

 private:
  friend class ModelSinkSession;

  struct Commit {
    SinkCommit done;
    sink::SinkPosition position;
  };
  struct Table {
    std::map<int64_t, JobRow> rows;
    std::optional<int64_t> epoch;
    std::vector<Commit> commits;
    size_t on_disk = 0;  // So many of them.
  };

  Result<std::optional<sink::SinkPosition>> TakeOver(const std::string& job, int64_t epoch);
  Status Write(const std::string& job, int64_t epoch,
               const std::vector<pipeline::KeyedChange>& changes,
               const sink::SinkPosition& position);
  static void Apply(const SinkCommit& commit, std::map<int64_t, JobRow>& rows);

  std::map<std::string, Table> tables_;  // By job.
};

}  // namespace strom::sim
