#include "tablet/server/isr_proposer.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/rpc/methods.h"
#include "proto/types.pb.h"
#include "tests/sim/world/sim_network.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

// A proposer, and a coordinator that says what the test says.
class Proposing {
 public:
  explicit Proposing(uint64_t seed = 1) : scheduler(seed), wires(scheduler, {.seed = seed}) {
    dispatcher_.Handle(rpc::kApiVersions,
                       [this](const rpc::RequestContext& ctx, rpc::Ref<pb::ApiVersionsRequest>,
                              rpc::Responder<pb::ApiVersionsResponse> respond) {
                         pb::ApiVersionsResponse response;
                         rpc::FillApiVersions(dispatcher_, ctx.listener().audience, &response);
                         std::move(respond).Ok(response);
                       });
    dispatcher_.Handle(rpc::kAdjustIsr,
                       [this](const rpc::RequestContext&, rpc::Ref<pb::AdjustIsrRequest> request,
                              rpc::Responder<pb::AdjustIsrResponse> respond) {
                         requests.push_back(*request);
                         times.push_back(scheduler.now());
                         if (holding) {
                           held.push_back(std::move(respond));
                         } else {
                           Answer(*request, std::move(respond));
                         }
                       });
    Listen();
  }

  ~Proposing() {
    proposer->Stop();
    scheduler.RunFor(Seconds(20));
  }

  // The coordinator is reached at another port from now on.
  void Listen() {
    listener_.reset();
    listener_ = coordinator_
                    ->Listen({.endpoint = {.host = "coordinator", .port = 0},
                              .listener = {.name = "INTERNAL", .audience = rpc::Audience::kServers},
                              .authenticator = nullptr},
                             dispatcher_)
                    .value();
    service::ClusterView view;
    view.coordinator =
        ServerInfo{.id = service::kCoordinatorNode,
                   .listeners = {{"INTERNAL", {"coordinator", listener_->endpoint().port}}},
                   .rack = {}};
    views.Set(std::make_shared<const service::ClusterView>(std::move(view)));
  }

  void Answer(const pb::AdjustIsrRequest& request, rpc::Responder<pb::AdjustIsrResponse> respond) {
    if (!refuse.ok()) return std::move(respond).Fail(refuse);
    pb::AdjustIsrResponse response;
    for (const auto& table : request.tables_req()) {
      auto& answer = *response.add_tables_resp();
      answer.set_table_id(table.table_id());
      for (const auto& wanted : table.buckets_req()) {
        auto& entry = *answer.add_buckets_resp();
        convert::SetBucket(convert::BucketOf(TableId(table.table_id()), wanted), &entry);
        if (!refuse_bucket.ok()) {
          convert::SetError(refuse_bucket, &entry);
          continue;
        }
        entry.set_leader_id(request.serverid());
        entry.set_leader_epoch(wanted.leader_epoch());
        entry.set_bucket_epoch(wanted.bucket_epoch() + 1);
        entry.set_coordinator_epoch(wanted.coordinator_epoch());
        *entry.mutable_isr() = wanted.new_isr();
      }
    }
    std::move(respond).Ok(response);
  }
  void AnswerHeld() {
    auto responders = std::exchange(held, {});
    const size_t first = requests.size() - responders.size();
    for (size_t i = 0; i < responders.size(); ++i) {
      Answer(requests[first + i], std::move(responders[i]));
    }
  }

  using Outcome = std::shared_ptr<std::optional<Result<Leadership>>>;
  Outcome Propose(TableBucket bucket, int leader_epoch = 4,
                  std::vector<ServerId> isr = {ServerId(1), ServerId(2)}) {
    auto outcome = std::make_shared<std::optional<Result<Leadership>>>();
    proposer->Propose({.bucket = bucket,
                       .coordinator_epoch = CoordinatorEpoch(3),
                       .leader_epoch = LeaderEpoch(leader_epoch),
                       .bucket_epoch = BucketEpoch(8),
                       .isr = std::move(isr)},
                      [outcome](Result<Leadership> result) {
                        STROM_CHECK(!outcome->has_value()) << "answered twice";
                        outcome->emplace(std::move(result));
                      });
    return outcome;
  }
  bool Ends(const Outcome& outcome, MonoDuration limit = Seconds(30)) {
    return scheduler.RunUntil([&] { return outcome->has_value(); }, limit);
  }
  static ErrorCode CodeOf(const Outcome& outcome) {
    return outcome->has_value() ? (*outcome)->status().code() : ErrorCode::kUnknownServerError;
  }

  sim::SimScheduler scheduler;
  sim::SimClock clock{scheduler};
  sim::SimNetwork wires;
  sim::SimExecutor executor{scheduler};
  service::ClusterViewHolder views;
  std::vector<pb::AdjustIsrRequest> requests;
  std::vector<MonoTime> times;
  Status refuse;
  Status refuse_bucket;
  bool holding = false;
  std::vector<rpc::Responder<pb::AdjustIsrResponse>> held;

 private:
  rpc::Dispatcher dispatcher_;
  std::unique_ptr<rpc::Network> coordinator_ = wires.AddHost("coordinator", executor, clock);
  std::unique_ptr<rpc::Network> network_ = wires.AddHost("tablet-1", executor, clock);
  std::unique_ptr<rpc::Listener> listener_;

 public:
  std::shared_ptr<IsrProposer> proposer = std::make_shared<IsrProposer>(
      IsrProposer::World{
          .executor = executor, .clock = clock, .network = *network_, .views = views},
      IsrProposer::Options{.self = ServerId(1), .internal_listener = "INTERNAL"});
};

}  // namespace

TEST_CASE("a proposed ISR is given back as the coordinator has taken it over", "[tablet]") {
  Proposing p(static_cast<uint64_t>(GENERATE(range(1, 4))));
  const TableBucket bucket{TableId(7), PartitionId(2), BucketId(1)};
  const auto outcome = p.Propose(bucket);
  REQUIRE(p.Ends(outcome));
  const Leadership taken = (*outcome)->value();
  CHECK(taken.leader == ServerId(1));
  CHECK(taken.leader_epoch == LeaderEpoch(4));
  CHECK(taken.bucket_epoch == BucketEpoch(9));
  CHECK(taken.coordinator_epoch == CoordinatorEpoch(3));
  CHECK(taken.isr == std::vector<ServerId>{ServerId(1), ServerId(2)});
  REQUIRE(p.requests.size() == 1);
  CHECK(p.requests[0].serverid() == 1);
  CHECK(p.requests[0].tables_req(0).buckets_req(0).partition_id() == 2);
}

TEST_CASE("one request at a time has all proposals there are", "[tablet]") {
  Proposing p(static_cast<uint64_t>(GENERATE(range(1, 4))));
  p.holding = true;
  const auto first = p.Propose(Bucket(0));
  REQUIRE(p.scheduler.RunUntil([&] { return p.requests.size() == 1; }, Seconds(1)));
  const std::vector outcomes{p.Propose(Bucket(2)), p.Propose(Bucket(1, 9)), p.Propose(Bucket(1))};
  p.scheduler.RunFor(Seconds(1));
  CHECK(p.requests.size() == 1);
  p.holding = false;
  p.AnswerHeld();
  for (const auto& outcome : outcomes) REQUIRE(p.Ends(outcome));
  CHECK(first->has_value());
  REQUIRE(p.requests.size() == 2);
  REQUIRE(p.requests[1].tables_req_size() == 2);
  CHECK(p.requests[1].tables_req(0).buckets_req_size() == 2);
  CHECK(p.requests[1].tables_req(1).table_id() == 9);
}

TEST_CASE("a proposal waits for a coordinator that leads and can be reached", "[tablet]") {
  Proposing p(static_cast<uint64_t>(GENERATE(range(1, 4))));
  const auto ok = [&](const Proposing::Outcome& outcome) {
    return p.Ends(outcome, Millis(1100)) && (*outcome)->ok();
  };
  SECTION("one that does not lead is asked again, more and more rarely") {
    p.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby");
    const auto outcome = p.Propose(Bucket(0));
    p.scheduler.RunFor(Seconds(5));
    REQUIRE(p.times.size() >= 7);
    CHECK(p.times.size() <= 10);
    CHECK(p.times[1] - p.times[0] < Millis(60));
    CHECK(p.times.back() - p.times[p.times.size() - 2] >= Seconds(1));
    CHECK_FALSE(outcome->has_value());
    p.refuse = Status::Ok();
    CHECK(ok(outcome));
  }
  SECTION("lost requests") {
    p.wires.LoseRequests("coordinator", 3);
    CHECK(ok(p.Propose(Bucket(0))));
    CHECK(p.requests.size() == 1);
  }
  SECTION("lost answers") {
    p.wires.LoseAnswers("coordinator", 3);
    CHECK(ok(p.Propose(Bucket(0))));
    CHECK(p.requests.size() == 4);
  }
  SECTION("another address") {
    CHECK(ok(p.Propose(Bucket(1))));
    p.Listen();
    CHECK(ok(p.Propose(Bucket(0))));
  }
  SECTION("nobody is known yet") {
    const auto view = p.views.Get();
    p.views.Set(std::make_shared<const service::ClusterView>());
    const auto outcome = p.Propose(Bucket(0));
    p.scheduler.RunFor(Seconds(3));
    CHECK_FALSE(outcome->has_value());
    p.views.Set(view);
    CHECK(ok(outcome));
  }
  SECTION("silence") {
    CHECK(ok(p.Propose(Bucket(1))));
    p.wires.StallConnections("coordinator");
    const auto outcome = p.Propose(Bucket(0));
    CHECK(p.Ends(outcome, Seconds(6)));
    CHECK((*outcome)->ok());
  }
}

TEST_CASE("what the coordinator says of a bucket is final", "[tablet]") {
  Proposing p;
  for (const auto code : {ErrorCode::kIneligibleReplica, ErrorCode::kInvalidUpdateVersion,
                          ErrorCode::kFencedLeaderEpoch, ErrorCode::kUnknownTableOrBucket}) {
    p.refuse_bucket = Error(code, "no");
    const auto outcome = p.Propose(Bucket(0));
    REQUIRE(p.Ends(outcome));
    CHECK(p.CodeOf(outcome) == code);
  }
  CHECK(p.requests.size() == 4);
}

TEST_CASE("a proposal that may have been taken over is never called ineligible", "[tablet]") {
  Proposing p;
  p.wires.LoseAnswers("coordinator", 1);
  const auto outcome = p.Propose(Bucket(0));
  REQUIRE(p.scheduler.RunUntil([&] { return p.requests.size() == 1; }, Seconds(1)));
  p.refuse_bucket = Error(ErrorCode::kIneligibleReplica, "server 2 is gone");
  REQUIRE(p.Ends(outcome));
  CHECK(p.CodeOf(outcome) == ErrorCode::kRequestTimeOut);
}

TEST_CASE("a newer leadership ends a proposal under an older one", "[tablet]") {
  Proposing p;
  p.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby");
  const auto old = p.Propose(Bucket(0), 4);
  const auto other = p.Propose(Bucket(1), 4);
  p.scheduler.RunFor(Seconds(2));
  SECTION("that it follows under") { p.proposer->GiveUpBelow(Bucket(0), LeaderEpoch(5)); }
  SECTION("that it leads under") { p.Propose(Bucket(0), 5); }
  p.scheduler.RunReady();
  CHECK(p.CodeOf(old) == ErrorCode::kFencedLeaderEpoch);
  CHECK_FALSE(other->has_value());
  p.proposer->GiveUpBelow(Bucket(1), LeaderEpoch(4));  // No newer one.
  p.scheduler.RunReady();
  CHECK_FALSE(other->has_value());
  p.refuse = Status::Ok();
  CHECK(p.Ends(other, Seconds(2)));
}

TEST_CASE("of two proposals of a bucket the newer one counts", "[tablet]") {
  Proposing p;
  p.holding = true;
  const auto first = p.Propose(Bucket(0), 4, {ServerId(1)});
  REQUIRE(p.scheduler.RunUntil([&] { return p.requests.size() == 1; }, Seconds(1)));
  const auto second = p.Propose(Bucket(0), 4, {ServerId(1), ServerId(3)});
  const auto late = p.Propose(Bucket(0), 3);
  p.scheduler.RunReady();
  CHECK(p.CodeOf(first) == ErrorCode::kOperationNotAttempted);
  CHECK(p.CodeOf(late) == ErrorCode::kFencedLeaderEpoch);
  p.holding = false;
  p.AnswerHeld();  // To the first one: nobody waits for that any more.
  REQUIRE(p.Ends(second));
  CHECK((*second)->value().isr == std::vector<ServerId>{ServerId(1), ServerId(3)});
}

TEST_CASE("an answer that leaves out a bucket, or half of one, gives no leadership", "[tablet]") {
  Proposing p;
  p.holding = true;
  const auto outcome = p.Propose(Bucket(0));
  REQUIRE(p.scheduler.RunUntil([&] { return p.held.size() == 1; }, Seconds(1)));
  std::move(p.held[0]).Ok(pb::AdjustIsrResponse());
  p.held.clear();
  REQUIRE(p.scheduler.RunUntil([&] { return p.held.size() == 1; }, Seconds(1)));  // Asked again.
  CHECK_FALSE(outcome->has_value());
  pb::AdjustIsrResponse half;
  half.add_tables_resp()->set_table_id(7);
  half.mutable_tables_resp(0)->add_buckets_resp()->set_bucket_id(0);
  std::move(p.held[0]).Ok(half);
  p.held.clear();
  REQUIRE(p.Ends(outcome));
  CHECK(p.CodeOf(outcome) == ErrorCode::kCorruptMessage);
}

TEST_CASE("after a stop nothing is proposed, and nobody is told", "[tablet]") {
  Proposing p;
  p.refuse = Error(ErrorCode::kNotCoordinatorLeader, "standby");
  const auto waits = p.Propose(Bucket(0));
  p.scheduler.RunFor(Millis(10));
  p.proposer->Stop();
  const size_t before = p.requests.size();
  const auto late = p.Propose(Bucket(1));
  p.refuse = Status::Ok();
  p.scheduler.RunFor(Seconds(10));
  CHECK(p.requests.size() == before);
  CHECK_FALSE(waits->has_value());
  CHECK_FALSE(late->has_value());
}

}  // namespace strom::tablet
