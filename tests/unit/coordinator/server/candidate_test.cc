// A candidate and its term without a network in front of them.
#include "coordinator/server/candidate.h"

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/embedded/embedded_meta_store.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_network.h"

namespace strom::coordinator {
namespace {

// Sessions of which each can be said to have expired.
class Expiring final : public metadata::MetaStoreFactory {
 public:
  explicit Expiring(metadata::MetaStoreFactory& real) : real_(real) {}

  Result<std::unique_ptr<metadata::MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(metadata::SessionState)> on_state) override {
    told_.push_back(std::move(on_state));
    return real_.Connect(strand, nullptr);
  }

  void ExpireNewest() { told_.back()(metadata::SessionState::kExpired); }
  size_t count() const { return told_.size(); }

 private:
  metadata::MetaStoreFactory& real_;
  std::vector<absl::AnyInvocable<void(metadata::SessionState)>> told_;
};

class World {
 public:
  explicit World(size_t commands_max = 1000) {
    sessions = metadata::OpenEmbeddedMetaStore(stores, "meta").value();
    network = wires.AddHost("coordinator", scheduler, clock);
    strand = std::make_shared<runtime::Strand>(scheduler);
    candidate = std::make_shared<Candidate>(
        Term::World{strand, clock, scheduler.random(), *network, views, counts},
        TermOptions{.id = "c",
                    .root = "/fluss",
                    .internal_listener = "INTERNAL",
                    .follow_wait = Seconds(5),
                    .commands_max = commands_max,
                    .notifier = {}},
        *sessions);
    OnStrand([&] { candidate->Run({}, [&](Status status) { started = status; }); });
  }
  ~World() {
    OnStrand([&] { candidate->Stop(); });
  }

  void OnStrand(runtime::Task task) {
    strand->Post(std::move(task));
    scheduler.RunReady();
  }
  Answer Note() {
    return Answer([this](Status status) { answers.push_back(status.code()); });
  }

  sim::SimScheduler scheduler{4};
  sim::SimClock clock{scheduler};
  sim::SimNetwork wires{scheduler, {}};
  sim::MemoryStoreFactory stores;
  std::unique_ptr<metadata::MetaStoreFactory> sessions;
  std::unique_ptr<rpc::Network> network;
  service::ClusterViewHolder views;
  ReplicaCounts counts;
  std::shared_ptr<runtime::Strand> strand;
  std::shared_ptr<Candidate> candidate;
  std::optional<Status> started;
  std::vector<ErrorCode> answers;
};

}  // namespace

TEST_CASE("a command whose deadline has passed is not attempted", "[coordinator]") {
  World world;
  REQUIRE(world.started);
  REQUIRE(world.started->ok());
  world.OnStrand([&] {
    Term* term = world.candidate->leading_term();
    REQUIRE(term);
    term->CreateDatabase("late", {}, false, world.scheduler.now(), world.Note());
    term->CreateDatabase("late", {}, false, world.scheduler.now() + Seconds(1), world.Note());
  });
  // Had the first made it, the second would find it there.
  CHECK(world.answers == std::vector<ErrorCode>{ErrorCode::kRequestTimeOut, ErrorCode::kOk});
}

TEST_CASE("commands beyond the queue's bound are refused", "[coordinator]") {
  World world(/*commands_max=*/2);
  world.OnStrand([&] {
    Term* term = world.candidate->leading_term();
    REQUIRE(term);
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      term->CreateDatabase(name, {}, false, MonoTime::Infinite(), world.Note());
    }
  });
  // One runs, two wait.
  CHECK(world.answers == std::vector<ErrorCode>{ErrorCode::kOperationNotAttempted,
                                                ErrorCode::kOperationNotAttempted, ErrorCode::kOk,
                                                ErrorCode::kOk, ErrorCode::kOk});
}

TEST_CASE("stopping answers what is open and gives up the lead", "[coordinator]") {
  World world;
  world.OnStrand([&] {
    Term* term = world.candidate->leading_term();
    REQUIRE(term);
    for (const char* name : {"a", "b"}) {
      term->CreateDatabase(name, {}, false, MonoTime::Infinite(), world.Note());
    }
    world.candidate->Stop();
    CHECK(world.candidate->leading_term() == nullptr);
  });
  CHECK(world.answers ==
        std::vector<ErrorCode>{ErrorCode::kNotCoordinatorLeader, ErrorCode::kNotCoordinatorLeader});
}

TEST_CASE("a coordinator whose session expires while it stands by waits on in another one",
          "[coordinator]") {
  World world;
  Expiring sessions(*world.sessions);
  service::ClusterViewHolder views;
  ReplicaCounts counts;
  const auto standby =
      std::make_shared<Candidate>(Term::World{world.strand, world.clock, world.scheduler.random(),
                                              *world.network, views, counts},
                                  TermOptions{.id = "s",
                                              .root = "/fluss",
                                              .internal_listener = "INTERNAL",
                                              .follow_wait = Seconds(5),
                                              .commands_max = 10,
                                              .notifier = {}},
                                  sessions);
  std::optional<Status> started;
  world.OnStrand([&] { standby->Run({}, [&](Status status) { started = status; }); });
  world.OnStrand([&] { sessions.ExpireNewest(); });
  world.scheduler.RunFor(Seconds(2));
  CHECK(sessions.count() == 2);
  CHECK_FALSE(started);
  world.OnStrand([&] { world.candidate->Stop(); });
  world.scheduler.RunFor(Seconds(2));
  REQUIRE(started);
  CHECK(started->ok());
  world.OnStrand([&] {
    CHECK(standby->leading_term());
    standby->Stop();
  });
}

TEST_CASE("an expired session ends the term, and the next one begins a second later",
          "[coordinator]") {
  World world;
  CoordinatorEpoch epoch;
  world.OnStrand([&] {
    Term* term = world.candidate->leading_term();
    REQUIRE(term);
    epoch = term->epoch();
    CHECK(world.views.Get()->coordinator);
    term->Lose(Error(ErrorCode::kNetwork, "expired"));
    term->Lose(Error(ErrorCode::kNetwork, "and again"));
    CHECK(world.candidate->leading_term() == nullptr);
    // What it knew would keep clients from the coordinator that leads now.
    CHECK_FALSE(world.views.Get()->coordinator);
  });
  world.scheduler.RunFor(Millis(900));
  world.OnStrand([&] { CHECK(world.candidate->leading_term() == nullptr); });
  world.scheduler.RunFor(Millis(200));
  world.OnStrand([&] {
    REQUIRE(world.candidate->leading_term());
    CHECK(world.candidate->leading_term()->epoch() == epoch.Next());
  });
}

}  // namespace strom::coordinator
