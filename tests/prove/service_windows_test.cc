#include "tests/prove/judge/service_windows.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::prove {
namespace {

MonoTime At(int64_t ms) { return MonoTime() + Millis(ms); }
sim::Interval From(int64_t invoked_ms, int64_t completed_ms) {
  return {.invoked = At(invoked_ms), .completed = At(completed_ms)};
}

TEST_CASE("a window reaches from the last success before a fault to the first behind it",
          "[prove]") {
  ServiceWindows windows(1, At(0));
  for (int64_t ms = 10; ms <= 100; ms += 10) windows.OnSuccess(0, From(ms - 5, ms));
  windows.Open();                       // At 105, say.
  windows.OnSuccess(0, From(95, 800));  // It was on its way when the server died.
  windows.OnSuccess(0, From(805, 810));
  CHECK(windows.Close(At(820)) == std::vector{Millis(700)});
}

TEST_CASE("a service that has not come back has a window until now", "[prove]") {
  ServiceWindows windows(2, At(0));
  windows.OnSuccess(0, From(0, 100));
  windows.Open();
  windows.OnSuccess(1, From(100, 150));
  CHECK(windows.Close(At(1000)) == std::vector{Millis(900), Millis(850)});
}

TEST_CASE("one that never served has a window since the start", "[prove]") {
  ServiceWindows windows(1, At(200));
  windows.Open();
  CHECK(windows.Close(At(500)) == std::vector{Millis(300)});
}

TEST_CASE("a watch sees the longest of its own windows only", "[prove]") {
  ServiceWindows windows(1, At(0));
  windows.Open();
  windows.OnSuccess(0, From(0, 5000));
  CHECK(windows.Close(At(5010)) == std::vector{Millis(5000)});
  windows.Open();
  windows.OnSuccess(0, From(5000, 5020));
  windows.OnSuccess(0, From(5000, 5070));
  windows.OnSuccess(0, From(5000, 5100));
  CHECK(windows.Close(At(5110)) == std::vector{Millis(50)});
}

TEST_CASE("successes that are told late make no window longer", "[prove]") {
  ServiceWindows windows(1, At(0));
  windows.Open();
  windows.OnSuccess(0, From(0, 100));
  windows.OnSuccess(0, From(0, 90));
  windows.OnSuccess(0, From(0, 110));
  CHECK(windows.Close(At(115)) == std::vector{Millis(100)});
}

TEST_CASE("only what was asked for since counts as served since", "[prove]") {
  ServiceWindows windows(2, At(0));
  windows.OnSuccess(0, From(90, 300));  // Asked for before.
  windows.OnSuccess(1, From(150, 200));
  CHECK(windows.NotServedSince(At(100), 2) == size_t{0});
  windows.OnSuccess(0, From(100, 310));
  CHECK(windows.NotServedSince(At(100), 2) == std::nullopt);
  windows.OnSuccess(0, From(80, 320));  // An older one changes nothing.
  CHECK(windows.NotServedSince(At(100), 2) == std::nullopt);
  CHECK(windows.NotServedSince(At(151), 2) == size_t{0});
  windows.OnSuccess(0, From(160, 330));
  CHECK(windows.NotServedSince(At(151), 2) == size_t{1});
  CHECK(windows.NotServedSince(At(151), 1) == std::nullopt);
}

TEST_CASE("figures of windows are the shares that are no longer", "[prove]") {
  std::vector<MonoDuration> windows;
  for (int64_t ms = 200; ms >= 1; --ms) windows.push_back(Millis(ms));
  const WindowFigures figures = FiguresOf(windows);
  CHECK(figures.p50 == Millis(100));
  CHECK(figures.p99 == Millis(198));
  CHECK(figures.max == Millis(200));
  CHECK(figures.count == 200);

  CHECK(FiguresOf({Millis(7)}).p50 == Millis(7));
  CHECK(FiguresOf({Millis(7)}).p99 == Millis(7));
  CHECK(FiguresOf({}).count == 0);
  CHECK(FiguresOf({}).max == MonoDuration());
}

}  // namespace
}  // namespace strom::prove
