#include "tablet/replica/promises.h"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {
namespace {

constexpr ServerId kTwo{2}, kThree{3};
const std::vector<ServerId> kBoth{kTwo, kThree};

MonoTime At(int64_t ms) { return MonoTime() + Seconds(1000) + Millis(ms); }
LeaderEpoch Epoch(int epoch) { return LeaderEpoch(epoch); }

}  // namespace

TEST_CASE("a leader may show rows until the first promise of all is over", "[replica]") {
  HeldPromises held;
  held.OnPromise(kTwo, At(100));
  CHECK(held.Until(kBoth) == MonoTime());  // The other one has promised nothing.
  held.OnPromise(kThree, At(40));
  CHECK(held.Until(kBoth) == At(40) + kPromiseHeld);
  held.OnPromise(kThree, At(300));
  CHECK(held.Until(kBoth) == At(100) + kPromiseHeld);
  held.OnPromise(kTwo, At(50));  // It comes late.
  CHECK(held.Until(kBoth) == At(100) + kPromiseHeld);
}

TEST_CASE("who cannot be elected need not promise", "[replica]") {
  HeldPromises held;
  CHECK(held.Until({}) == MonoTime::Infinite());
  held.OnPromise(kTwo, At(100));
  CHECK(held.Until(std::vector{kTwo}) == At(100) + kPromiseHeld);
}

TEST_CASE("a follower that becomes leader keeps what it promised last", "[replica]") {
  GivenPromises given{MonoTime()};
  CHECK(given.FreeAt(Epoch(1)) <= At(0));
  given.Promise(Epoch(4), At(0));
  given.Promise(Epoch(4), At(250));
  CHECK(given.FreeAt(Epoch(5)) == At(250) + kPromiseGiven);
}

TEST_CASE("a promise to a leader that is known to have ended is void", "[replica]") {
  GivenPromises given{MonoTime()};
  given.Promise(Epoch(4), At(0));
  given.Promise(Epoch(6), At(300));
  CHECK(given.FreeAt(Epoch(7)) == At(300) + kPromiseGiven);
  CHECK(given.FreeAt(Epoch(6)) == At(0) + kPromiseGiven);
  CHECK(given.FreeAt(Epoch(4)) <= At(0));
}

TEST_CASE("what was promised by the process before is kept unless there was no leader",
          "[replica]") {
  const GivenPromises given(At(0));
  CHECK(given.FreeAt(Epoch(5)) == At(0) + kPromiseGiven);
  CHECK(given.FreeAt(Epoch(1)) == At(0) + kPromiseGiven);  // To the first leader.
  CHECK(given.FreeAt(Epoch(0)) <= At(0));
}

// What one clock does in a second, another one does in at least 0.9.
TEST_CASE("the leader's right ends before its follower is free, by clocks that differ",
          "[replica]") {
  for (const double speed : {0.9, 1.0, 1.1}) {  // Of the follower's clock.
    for (const int64_t way_ms : {0, 1, 500, 5000}) {
      HeldPromises held;
      held.OnPromise(kTwo, At(0));
      GivenPromises given{MonoTime()};
      // It was sent at 0 and taken on the way's end, when the follower's clock showed that:
      const MonoTime taken = At(77'000);
      given.Promise(Epoch(1), taken);
      const double kept_ms = static_cast<double>((given.FreeAt(Epoch(2)) - taken).millis()) / speed;
      const double free_ms = static_cast<double>(way_ms) + kept_ms;
      const auto ends_ms = static_cast<double>((held.Until(std::vector{kTwo}) - At(0)).millis());
      CHECK(ends_ms < free_ms);
    }
  }
}

}  // namespace strom::tablet
