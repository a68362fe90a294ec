#include "tablet/kv/pre_write_buffer.h"

#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

namespace strom::tablet {
namespace {

void Put(PreWriteBuffer& buffer, int64_t offset, BytesView key, std::optional<Bytes> value,
         int rows = 0) {
  buffer.Add({.key = Bytes(key),
              .value = std::move(value),
              .offset = LogOffset(offset),
              .row_count_delta = rows});
}

// "none", "deleted", or the value.
Bytes Get(const PreWriteBuffer& buffer, BytesView key) {
  const auto* change = buffer.Find(key);
  if (change == nullptr) return "none";
  return change->value.value_or("deleted");
}

// Takes out what is below `offset`: "a=1 +1".
std::vector<std::string> Take(PreWriteBuffer& buffer, int64_t offset) {
  std::vector<std::string> taken;
  buffer.TakeBelow(LogOffset(offset), [&](const PreWriteBuffer::Change& change) {
    taken.push_back(fmt::format("{}={} {:+}", change.key, change.value.value_or("none"),
                                change.row_count_delta));
  });
  return taken;
}

}  // namespace

TEST_CASE("the buffer gives the newest change of a key", "[kv]") {
  PreWriteBuffer buffer;
  CHECK(Get(buffer, "a") == "none");
  Put(buffer, 0, "a", "1", 1);
  Put(buffer, 1, "b", "2", 1);
  Put(buffer, 3, "a", "3");
  Put(buffer, 4, "b", std::nullopt, -1);
  CHECK(Get(buffer, "a") == "3");
  CHECK(Get(buffer, "b") == "deleted");
  CHECK(buffer.Find("a")->offset == LogOffset(3));
  CHECK(buffer.change_count() == 4);
}

TEST_CASE("truncating the buffer brings back what was below", "[kv]") {
  PreWriteBuffer buffer;
  Put(buffer, 0, "a", "1");
  Put(buffer, 2, "a", "2");
  const size_t size = buffer.size_bytes();
  Put(buffer, 4, "a", std::nullopt);
  Put(buffer, 5, "b", "x");
  buffer.TruncateTo(LogOffset(6));
  CHECK(buffer.change_count() == 4);
  buffer.TruncateTo(LogOffset(3));
  CHECK(Get(buffer, "a") == "2");
  CHECK(Get(buffer, "b") == "none");
  CHECK(buffer.size_bytes() == size);
  buffer.TruncateTo(LogOffset(0));
  CHECK(Get(buffer, "a") == "none");
  CHECK(buffer.empty());
  CHECK(buffer.size_bytes() == 0);
}

TEST_CASE("truncating after a drop does not bring back what the store has", "[kv]") {
  PreWriteBuffer buffer;
  Put(buffer, 0, "a", "1", 1);
  Put(buffer, 2, "a", "2");
  CHECK(Take(buffer, 1) == std::vector<std::string>{"a=1 +1"});
  CHECK(Get(buffer, "a") == "2");
  buffer.TruncateTo(LogOffset(2));
  CHECK(Get(buffer, "a") == "none");
}

TEST_CASE("what is below an offset goes to the store in order", "[kv]") {
  PreWriteBuffer buffer;
  Put(buffer, 0, "a", "1", 1);
  Put(buffer, 1, "b", "2", 1);
  Put(buffer, 2, "a", std::nullopt, -1);
  Put(buffer, 3, "c", "3", 1);
  CHECK(Take(buffer, 0).empty());
  CHECK(buffer.change_count() == 4);
  CHECK(Take(buffer, 3) == std::vector<std::string>{"a=1 +1", "b=2 +1", "a=none -1"});
  CHECK(buffer.change_count() == 1);
  CHECK(Get(buffer, "a") == "none");
  CHECK(Get(buffer, "c") == "3");
  CHECK(Take(buffer, 100) == std::vector<std::string>{"c=3 +1"});
  CHECK(buffer.size_bytes() == 0);
}

TEST_CASE("the buffer agrees with a plain list of changes", "[kv]") {
  const uint64_t seed = GENERATE(take(20, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  std::mt19937_64 engine(seed);
  PreWriteBuffer buffer;
  std::map<int64_t, std::pair<Bytes, std::optional<Bytes>>> list;  // By offset.
  int64_t next = 0;
  for (int step = 0; step < 300; ++step) {
    const uint64_t what = engine() % 10;
    const int64_t some =
        list.empty() ? next : list.begin()->first + static_cast<int64_t>(engine() % 12);
    if (what == 0) {
      buffer.TruncateTo(LogOffset(some));
      list.erase(list.lower_bound(some), list.end());
    } else if (what == 1) {
      Take(buffer, some);
      list.erase(list.begin(), list.lower_bound(some));
    } else {
      // Short keys lie in their strings, long ones do not.
      const Bytes key(1 + engine() % 3 * 12, static_cast<char>('a' + engine() % 3));
      const auto value = engine() % 4 == 0 ? std::nullopt : std::optional(std::to_string(step));
      Put(buffer, next, key, value);
      list[next] = {key, value};
      next += 1 + static_cast<int64_t>(engine() % 2);
    }
    std::map<Bytes, Bytes> newest;
    for (const auto& [offset, change] : list)
      newest[change.first] = change.second.value_or("deleted");
    REQUIRE(buffer.change_count() == list.size());
    for (size_t size : {1, 13, 25}) {
      for (const char letter : {'a', 'b', 'c'}) {
        const Bytes key(size, letter);
        REQUIRE(Get(buffer, key) == (newest.contains(key) ? newest[key] : "none"));
      }
    }
  }
}

}  // namespace strom::tablet
