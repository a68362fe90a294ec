#include "tablet/replica/waiters.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {
namespace {

class Waiters {
 public:
  void Add(OffsetWaiters::Id id, int64_t offset) {
    waiters.Add(id, LogOffset(offset), [this, id] { woken += std::to_string(id); });
  }
  static void Run(std::vector<OffsetWaiters::Wake> taken) {
    for (auto& wake : taken) wake();
  }

  OffsetWaiters waiters;
  std::string woken;
};

}  // namespace

TEST_CASE("waiters below the end are taken, lowest offset first", "[replica]") {
  Waiters w;
  w.Add(1, 30);
  w.Add(2, 10);
  w.Add(3, 20);
  Waiters::Run(w.waiters.TakeBelow(LogOffset(10)));
  CHECK(w.woken.empty());  // Offset 10 is not there yet while the end is 10.
  Waiters::Run(w.waiters.TakeBelow(LogOffset(30)));
  CHECK(w.woken == "23");
  CHECK(w.waiters.size() == 1);
  Waiters::Run(w.waiters.TakeBelow(LogOffset(31)));
  CHECK(w.woken == "231");
  CHECK(w.waiters.size() == 0);
}

TEST_CASE("a waiter that was removed is not woken, unknown ones are ignored", "[replica]") {
  Waiters w;
  w.Add(1, 10);
  w.Add(2, 10);
  w.waiters.Remove(1);
  w.waiters.Remove(1);
  w.waiters.Remove(77);
  Waiters::Run(w.waiters.TakeAll());
  CHECK(w.woken == "2");
  CHECK(w.waiters.size() == 0);
}

TEST_CASE("all waiters can be taken, whatever they wait for", "[replica]") {
  Waiters w;
  w.Add(1, INT64_MAX);
  w.Add(2, 0);
  Waiters::Run(w.waiters.TakeAll());
  CHECK(w.woken == "21");
  Waiters::Run(w.waiters.TakeAll());
  CHECK(w.woken == "21");
}

TEST_CASE("a waiter may wait again once it was taken", "[replica]") {
  Waiters w;
  w.Add(1, 5);
  Waiters::Run(w.waiters.TakeBelow(LogOffset(6)));
  w.Add(1, 6);
  CHECK(w.waiters.size() == 1);
  w.waiters.Remove(1);
  CHECK(w.waiters.size() == 0);
}

}  // namespace strom::tablet
