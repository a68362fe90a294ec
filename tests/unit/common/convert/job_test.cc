#include "common/convert/job.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/kv.pb.h"
#include "proto/log.pb.h"

namespace strom::convert {
namespace {

JobDefinition Job() {
  return {.name = "a",
          .kind = JobKind::kSink,
          .group = "g",
          .target = "postgres://h/db.t",
          .sources = {"ads.x", "ads.y"},
          .script = "INSERT INTO t SELECT 1",
          .settings = {{"k", "v"}, {"l", ""}}};
}

WorkerReport Report() {
  return {.worker = "w",
          .incarnation = "1f",
          .address = "h:1",
          .kinds = {JobKind::kCdc, JobKind::kSink},
          .slots = 3,
          .groups = {{.fence = {"g", 7},
                      .jobs = {{.job = "a",
                                .phase = JobPhase::kFailed,
                                .error = "no",
                                .text = "trying",
                                .counters = {{"rows", 5}},
                                .lag_ms = 0},
                               {.job = "b", .phase = JobPhase::kCleanedUp}}}}};
}

}  // namespace

TEST_CASE("jobs, reports and orders come back as they went", "[convert]") {
  CHECK(FromPb(ToPb(Job())).value() == Job());
  CHECK(FromPb(ToPb(Report())).value() == Report());
  const WorkerOrders orders{
      .assignments = {{.fence = {"g", 7}, .jobs = {{.definition = Job(), .goal = JobGoal::kDrop}}},
                      {.fence = {"h", 1}, .jobs = {}}},
      .heartbeat_interval_ms = 1000,
      .lease_ms = 5000};
  CHECK(FromPb(ToPb(orders)).value() == orders);
  const JobInfo info{.definition = Job(),
                     .goal = JobGoal::kStop,
                     .state = JobState::kStopping,
                     .epoch = 4,
                     .worker = "w",
                     .worker_address = "h:1",
                     .last_error = "e",
                     .text = "t",
                     .counters = {{"c", -1}},
                     .lag_ms = 9,
                     .registered_ms = 1};
  CHECK(FromPb(ToPb(info)).value() == info);
  CHECK(FromPb(ToPb(JobInfo{.definition = Job()})).value() == JobInfo{.definition = Job()});
}

TEST_CASE("numbers that name nothing, and texts that are none, are refused", "[convert]") {
  pb::PbJobDefinition job = ToPb(Job());
  for (const int kind : {-1, 3, 1000}) {
    job.set_kind(kind);
    CHECK(FromPb(job).status().code() == ErrorCode::kCorruptMessage);
  }
  job = ToPb(Job());
  *job.add_settings() = job.settings(0);
  CHECK(FromPb(job).status().code() == ErrorCode::kInvalidConfig);
  job = ToPb(Job());
  job.clear_target();
  CHECK(FromPb(job).status().code() == ErrorCode::kInvalidConfig);

  pb::WorkerHeartbeatRequest report = ToPb(Report());
  report.mutable_groups(0)->mutable_jobs(0)->set_phase(6);
  CHECK(FromPb(report).status().code() == ErrorCode::kCorruptMessage);
  report = ToPb(Report());
  report.add_kinds(9);
  CHECK(FromPb(report).status().code() == ErrorCode::kCorruptMessage);
  report = ToPb(Report());
  report.mutable_groups(0)->mutable_fence()->set_epoch(-2);
  CHECK(FromPb(report).status().code() == ErrorCode::kCorruptMessage);
  report = ToPb(Report());
  report.set_worker(std::string(kJobNameSizeMax + 1, 'w'));
  CHECK(FromPb(report).status().code() == ErrorCode::kInvalidConfig);

  pb::PbJobInfo info = ToPb(JobInfo{.definition = Job()});
  info.set_state(8);
  CHECK(FromPb(info).status().code() == ErrorCode::kCorruptMessage);
  info.set_state(0);
  info.set_goal(3);
  CHECK(FromPb(info).status().code() == ErrorCode::kCorruptMessage);
}

TEST_CASE("what a worker says at length is cut off", "[convert]") {
  pb::WorkerHeartbeatRequest request = ToPb(Report());
  pb::PbJobReport& job = *request.mutable_groups(0)->mutable_jobs(0);
  job.set_error(std::string(kJobTextSizeMax + 10, 'e'));
  for (int i = 0; i < kJobCountersMax + 10; ++i) {
    pb::PbJobCounter& counter = *job.add_counters();
    counter.set_name("c" + std::to_string(i));
    counter.set_value(i);
  }
  const JobReport read = FromPb(request)->groups[0].jobs[0];
  CHECK(read.error.size() == kJobTextSizeMax);
  CHECK(read.counters.size() == static_cast<size_t>(kJobCountersMax));
}

TEST_CASE("a write has a fence of both fields, or none", "[convert]") {
  pb::PutKvRequest put;
  CHECK(FenceOf(put).value() == std::nullopt);
  put.set_job_group("g");
  CHECK(FenceOf(put).status().code() == ErrorCode::kCorruptMessage);
  put.set_job_epoch(3);
  CHECK(FenceOf(put).value() == JobFence{"g", 3});
  put.set_job_epoch(-1);
  CHECK(FenceOf(put).status().code() == ErrorCode::kCorruptMessage);

  pb::ProduceLogRequest produce;
  produce.set_job_epoch(3);
  CHECK_FALSE(FenceOf(produce).ok());
  produce.set_job_group(std::string(kJobNameSizeMax + 1, 'g'));
  CHECK(FenceOf(produce).status().code() == ErrorCode::kInvalidConfig);
}

}  // namespace strom::convert
