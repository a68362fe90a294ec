#include "tablet/replica/write_waiters.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {
namespace {

AppendInfo UpTo(int64_t offset) {
  return {.base_offset = LogOffset(offset - 1), .next_offset = LogOffset(offset)};
}

MonoTime At(int64_t ms) { return MonoTime() + Millis(ms); }

std::vector<int64_t> Offsets(const std::vector<WriteWaiters::Taken>& taken) {
  std::vector<int64_t> offsets;
  for (const auto& write : taken) offsets.push_back(write.info.next_offset.value());
  return offsets;
}

}  // namespace

TEST_CASE("writes are taken out once what they wait for is committed, lowest first", "[replica]") {
  WriteWaiters writes;
  for (const int64_t offset : {30, 10, 20, 10}) {
    writes.Add(UpTo(offset), MonoTime::Infinite(), [](Result<AppendInfo>) {});
  }
  CHECK(writes.next_deadline() == MonoTime::Infinite());
  CHECK(writes.TakeUpTo(LogOffset(9)).empty());
  CHECK(Offsets(writes.TakeUpTo(LogOffset(20))) == std::vector<int64_t>{10, 10, 20});
  CHECK(writes.size() == 1);
  CHECK(Offsets(writes.TakeAll()) == std::vector<int64_t>{30});
  CHECK(writes.TakeAll().empty());
}

TEST_CASE("writes of one offset are answered in the order in which they came", "[replica]") {
  WriteWaiters writes;
  std::vector<int> answered;
  for (const int i : {1, 2, 3}) {
    writes.Add(UpTo(10), At(i), [&answered, i](Result<AppendInfo>) { answered.push_back(i); });
  }
  for (auto& write : writes.TakeUpTo(LogOffset(10))) write.done(std::move(write.info));
  CHECK(answered == std::vector<int>{1, 2, 3});
  CHECK(writes.next_deadline() == MonoTime::Infinite());
}

TEST_CASE("writes expire by their deadlines, whatever offsets they wait for", "[replica]") {
  WriteWaiters writes;
  const auto add = [&](int64_t offset, MonoTime deadline) {
    writes.Add(UpTo(offset), deadline, [](Result<AppendInfo>) {});
  };
  add(10, At(300));
  add(20, At(100));
  add(30, MonoTime::Infinite());
  add(40, At(200));
  CHECK(writes.next_deadline() == At(100));
  CHECK(writes.TakeExpired(At(99)).empty());
  CHECK(Offsets(writes.TakeExpired(At(200))) == std::vector<int64_t>{20, 40});
  CHECK(writes.next_deadline() == At(300));
  CHECK(Offsets(writes.TakeUpTo(LogOffset(30))) == std::vector<int64_t>{10, 30});
  CHECK(writes.TakeExpired(At(1000)).empty());
  CHECK(writes.size() == 0);
}

}  // namespace strom::tablet
