#include "tablet/replica/read_lease.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/world/sim_scheduler.h"

namespace strom::tablet {
namespace {

struct Holder {
  // A lease of a second that was asked for now.
  void Renew(int grantor) { lease.Extend(CoordinatorEpoch(grantor), clock.Now(), Seconds(1)); }
  bool Holds(int told_by) const { return lease.Check(CoordinatorEpoch(told_by)).ok(); }

  sim::SimScheduler scheduler{1};
  sim::SimClock clock{scheduler};
  ReadLease lease{clock};
};

}  // namespace

TEST_CASE("without a lease nothing may be shown", "[replica]") {
  const Holder holder;
  CHECK(holder.lease.Check(CoordinatorEpoch(1)).code() == ErrorCode::kLeaderNotAvailable);
  CHECK_FALSE(holder.Holds(-1));  // Nor what no coordinator told.
}

TEST_CASE("a lease counts from before it was asked for", "[replica]") {
  Holder holder;
  const MonoTime asked = holder.clock.Now();
  holder.scheduler.RunFor(Millis(400));  // The answer takes its time.
  holder.lease.Extend(CoordinatorEpoch(1), asked, Seconds(1));
  holder.scheduler.RunFor(Millis(599));
  CHECK(holder.Holds(1));
  holder.scheduler.RunFor(Millis(1));
  CHECK_FALSE(holder.Holds(1));
}

TEST_CASE("a lease that comes late takes nothing from a newer one", "[replica]") {
  Holder holder;
  const MonoTime asked = holder.clock.Now();
  holder.scheduler.RunFor(Millis(200));
  holder.Renew(1);
  holder.lease.Extend(CoordinatorEpoch(1), asked, Seconds(1));
  holder.scheduler.RunFor(Millis(900));
  CHECK(holder.Holds(1));
}

TEST_CASE("a lease covers what its own coordinator told", "[replica]") {
  Holder holder;
  holder.Renew(4);
  CHECK(holder.Holds(4));
  CHECK_FALSE(holder.Holds(3));
  CHECK_FALSE(holder.Holds(5));
  holder.Renew(5);
  CHECK(holder.Holds(5));
  CHECK_FALSE(holder.Holds(4));
  holder.Renew(4);  // From one that was deposed.
  CHECK(holder.Holds(5));
  CHECK_FALSE(holder.Holds(4));
}

TEST_CASE("a lease of a new coordinator may be shorter than what is left of the last one",
          "[replica]") {
  Holder holder;
  holder.Renew(1);
  holder.lease.Extend(CoordinatorEpoch(2), holder.clock.Now(), Millis(10));
  holder.scheduler.RunFor(Millis(10));
  CHECK_FALSE(holder.Holds(2));
}

}  // namespace strom::tablet
