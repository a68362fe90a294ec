#include "pipeline/hosting/job_host.h"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"
#include "tests/testing/cluster/dev_cluster.h"

namespace strom::hosting {
namespace {

using testing::Eventually;

// Jobs that only say that they run. One whose script is "fail" fails at once.
class IdleJobs final : public JobFactory {
 public:
  class Idle final : public pipeline::Job {
   public:
    Idle(pipeline::JobContext context, bool fails) : context_(context), fails_(fails) {}
    Status Run() override {
      if (fails_) return Error(ErrorCode::kExternalSystem, "no such luck");
      context_.report.Update([](pipeline::JobProgress& p) { p.phase = "running"; });
      while (!context_.stop.WaitFor(Seconds(60))) {
      }
      return Status::Ok();
    }

   private:
    const pipeline::JobContext context_;
    const bool fails_;
  };

  Result<std::unique_ptr<pipeline::Job>> Make(const std::vector<JobDefinition>& jobs,
                                              const pipeline::JobContext& context) override {
    const runtime::WaitLock lock(mutex_);
    for (const JobDefinition& job : jobs) made_.insert(job.name);
    return std::unique_ptr<pipeline::Job>(
        std::make_unique<Idle>(context, jobs[0].script == "fail"));
  }
  Status CleanUp(const JobDefinition& job, bool last, const pipeline::JobContext&) override {
    const runtime::WaitLock lock(mutex_);
    cleaned_.push_back(job.name + (last ? " last" : ""));
    if (cleaned_.size() == 1) return Error(ErrorCode::kExternalSystemUnavailable, "not yet");
    return Status::Ok();
  }

  size_t made(const std::string& job) const {
    const runtime::WaitLock lock(mutex_);
    return made_.count(job);
  }
  std::vector<std::string> cleaned() const {
    const runtime::WaitLock lock(mutex_);
    return cleaned_;
  }

 private:
  mutable runtime::WaitMutex mutex_;
  std::multiset<std::string> made_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> cleaned_ ABSL_GUARDED_BY(mutex_);
};

class Host {
 public:
  Host(client::Connection& connection, std::string name, std::string incarnation)
      : host_(connection, threads_, clock_, random_, jobs_,
              {.name = std::move(name),
               .incarnation = std::move(incarnation),
               .address = "",
               .kinds = {JobKind::kCdc, JobKind::kLayer},
               .slots = 4,
               .retry_min = Millis(1)}) {
    pool_.Post([this] { host_.Run(stop_); });
  }
  ~Host() {
    stop_.Request();
    pool_.Shutdown();
  }
  IdleJobs& jobs() { return jobs_; }

 private:
  runtime::RealClock clock_;
  runtime::RealRandom random_;
  IdleJobs jobs_;
  pipeline::StopSignal stop_;
  runtime::ThreadPool threads_{{.name = "jobs", .threads = 4}};
  JobHost host_;
  runtime::ThreadPool pool_{{.name = "host", .threads = 1}};
};

JobDefinition Job(std::string name, JobKind kind, std::string group, std::string script = "run") {
  return {.name = name,
          .kind = kind,
          .group = std::move(group),
          .target = "db." + name,
          .sources = {"db.s"},
          .script = std::move(script),
          .settings = {}};
}

JobInfo InfoOf(client::Connection& connection, const std::string& job) {
  return connection.jobs().List(job).Get().value().at(0);
}

TEST_CASE("jobs are started, said to run, stopped, started again and dropped", "[hosting]") {
  testing::DevCluster cluster;
  client::Connection& connection = cluster.connection();
  REQUIRE(connection.jobs().Register(Job("a", JobKind::kLayer, "a")).Get().ok());
  Host host(connection, "w", "1");
  REQUIRE(Eventually([&] { return InfoOf(connection, "a").state == JobState::kRunning; }));
  CHECK(InfoOf(connection, "a").worker == "w");
  REQUIRE(connection.jobs().Stop("a").Get().ok());
  REQUIRE(Eventually([&] { return InfoOf(connection, "a").state == JobState::kStopped; }));
  REQUIRE(connection.jobs().Start("a").Get().ok());
  REQUIRE(Eventually([&] { return InfoOf(connection, "a").state == JobState::kRunning; }));
  CHECK(host.jobs().made("a") == 2);
  REQUIRE(connection.jobs().Drop("a").Get().ok());
  REQUIRE(Eventually([&] { return connection.jobs().List().Get().value().empty(); }));
}

TEST_CASE("a failed job says why and is tried again; others go on", "[hosting]") {
  testing::DevCluster cluster;
  client::Connection& connection = cluster.connection();
  REQUIRE(connection.jobs().Register(Job("bad", JobKind::kLayer, "bad", "fail")).Get().ok());
  REQUIRE(connection.jobs().Register(Job("good", JobKind::kLayer, "good")).Get().ok());
  Host host(connection, "w", "1");
  REQUIRE(Eventually([&] { return InfoOf(connection, "good").state == JobState::kRunning; }));
  REQUIRE(Eventually([&] { return host.jobs().made("bad") >= 3; }));
  REQUIRE(Eventually([&] {
    return InfoOf(connection, "bad").last_error.find("no such luck") != std::string::npos;
  }));
}

TEST_CASE("jobs of one group run as one, and a dropped one is cleaned up, again until it works",
          "[hosting]") {
  testing::DevCluster cluster;
  client::Connection& connection = cluster.connection();
  REQUIRE(connection.jobs().Register(Job("a", JobKind::kCdc, "g")).Get().ok());
  REQUIRE(connection.jobs().Register(Job("b", JobKind::kCdc, "g")).Get().ok());
  Host host(connection, "w", "1");
  REQUIRE(Eventually([&] { return InfoOf(connection, "b").state == JobState::kRunning; }));
  REQUIRE(connection.jobs().Drop("a").Get().ok());
  REQUIRE(Eventually([&] { return connection.jobs().List().Get().value().size() == 1; }));
  CHECK(host.jobs().cleaned() == std::vector<std::string>{"a", "a"});
  REQUIRE(Eventually([&] { return InfoOf(connection, "b").state == JobState::kRunning; }));
  REQUIRE(connection.jobs().Drop("b").Get().ok());
  REQUIRE(Eventually([&] { return connection.jobs().List().Get().value().empty(); }));
  CHECK(host.jobs().cleaned().back() == "b last");
}

TEST_CASE("a new process of a worker takes its jobs over under a newer epoch", "[hosting]") {
  testing::DevCluster cluster;
  client::Connection& connection = cluster.connection();
  REQUIRE(connection.jobs().Register(Job("a", JobKind::kLayer, "a")).Get().ok());
  auto first = std::make_unique<Host>(connection, "w", "1");
  REQUIRE(Eventually([&] { return InfoOf(connection, "a").state == JobState::kRunning; }));
  const int64_t epoch = InfoOf(connection, "a").epoch;
  first.reset();
  Host second(connection, "w", "2");
  REQUIRE(Eventually([&] {
    const JobInfo info = InfoOf(connection, "a");
    return info.state == JobState::kRunning && info.epoch > epoch;
  }));
}

}  // namespace
}  // namespace strom::hosting
