#include "coordinator/server/notice_queue.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::coordinator {
namespace {

TableBucket B(int32_t bucket) {
  return {.table = TableId(1), .partition = std::nullopt, .bucket = BucketId(bucket)};
}
using Batch = std::map<TableBucket, int>;

}  // namespace

TEST_CASE("a newer notice takes the place of one that was not sent", "[coordinator]") {
  NoticeQueue<int> queue;
  queue.Put(B(0), 1);
  queue.Put(B(0), 2);
  CHECK(queue.Take(10) == Batch{{B(0), 2}});
}

TEST_CASE("a newer notice follows one that is under way", "[coordinator]") {
  NoticeQueue<int> queue;
  queue.Put(B(0), 1);
  REQUIRE(queue.Take(10) == Batch{{B(0), 1}});
  queue.Put(B(0), 2);
  SECTION("that is answered") {
    CHECK(queue.Settle(B(0)) == 1);
    queue.GiveBack();
    CHECK(queue.Take(10) == Batch{{B(0), 2}});
  }
  SECTION("that fails: it is not repeated") {
    queue.GiveBack();
    CHECK(queue.Take(10) == Batch{{B(0), 2}});
  }
  SECTION("that is refused: it is not parked") {
    queue.Park(B(0), *queue.Settle(B(0)));
    CHECK_FALSE(queue.has_parked());
    CHECK(queue.Take(10) == Batch{{B(0), 2}});
  }
}

TEST_CASE("a call that fails is repeated, but for what was answered", "[coordinator]") {
  NoticeQueue<int> queue;
  for (int b = 0; b < 3; ++b) queue.Put(B(b), b);
  queue.Take(10);
  CHECK(queue.Settle(B(1)) == 1);
  CHECK(queue.Settle(B(1)) == std::nullopt);
  CHECK(queue.Settle(B(9)) == std::nullopt);
  queue.GiveBack();
  CHECK(queue.Take(10) == Batch{{B(0), 0}, {B(2), 2}});
}

TEST_CASE("batches are bounded", "[coordinator]") {
  NoticeQueue<int> queue;
  for (int b = 0; b < 5; ++b) queue.Put(B(b), b);
  CHECK(queue.Take(2).size() == 2);
  queue.Settle(B(0));
  queue.Settle(B(1));
  CHECK(queue.Take(2) == Batch{{B(2), 2}, {B(3), 3}});
}

TEST_CASE("what is parked waits until it is let go, or is replaced", "[coordinator]") {
  NoticeQueue<int> queue;
  queue.Put(B(0), 1);
  queue.Put(B(1), 1);
  queue.Take(10);
  queue.Park(B(0), *queue.Settle(B(0)));
  queue.Park(B(1), *queue.Settle(B(1)));
  CHECK(queue.Take(10).empty());
  queue.Put(B(1), 2);
  CHECK(queue.Take(10) == Batch{{B(1), 2}});
  queue.Settle(B(1));
  queue.Unpark();
  CHECK_FALSE(queue.has_parked());
  CHECK(queue.Take(10) == Batch{{B(0), 1}});
}

TEST_CASE("a withdrawn notice is gone wherever it is", "[coordinator]") {
  NoticeQueue<int> queue;
  for (int b = 0; b < 3; ++b) queue.Put(B(b), b);
  queue.Take(2);
  queue.Park(B(0), *queue.Settle(B(0)));  // 0 parked, 1 under way, 2 waits.
  for (int b = 0; b < 3; ++b) queue.Withdraw(B(b));
  CHECK(queue.empty());
  CHECK(queue.Settle(B(1)) == std::nullopt);
  queue.GiveBack();
  queue.Unpark();
  CHECK(queue.Take(10).empty());
}

}  // namespace strom::coordinator
