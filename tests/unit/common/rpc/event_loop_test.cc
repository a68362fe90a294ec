#include "common/rpc/framed/event_loop.h"

#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/network.h"
#include "common/runtime/notification.h"
#include "common/runtime/strand.h"
#include "common/runtime/system_clock.h"

namespace strom::rpc::framed {

TEST_CASE("an event loop runs tasks and timers on its own thread", "[rpc]") {
  runtime::RealClock clock;
  EventLoop loop(clock);
  std::vector<int> order;
  runtime::Notification done;
  CHECK_FALSE(loop.IsCurrent());
  const MonoTime now = clock.Now();
  loop.PostAt(now + Millis(20), [&] {
    order.push_back(3);
    CHECK(clock.Now() >= now + Millis(20));
    done.Notify();
  });
  loop.PostAt(now + Millis(10), [&] { order.push_back(2); });
  loop.Post([&] {
    order.push_back(1);
    CHECK(loop.IsCurrent());
  });
  REQUIRE(done.WaitFor(Seconds(20)));
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("a cancelled timer of an event loop does not run", "[rpc]") {
  runtime::RealClock clock;
  EventLoop loop(clock);
  bool ran = false;
  runtime::Notification done;
  const MonoTime now = clock.Now();
  const runtime::TimerId timer = loop.PostAt(now + Millis(10), [&] { ran = true; });
  CHECK(loop.Cancel(timer));
  CHECK_FALSE(loop.Cancel(timer));
  loop.PostAt(now + Millis(20), [&] { done.Notify(); });
  REQUIRE(done.WaitFor(Seconds(20)));
  CHECK_FALSE(ran);
}

TEST_CASE("strands on an event loop run inline only on its thread", "[rpc]") {
  runtime::RealClock clock;
  EventLoop loop(clock);
  runtime::Strand strand(loop);
  runtime::Notification done;
  bool on_loop = false;
  bool inline_there = false;
  strand.Dispatch([&] { on_loop = loop.IsCurrent(); });  // From here: posted.
  loop.Post([&] {
    strand.Dispatch([&] { inline_there = true; });
    CHECK(inline_there);
    done.Notify();
  });
  REQUIRE(done.WaitFor(Seconds(20)));
  CHECK(on_loop);
}

TEST_CASE("a stopped event loop drops what is queued", "[rpc]") {
  runtime::RealClock clock;
  const auto token = std::make_shared<int>(0);
  {
    EventLoop loop(clock);
    loop.Stop();
    loop.Stop();
    loop.Post([token] { FAIL("ran after Stop"); });
    loop.PostAt(MonoTime(), [token] { FAIL("ran after Stop"); });
    CHECK(token.use_count() > 1);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("endpoints are written as clients write them", "[rpc]") {
  CHECK(Endpoint{"localhost", 9123}.ToString() == "localhost:9123");
  CHECK(Endpoint{"::1", 9123}.ToString() == "[::1]:9123");
}

TEST_CASE("a routing network refuses what nobody speaks", "[rpc]") {
  RoutingNetwork network({});
  const Dispatcher dispatcher;
  const auto listener = network.Listen({.endpoint = {"127.0.0.1", 0, Carrier::kGrpc}}, dispatcher);
  CHECK(listener.status().code() == ErrorCode::kInvalidConfig);
}

}  // namespace strom::rpc::framed
