#include "tests/prove/judge/open_loop.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::prove {
namespace {

MonoTime At(int64_t ms) { return MonoTime() + Millis(ms); }

int64_t TakeAll(OpenLoop& loop, MonoTime now) {
  int64_t count = 0;
  while (loop.TakeDue(now) >= 0) ++count;
  return count;
}

TEST_CASE("operations are due at their rate, and numbered", "[prove]") {
  OpenLoop loop(At(1000), 100);
  CHECK(loop.TakeDue(At(999)) == -1);
  CHECK(loop.TakeDue(At(1000)) == 0);
  CHECK(loop.TakeDue(At(1009)) == -1);
  CHECK(loop.TakeDue(At(1010)) == 1);
  CHECK(loop.TakeDue(At(1010)) == -1);
}

TEST_CASE("what was not asked for in time is due at once", "[prove]") {
  OpenLoop loop(At(0), 100);
  CHECK(TakeAll(loop, At(0)) == 1);
  CHECK(TakeAll(loop, At(1000)) == 100);  // A second in which nobody looked.
  CHECK(TakeAll(loop, At(1010)) == 1);
}

TEST_CASE("a rate that does not divide a second does not drift", "[prove]") {
  OpenLoop loop(At(0), 7);
  int64_t count = 0;
  for (int64_t ms = 0; ms < 3'600'000; ms += 100) count += TakeAll(loop, At(ms));
  CHECK(count == 7 * 3600);
}

}  // namespace
}  // namespace strom::prove
