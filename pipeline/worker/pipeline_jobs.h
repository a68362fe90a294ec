#pragma once

#include <memory>
#include <vector>

#include "pipeline/duckdb/duck.h"
#include "pipeline/hosting/job_host.h"

namespace strom::worker {

// Makes jobs of their definitions: reads the script again, fills in ${NAME} from the environment of
// the process, looks its tables up in the cluster and binds its queries. Thread-safe.
class PipelineJobs final : public hosting::JobFactory {
 public:
  // Errors: those of duck::Database::Open.
  static Result<std::unique_ptr<PipelineJobs>> Make();

  Result<std::unique_ptr<pipeline::Job>> Make(const std::vector<JobDefinition>& jobs,
                                              const pipeline::JobContext& context) override;
  Status CleanUp(const JobDefinition& job, bool last, const pipeline::JobContext& context) override;

 private:
  explicit PipelineJobs(std::unique_ptr<duck::Database> database)
      : database_(std::move(database)) {}

  Result<std::unique_ptr<pipeline::Job>> MakeLayer(const JobDefinition& job,
                                                   const pipeline::JobContext& context);
  Result<std::unique_ptr<pipeline::Job>> MakeSink(const JobDefinition& job,
                                                  const pipeline::JobContext& context);

  const std::unique_ptr<duck::Database> database_;
};

}  // namespace strom::worker
