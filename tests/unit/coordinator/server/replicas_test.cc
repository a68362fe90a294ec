// Tables with several replicas: the ISRs that their leaders want.
#include "tests/unit/coordinator/server/replica_calls.h"

namespace strom::coordinator {

TEST_CASE("a table's replicas are on different servers, and all of them hear of its leaders",
          "[coordinator]") {
  CoordinatorWorld world;
  for (int id = 1; id <= 3; ++id) world.AddServer(id);

  SECTION("as many as it wants") {
    world.Lead();
    REQUIRE(CreateReplicated(world, "t", 3, 3).ok());
  }
  SECTION("as many as are usual in the cluster") {
    world.Lead({.tables = {.default_replication_factor = 3}});
    REQUIRE(world.CreateTable("fluss", "t", 3).ok());
  }
  world.Settle();
  const auto metadata = world.Metadata("fluss", "t");
  for (const auto& bucket : metadata.table_metadata(0).bucket_metadata()) {
    CHECK(bucket.replica_id_size() == 3);
    CHECK(bucket.has_leader_id());
  }
  for (int id = 1; id <= 3; ++id) {
    REQUIRE(world.tablet(id).leaders.size() == 3);
    for (const auto& [bucket, told] : world.tablet(id).leaders) {
      CHECK(told == world.tablet(1).leaders.at(bucket));
      CHECK(std::set(told.replicas.begin(), told.replicas.end()).size() == 3);
      CHECK(told.isr.size() == 3);
    }
  }
  CHECK(CreateReplicated(world, "u", 1, 4).message() ==
        "table fluss.u: replication factor 4 is larger than the number of live tablet servers, 3");
}

TEST_CASE("an ISR that the leader proposes is stored before it is answered", "[coordinator]") {
  Replicated cluster;
  CHECK(cluster.Propose({1, 3}) == Accepted(1, {1, 3}));
  CHECK(cluster.Stored().isr == std::vector{ServerId(1), ServerId(3)});
  CHECK(cluster.Stored().bucket_epoch == BucketEpoch(1));
  CHECK(cluster.Stored().leader_epoch == LeaderEpoch(0));
  // Followers need not know, and no new view is made of it.
  cluster.world.Settle();
  CHECK(cluster.world.tablet(2).leaders.at(cluster.bucket).bucket_epoch == BucketEpoch(0));
  const int views = cluster.world.tablet(2).view_calls;
  cluster.seen.bucket_epoch = BucketEpoch(1);
  CHECK(cluster.Propose({1, 3, 2}) == Accepted(2, {1, 3, 2}));
  cluster.world.Settle();
  CHECK(cluster.world.tablet(2).view_calls == views);
  CHECK(cluster.world.server().totals().in_sync == 3);
  CHECK(cluster.world.server().totals().shrunk == 0);
}

TEST_CASE("proposals of many buckets are one write", "[coordinator]") {
  CoordinatorWorld world;
  for (int id = 1; id <= 2; ++id) world.AddServer(id);
  world.Lead();
  REQUIRE(CreateReplicated(world, "t", 100, 2).ok());
  const TableId table = world.IdOf("fluss", "t");
  world.Settle();
  // Each server proposes for what it leads, at the same time; and one request is for nothing.
  std::map<int, pb::AdjustIsrRequest> requests;
  for (const auto& [bucket, told] : world.tablet(1).leaders) {
    AddProposal(bucket, told, world.tablet(1).epoch, {told.leader.value()},
                &requests[told.leader.value()]);
  }
  REQUIRE(requests.size() == 2);
  requests[3];
  std::vector<CoordinatorWorld::Pending<pb::AdjustIsrResponse>> answers;
  for (auto& [server, request] : requests) {
    request.set_serverid(server);
    answers.push_back(world.Send(rpc::kAdjustIsr, request, "coordinator", Seconds(5), "INTERNAL"));
  }
  REQUIRE(world.RunUntil(
      [&] {
        return std::ranges::all_of(answers, [](const auto& answer) { return answer->has_value(); });
      },
      Seconds(1)));
  int accepted = 0;
  for (const auto& answer : answers) {
    REQUIRE((*answer)->ok());
    for (const auto& of_table : (**answer)->tables_resp()) {
      for (const auto& entry : of_table.buckets_resp()) {
        CHECK_FALSE(entry.has_error_code());
        CHECK(entry.isr_size() == 1);
        ++accepted;
      }
    }
  }
  CHECK(accepted == 100);
  std::set<int64_t> writes;
  for (int32_t b = 0; b < 100; ++b) {
    writes.insert(world.Read(kPaths.LeaderAndIsr(BucketOf(table, b))).value.stat.modified_zxid);
  }
  CHECK(writes.size() <= 2);  // One, if both requests met the same event.
}

TEST_CASE("proposals with old epochs, of strangers, or with those that are gone are refused",
          "[coordinator]") {
  Replicated cluster;
  REQUIRE(cluster.Propose({1, 2}) == Accepted(1, {1, 2}));
  const auto stored = cluster.Stored();

  SECTION("an old bucket epoch: the leader hears the news again") {
    const int calls = cluster.world.tablet(1).leader_calls;
    CHECK(cluster.Propose({1}) == Refused(ErrorCode::kInvalidUpdateVersion));
    REQUIRE(cluster.world.RunUntil([&] { return cluster.world.tablet(1).leader_calls > calls; },
                                   Seconds(1)));
    CHECK(cluster.world.tablet(1).leaders.at(cluster.bucket).bucket_epoch == BucketEpoch(1));
  }
  SECTION("another leader") {
    cluster.seen.bucket_epoch = BucketEpoch(1);
    cluster.proposer = 2;
    CHECK(cluster.Propose({1, 2}) == Refused(ErrorCode::kFencedLeaderEpoch));
  }
  SECTION("a later coordinator") {
    cluster.seen.bucket_epoch = BucketEpoch(1);
    cluster.coordinator_epoch = cluster.coordinator_epoch.Next();
    CHECK(cluster.Propose({1, 2}) == Refused(ErrorCode::kInvalidCoordinator));
  }
  SECTION("another bucket") {
    cluster.bucket.bucket = BucketId(5);
    CHECK(cluster.Propose({1}) == Refused(ErrorCode::kUnknownTableOrBucket));
    cluster.bucket.bucket = BucketId(0);
  }
  SECTION("a new member that is gone") {
    cluster.world.tablet(3).Die();
    cluster.world.Settle();
    cluster.seen.bucket_epoch = cluster.Stored().bucket_epoch;
    CHECK(cluster.Propose({1, 2, 3}) == Refused(ErrorCode::kIneligibleReplica));
  }
  CHECK(cluster.Stored().isr == stored.isr);
}

TEST_CASE("the cluster's health tells of replicas that are not in sync", "[coordinator]") {
  Replicated cluster;
  const auto health = [&] {
    const auto answer =
        cluster.world.Call(rpc::kGetClusterHealth, pb::GetClusterHealthRequest()).value();
    return fmt::format("{} of {} in sync, {} of {} led, status {}", answer.in_sync_replicas(),
                       answer.num_replicas(), answer.active_leader_replicas(),
                       answer.num_leader_replicas(), answer.status());
  };
  CHECK(health() == "3 of 3 in sync, 1 of 1 led, status 0");
  REQUIRE(cluster.Propose({1}) == Accepted(1, {1}));
  CHECK(health() == "1 of 3 in sync, 1 of 1 led, status 1");
  cluster.world.tablet(1).Die();
  cluster.world.Settle();
  CHECK(health() == "0 of 3 in sync, 0 of 1 led, status 2");
}

TEST_CASE("clients may not propose", "[coordinator]") {
  Replicated cluster;
  const auto answer =
      cluster.world.Call(rpc::kAdjustIsr, cluster.Request({1}), "coordinator", "FLUSS");
  CHECK_FALSE(answer.ok());
  CHECK(cluster.Stored().bucket_epoch == BucketEpoch(0));
}

TEST_CASE("a proposal whose answer is lost with the coordinator is accepted once",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  world.wires.LoseAnswers("coordinator", 1);
  const auto first =
      world.Send(rpc::kAdjustIsr, cluster.Request({1, 2}), "coordinator", Seconds(5), "INTERNAL");
  REQUIRE(world.RunUntil([&] { return first->has_value(); }, Seconds(1)));
  CHECK((*first)->status().code() == ErrorCode::kNetwork);
  REQUIRE(cluster.Stored().bucket_epoch == BucketEpoch(1));
  world.wires.LoseAnswers("coordinator", 0);

  SECTION("the same coordinator is asked again") {}
  SECTION("the next one is") {
    world.CrashCoordinator();
    world.Lead();
    world.Settle();
  }
  CHECK(cluster.Propose({1, 2}) == Accepted(1, {1, 2}));
  CHECK(cluster.Stored().bucket_epoch == BucketEpoch(1));
  CHECK(cluster.Stored().isr.size() == 2);
}

TEST_CASE("a proposal that a crash cut off is made anew under the next coordinator",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  const auto lost =
      world.Send(rpc::kAdjustIsr, cluster.Request({1, 2}), "coordinator", Seconds(5), "INTERNAL");
  world.CrashCoordinator();
  world.Lead();
  world.Settle();
  REQUIRE(lost->has_value());
  CHECK_FALSE((*lost)->ok());
  REQUIRE(cluster.Stored().bucket_epoch == BucketEpoch(0));
  CHECK(cluster.Propose({1, 2}) == Refused(ErrorCode::kInvalidUpdateVersion));
  cluster.coordinator_epoch = world.tablet(1).epoch;
  CHECK(cluster.Propose({1, 2}) == Accepted(1, {1, 2}));
}

TEST_CASE("proposals that race with the loss of servers leave one truth", "[coordinator]") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Replicated cluster(seed);
    CoordinatorWorld& world = cluster.world;
    sim::SimRandom random(seed);
    // Two proposals in view of the same state, and then a server is lost, maybe the leader.
    const int32_t dies = static_cast<int32_t>(1 + random.Uniform(3));
    std::vector<CoordinatorWorld::Pending<pb::AdjustIsrResponse>> pending;
    const auto send = [&](const std::vector<int32_t>& isr) {
      pending.push_back(
          world.Send(rpc::kAdjustIsr, cluster.Request(isr), "coordinator", Seconds(5), "INTERNAL"));
      world.scheduler.RunFor(Micros(static_cast<int64_t>(random.Uniform(1500))));
    };
    send({1, 2});
    if (random.Chance(0.5)) world.tablet(dies).Die();
    send({1, 3});
    if (world.tablet(dies).running()) world.tablet(dies).Die();
    world.Settle();

    int accepted = 0;
    BucketEpoch newest;
    for (const auto& answer : pending) {
      REQUIRE(answer->has_value());
      REQUIRE((*answer)->ok());
      const auto& entry = (**answer)->tables_resp(0).buckets_resp(0);
      if (entry.has_error_code()) continue;
      ++accepted;
      newest = std::max(newest, BucketEpoch(entry.bucket_epoch()));
    }
    CHECK(accepted <= 1);
    const metadata::LeaderAndIsr stored = cluster.Stored();
    CHECK(stored.bucket_epoch >= newest);
    CHECK_FALSE(stored.isr.empty());
    CHECK(stored.leader != ServerId(dies));
    // The last member stays, even if it is the one that died.
    CHECK((stored.isr.size() == 1 || !IsIn(stored.isr, dies)));
    CHECK((stored.leader == kNoServer || IsIn(stored.isr, stored.leader.value())));
    // Who leads knows what is stored.
    if (stored.leader == kNoServer) continue;
    const auto& told = world.tablet(stored.leader.value()).leaders.at(cluster.bucket);
    CHECK(told.leader == stored.leader);
    CHECK(told.leader_epoch == stored.leader_epoch);
  }
}

// The leader knows more than a notice that is repeated because its answer got lost.
TEST_CASE("a leader that was started anew while no coordinator looked leads under a new epoch",
          "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  world.CrashCoordinator();
  world.tablet(1).spent_epoch = LeaderEpoch(0);
  world.Lead();
  world.Settle();
  CHECK(cluster.Stored().leader == ServerId(1));
  CHECK(cluster.Stored().leader_epoch == LeaderEpoch(1));
  CHECK(cluster.Stored().isr == std::vector{ServerId(1), ServerId(2), ServerId(3)});
  for (int id = 1; id <= 3; ++id) {
    CHECK(world.tablet(id).leaders.at(cluster.bucket).leader_epoch == LeaderEpoch(1));
  }
}

TEST_CASE("a notice that is older than an ISR that was accepted gives way to it", "[coordinator]") {
  Replicated cluster;
  CoordinatorWorld& world = cluster.world;
  TabletFake& leader = world.tablet(1);
  leader.hold_leaders = true;
  world.tablet(3).Die();
  REQUIRE(world.RunUntil([&] { return leader.held_count() > 0; }, Seconds(1)));
  leader.Release();  // It has taken the news, but the answer gets lost.
  world.wires.BreakConnections(leader.host());
  leader.hold_leaders = false;
  cluster.seen = leader.leaders.at(cluster.bucket);
  REQUIRE(cluster.seen.isr.size() == 2);
  REQUIRE(cluster.Propose({1}) == Accepted(cluster.seen.bucket_epoch.value() + 1, {1}));
  leader.leaders.at(cluster.bucket).bucket_epoch = cluster.Stored().bucket_epoch;
  world.scheduler.RunFor(Seconds(5));
  const int calls = leader.leader_calls;
  CHECK(leader.leaders.at(cluster.bucket).isr == std::vector{ServerId(1)});
  world.scheduler.RunFor(Seconds(30));
  CHECK(leader.leader_calls == calls);  // It is not refused for ever.
}

}  // namespace strom::coordinator
