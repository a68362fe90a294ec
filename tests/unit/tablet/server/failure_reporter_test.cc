#include "tablet/server/failure_reporter.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "proto/strom.pb.h"
#include "tests/unit/tablet/replica/replica_fixture.h"
#include "tests/unit/tablet/server/scripted_coordinator.h"

namespace strom::tablet {
namespace {

struct Reporting
    : ScriptedCoordinator<pb::ReportFailedReplicasRequest, pb::ReportFailedReplicasResponse> {
  explicit Reporting(uint64_t seed = 1) : ScriptedCoordinator(rpc::kReportFailedReplicas, seed) {}
  ~Reporting() {
    reporter->Stop();
    scheduler.RunFor(Seconds(20));
  }

  bool Hears(size_t count, MonoDuration limit = Seconds(2)) {
    return scheduler.RunUntil([&] { return requests.size() >= count; }, limit);
  }
  // Of the request with this number.
  std::vector<TableBucket> Named(size_t number) const {
    std::vector<TableBucket> buckets;
    for (const auto& bucket : requests.at(number).buckets()) {
      buckets.push_back(convert::FromPb(bucket));
    }
    return buckets;
  }

  std::shared_ptr<FailureReporter> reporter = std::make_shared<FailureReporter>(
      FailureReporter::World{
          .executor = executor, .clock = clock, .network = *network, .views = views},
      FailureReporter::Options{.self = ServerId(7), .internal_listener = "INTERNAL"});
};

}  // namespace

TEST_CASE("the coordinator hears of a failed replica once, and in which life of the server",
          "[tablet]") {
  Reporting r(static_cast<uint64_t>(GENERATE(range(1, 4))));
  r.reporter->Report(Bucket(0));
  r.scheduler.RunFor(Seconds(10));
  CHECK(r.requests.empty());  // The server is not in the cluster yet.
  r.reporter->SetStartEpoch(31);
  REQUIRE(r.Hears(1));
  CHECK(r.requests[0].tablet_server_id() == 7);
  CHECK(r.requests[0].start_epoch() == 31);
  CHECK(r.Named(0) == std::vector{Bucket(0)});
  r.scheduler.RunFor(Seconds(10));
  CHECK(r.requests.size() == 1);
}

TEST_CASE("failures that come together, or during a call, share the next one", "[tablet]") {
  Reporting r;
  r.holding = true;
  r.reporter->SetStartEpoch(31);
  r.reporter->Report(Bucket(0));
  REQUIRE(r.Hears(1));
  for (const int bucket : {2, 1, 2}) r.reporter->Report(Bucket(bucket));
  r.scheduler.RunFor(Millis(100));
  CHECK(r.requests.size() == 1);
  std::move(r.held[0]).Ok(pb::ReportFailedReplicasResponse());
  REQUIRE(r.Hears(2));
  CHECK(r.Named(1) == std::vector{Bucket(1), Bucket(2)});
}

TEST_CASE("a report is repeated until it is answered, wherever the coordinator is then",
          "[tablet]") {
  Reporting r(static_cast<uint64_t>(GENERATE(range(1, 4))));
  r.reporter->SetStartEpoch(31);
  SECTION("no coordinator is known") {
    r.views.Set(std::make_shared<const service::ClusterView>());
  }
  SECTION("none listens") { r.Die(); }
  SECTION("it does not lead") { r.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby"); }
  SECTION("it has not seen the server yet") { r.refuse = Error(ErrorCode::kServerNotExist, "who"); }
  SECTION("it does not answer") { r.holding = true; }
  r.reporter->Report(Bucket(0));
  r.scheduler.RunFor(Seconds(9));
  CHECK(r.requests.size() <= 14);  // 50 ms, doubling to one second.
  r.reporter->SetStartEpoch(32);
  r.reporter->Report(Bucket(1));
  const size_t before = r.requests.size();
  r.refuse = Status::Ok();
  r.holding = false;
  r.Listen();
  REQUIRE(r.Hears(before + 1, Seconds(6)));
  CHECK(r.Named(before) == std::vector{Bucket(0), Bucket(1)});
  CHECK(r.requests[before].start_epoch() == 32);
  r.scheduler.RunFor(Seconds(10));
  CHECK(r.requests.size() == before + 1);
}

TEST_CASE("after its stop nothing is reported", "[tablet]") {
  Reporting r;
  r.reporter->SetStartEpoch(31);
  r.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby");
  r.reporter->Report(Bucket(0));
  REQUIRE(r.Hears(1));
  r.scheduler.RunFor(Millis(10));
  r.reporter->Stop();
  r.reporter->Report(Bucket(1));
  const size_t before = r.requests.size();
  r.refuse = Status::Ok();
  r.scheduler.RunFor(Seconds(10));
  CHECK(r.requests.size() == before);
}

}  // namespace strom::tablet
