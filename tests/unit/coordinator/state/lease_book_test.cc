#include "coordinator/state/lease_book.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/coordinator/state/state_samples.h"

namespace strom::coordinator {
namespace {

constexpr ServerId kOne{1};
constexpr ServerId kTwo{2};
constexpr ServerId kThree{3};
const TableBucket kBucket = Bucket(1, 0);

MonoTime At(int64_t ms) { return MonoTime(ms * 1'000'000); }
BucketEpoch Epoch(int epoch) { return BucketEpoch(epoch); }
LeaderEpoch Led(int epoch) { return LeaderEpoch(epoch); }

// Of a coordinator that leads since 0 ms: leases of 1000 ms and 100 more.
LeaseBook NewBook() {
  LeaseBook book({.lease = Millis(1000), .margin = Millis(100)});
  book.Begin(At(0));
  return book;
}

}  // namespace

TEST_CASE("a new leader waits for the last lease of the one before", "[coordinator_state]") {
  LeaseBook book = NewBook();
  REQUIRE(book.Grant(kOne, At(5000)));
  REQUIRE(book.Grant(kOne, At(5200)));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5300));
  CHECK(book.FreeAt(kBucket, kTwo) == At(6300));
  CHECK(book.FreeAt(Bucket(1, 1), kTwo) < At(5300));  // Another bucket.
}

TEST_CASE("a server that has not heard of a loss gets no lease, for nothing it leads",
          "[coordinator_state]") {
  LeaseBook book = NewBook();
  REQUIRE(book.Grant(kOne, At(5000)));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5100));
  book.OnDeposed(kOne, Bucket(1, 1), Led(7), Epoch(7), At(5100));
  CHECK_FALSE(book.Grant(kOne, At(5200)));
  CHECK(book.Grant(kTwo, At(5200)));
  CHECK_FALSE(book.OnHeard(kOne, kBucket, Epoch(2), At(5300)));  // An older word.
  CHECK_FALSE(book.Grant(kOne, At(5300)));
  CHECK(book.OnHeard(kOne, kBucket, Epoch(3), At(5300)));
  CHECK_FALSE(book.Grant(kOne, At(5300)));  // There is the other one.
  CHECK(book.OnHeard(kOne, Bucket(1, 1), Epoch(9), At(5300)));
  CHECK(book.Grant(kOne, At(5300)));
  CHECK_FALSE(book.OnHeard(kOne, kBucket, Epoch(4), At(5300)));  // Nobody waits for that.
}

TEST_CASE("who has heard that it leads no more is not waited for", "[coordinator_state]") {
  LeaseBook book = NewBook();
  REQUIRE(book.Grant(kOne, At(5000)));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5100));
  REQUIRE(book.FreeAt(kBucket, kTwo) == At(6100));
  CHECK(book.OnHeard(kOne, kBucket, Epoch(3), At(5150)));
  CHECK(book.FreeAt(kBucket, kTwo) <= At(5150));
}

TEST_CASE("an answer that comes after the lease is no news, but leases are granted again",
          "[coordinator_state]") {
  LeaseBook book = NewBook();
  REQUIRE(book.Grant(kOne, At(5000)));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5100));
  CHECK_FALSE(book.OnHeard(kOne, kBucket, Epoch(3), At(9000)));
  CHECK(book.Grant(kOne, At(9000)));
}

TEST_CASE("all former leaders are waited for, but not the new one for itself",
          "[coordinator_state]") {
  LeaseBook book = NewBook();
  REQUIRE(book.Grant(kOne, At(5000)));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5010));
  REQUIRE(book.Grant(kTwo, At(5400)));
  book.OnDeposed(kTwo, kBucket, Led(4), Epoch(4), At(5410));
  CHECK(book.FreeAt(kBucket, kThree) == At(6500));
  CHECK(book.FreeAt(kBucket, kTwo) == At(6100));
  CHECK(book.FreeAt(kBucket, kOne) == At(6500));
}

TEST_CASE("losing a bucket again changes what has to be heard, not when the lease is over",
          "[coordinator_state]") {
  LeaseBook book = NewBook();
  REQUIRE(book.Grant(kOne, At(5000)));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5010));
  book.OnDeposed(kOne, kBucket, Led(6), Epoch(6), At(5500));
  CHECK(book.FreeAt(kBucket, kTwo) == At(6100));
  CHECK_FALSE(book.OnHeard(kOne, kBucket, Epoch(3), At(5600)));
  CHECK(book.OnHeard(kOne, kBucket, Epoch(6), At(5600)));
  CHECK(book.Grant(kOne, At(5600)));
}

TEST_CASE("what former coordinators granted is waited for, whoever held it",
          "[coordinator_state]") {
  LeaseBook book({.lease = Millis(1000), .margin = Millis(100)});
  book.Begin(At(3000));
  CHECK(book.FreeAt(kBucket, kTwo) == At(4100));
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(3200));  // It got none from this one.
  CHECK(book.FreeAt(kBucket, kTwo) == At(4100));
  book.OnHeard(kOne, kBucket, Epoch(3), At(3300));
  CHECK(book.FreeAt(kBucket, kTwo) == At(4100));  // There may be others.
}

TEST_CASE("a table that is gone keeps nobody from a lease", "[coordinator_state]") {
  LeaseBook book = NewBook();
  book.OnDeposed(kOne, kBucket, Led(3), Epoch(3), At(5100));
  book.OnDeposed(kOne, Bucket(2, 0), Led(3), Epoch(3), At(5100));
  book.Forget(TableId(1));
  CHECK_FALSE(book.Grant(kOne, At(5200)));
  book.Forget(TableId(2));
  CHECK(book.Grant(kOne, At(5200)));
}

TEST_CASE("leaders have ended above the last one that has not heard of it", "[coordinator_state]") {
  LeaseBook book = NewBook();
  CHECK(book.EndedSince(kBucket, kThree) == Led(0));
  book.OnDeposed(kOne, kBucket, Led(4), Epoch(8), At(5000));
  book.OnDeposed(kTwo, kBucket, Led(5), Epoch(9), At(5100));
  CHECK(book.EndedSince(kBucket, kThree) == Led(6));
  CHECK(book.EndedSince(kBucket, kTwo) == Led(5));  // It leads again.
  CHECK(book.EndedSince(Bucket(1, 1), kThree) == Led(0));
  book.OnHeard(kTwo, kBucket, Epoch(9), At(5200));
  CHECK(book.EndedSince(kBucket, kThree) == Led(5));
  book.OnHeard(kOne, kBucket, Epoch(9), At(5200));
  CHECK(book.EndedSince(kBucket, kThree) == Led(0));
}

TEST_CASE("who had no lease is waited for, too: followers may have promised it something",
          "[coordinator_state]") {
  LeaseBook book = NewBook();
  book.OnDeposed(kOne, kBucket, Led(4), Epoch(8), At(5000));
  CHECK(book.FreeAt(kBucket, kTwo) == At(5000));
  CHECK(book.OnHeard(kOne, kBucket, Epoch(8), At(5900)));
}

}  // namespace strom::coordinator
