// IsrTracker against the plainest possible statement of what it promises.
#include <map>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/result.h"
#include "tablet/replica/isr_tracker.h"
#include "tests/sim/world/sim_random.h"

namespace strom::tablet {
namespace {

using Servers = std::vector<ServerId>;

// What the world is like, the coordinator's side included, which the leader does not see.
struct World {
  std::map<ServerId, LogOffset>
      logs;                   // Where each server's log ends: what it would have if elected.
  Servers isr;                // Committed in the metadata.
  std::vector<Servers> late;  // Proposals the leader gave up, still on their way.
};

}  // namespace

TEST_CASE("whoever may be elected holds what is committed, whatever answers get lost",
          "[replica]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 200)));
  INFO("seed " << seed);
  sim::SimRandom random(seed);
  const ServerId leader(1);
  const Servers replicas{leader, ServerId(2), ServerId(3), ServerId(4)};
  const size_t isr_min = 1 + random.Uniform(3);

  World world;
  world.isr = replicas;
  for (const ServerId server : replicas) world.logs[server] = LogOffset(0);
  MonoTime now = MonoTime() + Seconds(1);
  const auto committed = [&](Servers isr) {
    return IsrTracker::Committed{.replicas = replicas, .isr = std::move(isr), .isr_min = isr_min};
  };
  IsrTracker tracker({.leader = leader, .epoch_start = LogOffset(0), .lag_max = Millis(500)},
                     committed(world.isr), LogOffset(0), now);

  bool unknown = false;  // The metadata is newer than what the leader knows.
  // All others are for an older state from then on.
  const auto commit = [&](Servers isr) {
    world.isr = std::move(isr);
    world.late.clear();
    unknown = true;
  };
  std::optional<Servers> proposed;
  LogOffset before;
  int moves = 0;
  for (int step = 0; step < 400; ++step) {
    now = now + Millis(static_cast<int64_t>(random.Uniform(60)));
    const ServerId follower = replicas[1 + random.Uniform(3)];
    switch (random.Uniform(11)) {
      case 0:
      case 1: {  // The leader appends.
        const LogOffset end(world.logs[leader].value() + 1 +
                            static_cast<int64_t>(random.Uniform(5)));
        world.logs[leader] = end;
        tracker.OnLeaderLog(end, end);
        break;
      }
      case 2:
      case 3:
      case 4:
      case 5:  // A follower fetches, having taken some of what it got.
      case 6: {
        const int64_t missing = world.logs[leader].value() - world.logs[follower].value();
        world.logs[follower] =
            LogOffset(world.logs[follower].value() +
                      static_cast<int64_t>(random.Uniform(static_cast<uint64_t>(missing) + 1)));
        REQUIRE(tracker.OnFollowerFetch(follower, world.logs[follower], now).ok());
        break;
      }
      case 7:
        if (!proposed) {
          proposed = tracker.Propose(now);
          // The state the proposal goes on from is not the newest: the coordinator refuses.
          if (proposed && !unknown && random.Chance(0.6)) commit(*proposed);
        }
        break;
      case 8:  // An answer, or its loss.
        if (!proposed) break;
        if (!unknown && random.Chance(0.5)) {
          tracker.OnRefused(now);
        } else if (!unknown) {
          tracker.OnDoubt(now);
          world.late.push_back(*proposed);
        } else if (random.Chance(0.5)) {
          tracker.OnDoubt(now);
        } else {
          tracker.OnCommitted(committed(world.isr), now);
          unknown = false;
        }
        proposed.reset();
        break;
      case 9:  // The coordinator tells the newest state.
        if (!unknown) break;
        tracker.OnCommitted(committed(world.isr), now);
        unknown = false;
        proposed.reset();
        break;
      case 10:  // A proposal that was thought lost arrives.
        if (unknown || world.late.empty()) break;
        commit(Servers(world.late[random.Uniform(world.late.size())]));
        break;
    }
    const LogOffset high_watermark = tracker.high_watermark();
    REQUIRE(high_watermark >= before);
    REQUIRE(high_watermark <= world.logs[leader]);
    moves += high_watermark > before ? 1 : 0;
    before = high_watermark;
    for (const ServerId member : world.isr) {
      INFO("step " << step << " server " << member << " high watermark " << high_watermark);
      REQUIRE(world.logs[member] >= high_watermark);
    }
  }
  CHECK(moves > 3);
}

}  // namespace strom::tablet
