#pragma once

#include <functional>
#include <memory>

#include "pipeline/core/job.h"

namespace strom::worker {

// Two jobs that run as one: the first writes a table that the second reads. When either ends, so
// does the other; an error of either is the error of both.
class StagedJob final : public pipeline::Job {
 public:
  using Make = std::function<Result<std::unique_ptr<pipeline::Job>>(const pipeline::JobContext&)>;

  // Each is made with a context whose stop is asked for when that of `context` is, or when the
  // other one has ended.
  StagedJob(const pipeline::JobContext& context, Make first, Make second);

  Status Run() override;

 private:
  const pipeline::JobContext context_;
  const Make first_;
  const Make second_;
};

}  // namespace strom::worker
