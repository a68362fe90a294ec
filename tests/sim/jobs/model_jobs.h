#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/hosting/job_host.h"
#include "tests/sim/jobs/model_sink.h"
#include "tests/sim/jobs/model_source.h"

namespace strom::sim {

// Makes the production jobs of their definitions, over the model databases. What stands in a
// definition's script, which is SQL elsewhere, is the source's or the sink's own name of the table.
class ModelJobs final : public hosting::JobFactory {
 public:
  // Of a process on `host`.
  ModelJobs(std::string host, ModelSource& source, ModelSink& sink)
      : host_(std::move(host)), source_(source), sink_(sink) {}

  // The jobs of a source's tables, which are a group; one that keeps a table equal to another; and
  // one that writes a table to a sink.
  static JobDefinition Cdc(size_t table, const TablePath& target);
  static JobDefinition Layer(const TablePath& source, const TablePath& target);
  static JobDefinition Sink(const TablePath& source);
  // Under which name jobs remember that a table was copied.
  static std::string CopyName(const JobDefinition& cdc) { return "table:" + cdc.name; }

  Result<std::unique_ptr<pipeline::Job>> Make(const std::vector<JobDefinition>& jobs,
                                              const pipeline::JobContext& context) override;
  Status CleanUp(const JobDefinition& job, bool last, const pipeline::JobContext& context) override;

 private:
  Result<std::unique_ptr<pipeline::Job>> MakeCdc(const std::vector<JobDefinition>& jobs,
                                                 const pipeline::JobContext& context);
  Result<std::unique_ptr<pipeline::Job>> MakeLayer(const JobDefinition& job,
                                                   const pipeline::JobContext& context);
  Result<std::unique_ptr<pipeline::Job>> MakeSink(const JobDefinition& job,
                                                  const pipeline::JobContext& context);

  const std::string host_;
  ModelSource& source_;
  ModelSink& sink_;
};

}  // namespace strom::sim
