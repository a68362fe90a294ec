#pragma once

#include <set>
#include <string>
#include <utility>

#include "common/types/job.h"

namespace strom::coordinator {

// A layer job in a group of its own; it writes a target of its own name unless told otherwise.
inline JobDefinition LayerJob(const std::string& name, std::string target = "") {
  return {.name = name,
          .kind = JobKind::kLayer,
          .group = name,
          .target = target.empty() ? name : std::move(target),
          .sources = {"ods.x"},
          .script = "INSERT INTO a SELECT 1",
          .settings = {{"strom.clock", "frozen"}}};
}

inline JobDefinition CdcJob(const std::string& name, const std::string& group) {
  JobDefinition job = LayerJob(name);
  job.kind = JobKind::kCdc;
  job.group = group;
  return job;
}

// A worker that reports no group.
inline WorkerReport Worker(const std::string& name, std::set<JobKind> kinds,
                           const std::string& incarnation = "1") {
  return {.worker = name,
          .incarnation = incarnation,
          .address = name + ".example:1",
          .kinds = std::move(kinds),
          .slots = 10};
}

// The worker with a report of one job in one group; the job has the group's name unless told.
inline WorkerReport Reporting(WorkerReport worker, const std::string& group, int64_t epoch,
                              JobPhase phase = JobPhase::kRunning, std::string job = "") {
  worker.groups.push_back(
      {.fence = {.group = group, .epoch = epoch},
       .jobs = {{.job = job.empty() ? group : std::move(job), .phase = phase}}});
  return worker;
}

}  // namespace strom::coordinator
