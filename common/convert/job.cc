#include "common/convert/job.h"

#include <algorithm>
#include <utility>

#include "common/convert/key_values.h"

namespace strom::convert {
namespace {

// The enumerator with this number; `last` is the highest one.
template <class Enum>
Result<Enum> EnumOf(int32_t number, Enum last, std::string_view what) {
  if (number < 0 || number > static_cast<int32_t>(last)) {
    return Error(ErrorCode::kCorruptMessage, "{} is no {} of a job", number, what);
  }
  return static_cast<Enum>(number);
}

Status CheckText(const std::string& text, std::string_view what) {
  if (!text.empty() && text.size() <= kJobNameSizeMax) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "{} of {} bytes, 1 to {} are possible", what, text.size(),
               kJobNameSizeMax);
}

std::string Cut(const std::string& text) { return text.substr(0, kJobTextSizeMax); }

using PbCounters = google::protobuf::RepeatedPtrField<pb::PbJobCounter>;

std::map<std::string, int64_t> FromPb(const PbCounters& counters) {
  std::map<std::string, int64_t> read;
  for (int i = 0; i < std::min(counters.size(), kJobCountersMax); ++i) {
    read[counters[i].name().substr(0, kJobNameSizeMax)] = counters[i].value();
  }
  return read;
}

void AddCounters(const std::map<std::string, int64_t>& counters, PbCounters* out) {
  for (const auto& [name, value] : counters) {
    pb::PbJobCounter& counter = *out->Add();
    counter.set_name(name);
    counter.set_value(value);
  }
}

Result<JobReport> FromPb(const pb::PbJobReport& in) {
  JobReport report;
  STROM_RETURN_IF_ERROR(CheckText(in.name(), "a job's name"));
  report.job = in.name();
  STROM_ASSIGN_OR_RETURN(report.phase, EnumOf(in.phase(), JobPhase::kCleanedUp, "phase"));
  report.error = Cut(in.error());
  report.text = Cut(in.text());
  report.counters = FromPb(in.counters());
  if (in.has_lag_ms()) report.lag_ms = in.lag_ms();
  return report;
}

pb::PbJobReport ToPb(const JobReport& report) {
  pb::PbJobReport out;
  out.set_name(report.job);
  out.set_phase(static_cast<int32_t>(report.phase));
  if (!report.error.empty()) out.set_error(report.error);
  if (!report.text.empty()) out.set_text(report.text);
  AddCounters(report.counters, out.mutable_counters());
  if (report.lag_ms) out.set_lag_ms(*report.lag_ms);
  return out;
}

}  // namespace

Result<JobDefinition> FromPb(const pb::PbJobDefinition& in) {
  JobDefinition job;
  job.name = in.name();
  STROM_ASSIGN_OR_RETURN(job.kind, EnumOf(in.kind(), JobKind::kSink, "kind"));
  job.group = in.job_group();
  job.target = in.target();
  job.sources.assign(in.sources().begin(), in.sources().end());
  job.script = in.script();
  STROM_ASSIGN_OR_RETURN(const PropertyMap settings, FromPb(in.settings()));
  job.settings = {settings.begin(), settings.end()};
  STROM_RETURN_IF_ERROR(CheckJobDefinition(job));
  return job;
}

pb::PbJobDefinition ToPb(const JobDefinition& job) {
  pb::PbJobDefinition out;
  out.set_name(job.name);
  out.set_kind(static_cast<int32_t>(job.kind));
  out.set_job_group(job.group);
  out.set_target(job.target);
  for (const std::string& source : job.sources) out.add_sources(source);
  out.set_script(job.script);
  *out.mutable_settings() = ToPb(PropertyMap(job.settings.begin(), job.settings.end()));
  return out;
}

Result<JobFence> FromPb(const pb::PbJobFence& fence) {
  STROM_RETURN_IF_ERROR(CheckText(fence.job_group(), "a job's group"));
  if (fence.epoch() < 0) {
    return Error(ErrorCode::kCorruptMessage, "group {} without an epoch", fence.job_group());
  }
  return JobFence{.group = fence.job_group(), .epoch = fence.epoch()};
}

pb::PbJobFence ToPb(const JobFence& fence) {
  pb::PbJobFence out;
  out.set_job_group(fence.group);
  out.set_epoch(fence.epoch);
  return out;
}

Result<JobInfo> FromPb(const pb::PbJobInfo& in) {
  JobInfo info;
  STROM_ASSIGN_OR_RETURN(info.definition, FromPb(in.job()));
  STROM_ASSIGN_OR_RETURN(info.goal, EnumOf(in.goal(), JobGoal::kDrop, "goal"));
  STROM_ASSIGN_OR_RETURN(info.state, EnumOf(in.state(), JobState::kDropping, "state"));
  info.epoch = in.epoch();
  info.worker = in.worker();
  info.worker_address = in.worker_address();
  info.last_error = in.last_error();
  info.text = in.text();
  info.counters = FromPb(in.counters());
  if (in.has_lag_ms()) info.lag_ms = in.lag_ms();
  info.registered_ms = in.registered_ms();
  return info;
}

pb::PbJobInfo ToPb(const JobInfo& info) {
  pb::PbJobInfo out;
  *out.mutable_job() = ToPb(info.definition);
  out.set_goal(static_cast<int32_t>(info.goal));
  out.set_state(static_cast<int32_t>(info.state));
  out.set_epoch(info.epoch);
  if (!info.worker.empty()) out.set_worker(info.worker);
  if (!info.worker_address.empty()) out.set_worker_address(info.worker_address);
  if (!info.last_error.empty()) out.set_last_error(info.last_error);
  if (!info.text.empty()) out.set_text(info.text);
  AddCounters(info.counters, out.mutable_counters());
  if (info.lag_ms) out.set_lag_ms(*info.lag_ms);
  out.set_registered_ms(info.registered_ms);
  return out;
}

Result<WorkerReport> FromPb(const pb::WorkerHeartbeatRequest& in) {
  WorkerReport report;
  STROM_RETURN_IF_ERROR(CheckText(in.worker(), "a worker's name"));
  STROM_RETURN_IF_ERROR(CheckText(in.incarnation(), "a worker's incarnation"));
  report.worker = in.worker();
  report.incarnation = in.incarnation();
  report.address = in.address().substr(0, kJobNameSizeMax);
  for (const int32_t number : in.kinds()) {
    STROM_ASSIGN_OR_RETURN(const JobKind kind, EnumOf(number, JobKind::kSink, "kind"));
    report.kinds.insert(kind);
  }
  report.slots = in.slots();
  for (const pb::PbGroupReport& group : in.groups()) {
    GroupReport& read = report.groups.emplace_back();
    STROM_ASSIGN_OR_RETURN(read.fence, FromPb(group.fence()));
    for (const pb::PbJobReport& job : group.jobs()) {
      STROM_ASSIGN_OR_RETURN(JobReport one, FromPb(job));
      read.jobs.push_back(std::move(one));
    }
  }
  return report;
}

pb::WorkerHeartbeatRequest ToPb(const WorkerReport& report) {
  pb::WorkerHeartbeatRequest out;
  out.set_worker(report.worker);
  out.set_incarnation(report.incarnation);
  if (!report.address.empty()) out.set_address(report.address);
  for (const JobKind kind : report.kinds) out.add_kinds(static_cast<int32_t>(kind));
  out.set_slots(report.slots);
  for (const GroupReport& group : report.groups) {
    pb::PbGroupReport& entry = *out.add_groups();
    *entry.mutable_fence() = ToPb(group.fence);
    for (const JobReport& job : group.jobs) *entry.add_jobs() = ToPb(job);
  }
  return out;
}

Result<WorkerOrders> FromPb(const pb::WorkerHeartbeatResponse& in) {
  WorkerOrders orders;
  for (const pb::PbJobAssignment& assignment : in.assignments()) {
    JobAssignment& read = orders.assignments.emplace_back();
    STROM_ASSIGN_OR_RETURN(read.fence, FromPb(assignment.fence()));
    for (const pb::PbAssignedJob& entry : assignment.jobs()) {
      AssignedJob job;
      STROM_ASSIGN_OR_RETURN(job.definition, FromPb(entry.job()));
      STROM_ASSIGN_OR_RETURN(job.goal, EnumOf(entry.goal(), JobGoal::kDrop, "goal"));
      read.jobs.push_back(std::move(job));
    }
  }
  orders.heartbeat_interval_ms = in.heartbeat_interval_ms();
  orders.lease_ms = in.lease_ms();
  return orders;
}

pb::WorkerHeartbeatResponse ToPb(const WorkerOrders& orders) {
  pb::WorkerHeartbeatResponse out;
  for (const JobAssignment& assignment : orders.assignments) {
    pb::PbJobAssignment& entry = *out.add_assignments();
    *entry.mutable_fence() = ToPb(assignment.fence);
    for (const AssignedJob& job : assignment.jobs) {
      pb::PbAssignedJob& assigned = *entry.add_jobs();
      *assigned.mutable_job() = ToPb(job.definition);
      assigned.set_goal(static_cast<int32_t>(job.goal));
    }
  }
  out.set_heartbeat_interval_ms(orders.heartbeat_interval_ms);
  out.set_lease_ms(orders.lease_ms);
  return out;
}

}  // namespace strom::convert
