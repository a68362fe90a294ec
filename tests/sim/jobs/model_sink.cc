#include "tests/sim/jobs/model_sink.h"

#include <utility>

namespace strom::sim {
namespace {

// A commit is on disk after so long: PostgreSQL's wal_writer_delay, three times.
constexpr MonoDuration kFlushWithin = Millis(600);

int64_t NumberOf(const Value& value) { return *value.get_if<int64_t>(); }

}  // namespace

// A session with the database. One that is broken does nothing any more.
class ModelSinkSession final : public sink::Sink {
 public:
  ModelSinkSession(ModelSink& database, std::string host, std::string job, int64_t epoch)
      : database_(database),
        host_(std::move(host)),
        job_(std::move(job)),
        epoch_(epoch),
        generation_(database.generation()) {}

  Result<std::optional<sink::SinkPosition>> Begin() override {
    std::optional<sink::SinkPosition> position;
    STROM_RETURN_IF_ERROR(Call([&]() -> Status {
      STROM_ASSIGN_OR_RETURN(position, database_.TakeOver(job_, epoch_));
      return Status::Ok();
    }));
    return position;
  }
  Status Write(const std::vector<pipeline::KeyedChange>& changes,
               const sink::SinkPosition& position) override {
    return Call([&] { return database_.Write(job_, epoch_, changes, position); });
  }
  Status Forget() override { return database_.Forget(host_, job_); }

 private:
  Status Call(absl::FunctionRef<Status()> work) {
    return database_.Call(host_, [&]() -> Status {
      if (generation_ == database_.generation()) return work();
      return Error(ErrorCode::kExternalSystemUnavailable, "the session with {} is broken",
                   database_.name());
    });
  }

  ModelSink& database_;
  const std::string host_;
  const std::string job_;
  const int64_t epoch_;
  const uint64_t generation_;
};

void ModelSink::Apply(const SinkCommit& commit, std::map<int64_t, JobRow>& rows) {
  for (const auto& [key, row] : commit.rows) {
    if (row) {
      rows[key] = *row;
    } else {
      rows.erase(key);
    }
  }
}

void ModelSink::Crash() {
  BreakSessions();
  for (auto& [job, table] : tables_) {
    table.commits.resize(table.on_disk);
    table.rows.clear();
    for (const Commit& commit : table.commits) Apply(commit.done, table.rows);
  }
}

Result<std::unique_ptr<sink::Sink>> ModelSink::Open(const std::string& host,
                                                    const std::string& job,
                                                    const JobFence& fence) {
  STROM_RETURN_IF_ERROR(Call(host, [] { return Status::Ok(); }));
  return std::unique_ptr<sink::Sink>(
      std::make_unique<ModelSinkSession>(*this, host, job, fence.epoch));
}

Status ModelSink::Forget(const std::string& host, const std::string& job) {
  return Call(host, [&] {
    tables_[job].epoch.reset();
    return Status::Ok();
  });
}

Result<std::optional<sink::SinkPosition>> ModelSink::TakeOver(const std::string& job,
                                                              int64_t epoch) {
  Table& table = tables_[job];
  if (table.epoch && *table.epoch > epoch) {
    return Error(ErrorCode::kFencedJobEpoch, "{}: epoch {} has it, not {}", job, *table.epoch,
                 epoch);
  }
  table.epoch = epoch;
  // Everything before it is on disk with it, also of others.
  for (auto& [name, other] : tables_) other.on_disk = other.commits.size();
  if (table.commits.empty()) return std::optional<sink::SinkPosition>();
  return std::optional(table.commits.back().position);
}

Status ModelSink::Write(const std::string& job, int64_t epoch,
                        const std::vector<pipeline::KeyedChange>& changes,
                        const sink::SinkPosition& position) {
  Table& table = tables_[job];
  if (table.epoch != epoch) {
    return Error(ErrorCode::kFencedJobEpoch, "{}: another worker has it", job);
  }
  Commit commit{.done = {.at = scheduler().now()}, .position = position};
  for (const pipeline::KeyedChange& change : changes) {
    std::optional<JobRow>& row = commit.done.rows[NumberOf(change.row[0])];
    if (change.upsert) row = JobRow{NumberOf(change.row[1]), NumberOf(change.row[2])};
  }
  for (const auto& [source, at] : position.sources) {
    for (const auto& [bucket, next] : at.next) commit.done.next[bucket] = LogOffset(next);
  }
  Apply(commit.done, table.rows);
  table.commits.push_back(std::move(commit));
  const auto micros = static_cast<uint64_t>(kFlushWithin.nanos() / 1000);
  scheduler().PostAt(scheduler().now() + Micros(static_cast<int64_t>(random().Uniform(micros))),
                     [this, job, count = table.commits.size(), born = generation()] {
                       if (born != generation()) return;
                       Table& written = tables_[job];
                       written.on_disk = std::max(written.on_disk, count);
                     });
  return Status::Ok();
}

SinkHistory ModelSink::HistoryOf(const std::string& job) const {
  SinkHistory history;
  const auto table = tables_.find(job);
  if (table == tables_.end()) return history;
  history.rows = table->second.rows;
  for (const Commit& commit : table->second.commits) history.commits.push_back(commit.done);
  return history;
}

}  // namespace strom::sim
