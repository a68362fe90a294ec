#include "tablet/replica/transfer_turns.h"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {

TEST_CASE("turns are had in the order in which they are asked for, so many at a time",
          "[replica]") {
  TransferTurns turns(2);
  std::vector<int> begun;
  for (int i = 0; i < 5; ++i) {
    turns.Take([&begun, i] { begun.push_back(i); });
  }
  CHECK(begun == std::vector{0, 1});
  turns.GiveBack();
  CHECK(begun == std::vector{0, 1, 2});
  for (int i = 0; i < 4; ++i) turns.GiveBack();
  CHECK(begun == std::vector{0, 1, 2, 3, 4});
  // All are free again, and no more than there were.
  for (int i = 5; i < 8; ++i) {
    turns.Take([&begun, i] { begun.push_back(i); });
  }
  CHECK(begun.size() == 7);
}

TEST_CASE("a turn that was withdrawn never begins, and one that began cannot be", "[replica]") {
  TransferTurns turns(1);
  std::vector<int> begun;
  const TransferTurns::Id first = turns.Take([&] { begun.push_back(1); });
  const TransferTurns::Id second = turns.Take([&] { begun.push_back(2); });
  turns.Take([&] { begun.push_back(3); });
  CHECK_FALSE(turns.Withdraw(first));
  CHECK(turns.Withdraw(second));
  CHECK_FALSE(turns.Withdraw(second));
  turns.GiveBack();
  CHECK(begun == std::vector{1, 3});
}

TEST_CASE("who has nothing to do any more gives its turn back at once", "[replica]") {
  TransferTurns turns(1);
  int begun = 0;
  turns.Take([] {});
  turns.Take([&] { turns.GiveBack(); });
  turns.Take([&] { ++begun; });
  turns.GiveBack();
  CHECK(begun == 1);
}

}  // namespace strom::tablet
