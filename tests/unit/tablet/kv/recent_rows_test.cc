#include "tablet/kv/recent_rows.h"

#include <map>
#include <memory>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

namespace strom::tablet {
namespace {

// A store that counts, and refuses on demand.
class CountingStore final : public kv::KvStore {
 public:
  Result<std::optional<Bytes>> Get(BytesView key) const override {
    const auto at = rows.find(key);
    return at == rows.end() ? std::optional<Bytes>() : std::optional<Bytes>(at->second);
  }
  Result<std::vector<std::optional<Bytes>>> MultiGet(
      std::span<const BytesView> keys) const override {
    std::vector<std::optional<Bytes>> values;
    for (const BytesView key : keys) values.push_back(Get(key).value());
    return values;
  }
  Status Write(const kv::WriteBatch& batch, kv::Durability) override {
    if (refuses) return Error(ErrorCode::kKvStorage, "the disk is gone");
    ++writes;
    for (const kv::WriteBatch::Change& change : batch.changes()) {
      ++changes;
      order.emplace_back(change.key);
      if (change.value) {
        rows.insert_or_assign(Bytes(change.key), Bytes(*change.value));
      } else {
        rows.erase(Bytes(change.key));
      }
    }
    return Status::Ok();
  }
  Status Scan(BytesView, BytesView, Visitor) const override { return Status::Ok(); }
  std::unique_ptr<kv::KvSnapshot> Snapshot() const override { return nullptr; }
  Result<std::vector<kv::StoreFile>> Checkpoint(const std::string&) override {
    return std::vector<kv::StoreFile>();
  }
  size_t memory_bytes() const override { return 0; }

  std::map<Bytes, Bytes, std::less<>> rows;
  std::vector<Bytes> order;
  bool refuses = false;
  int writes = 0;
  int changes = 0;
};

std::shared_ptr<RecentRowsBudget> Budget(size_t bytes) {
  return std::make_shared<RecentRowsBudget>(bytes);
}

// "none" if it is not known, "deleted", or the value.
Bytes Find(const RecentRows& recent, BytesView key) {
  Bytes value;
  switch (recent.Find(key, value)) {
    case RecentRows::Found::kNot:
      return "none";
    case RecentRows::Found::kDeleted:
      return "deleted";
    case RecentRows::Found::kRow:
      break;
  }
  return value;
}

}  // namespace

TEST_CASE("a row that is written again and again costs the store one write", "[kv]") {
  CountingStore store;
  RecentRows recent(store, Budget(8 << 20));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(recent.MakeRoom(100).ok());
    recent.Put("b", std::to_string(i));
    recent.Put("a", i % 2 == 0 ? std::optional<Bytes>("here") : std::nullopt);
  }
  CHECK(store.writes == 0);
  CHECK(Find(recent, "b") == "99");
  CHECK(Find(recent, "a") == "deleted");
  CHECK(Find(recent, "c") == "none");
  REQUIRE(recent.Settle().ok());
  CHECK(store.writes == 1);
  CHECK(store.order == std::vector<Bytes>{"a", "b"});
  CHECK(store.rows.at("b") == "99");
  REQUIRE(recent.Settle().ok());  // Nothing is left to do.
  CHECK(store.writes == 1);
  CHECK(Find(recent, "b") == "99");  // Still known.
  recent.Put("b", "100");
  CHECK(Find(recent, "b") == "100");
}

TEST_CASE("room is made by settling, and what was settled before is forgotten", "[kv]") {
  CountingStore store;
  RecentRows recent(store, Budget(32'000));
  int rows = 0;
  while (store.writes < 2) {
    REQUIRE(recent.MakeRoom(100).ok());
    recent.Put("row " + std::to_string(rows++), Bytes(100, 'x'));
    REQUIRE(rows < 1000);
  }
  CHECK(rows > 10);  // With what it takes to keep them.
  CHECK(rows < 40);
  CHECK(Find(recent, "row 0") == "none");
  CHECK(store.rows.contains("row 0"));
  CHECK(Find(recent, "row " + std::to_string(rows - 1)) == Bytes(100, 'x'));
}

TEST_CASE("who writes into the store itself clears what is in front of it", "[kv]") {
  CountingStore store;
  RecentRows recent(store, Budget(8 << 20));
  recent.Put("settled", "old");
  REQUIRE(recent.Settle().ok());
  recent.Put("fresh", "old");
  REQUIRE(recent.Clear().ok());
  CHECK(store.rows.at("fresh") == "old");
  store.rows["settled"] = "new";
  store.rows["fresh"] = "new";
  CHECK(Find(recent, "settled") == "none");
  CHECK(Find(recent, "fresh") == "none");
  REQUIRE(recent.Settle().ok());
  CHECK(store.rows.at("fresh") == "new");
}

TEST_CASE("what the store refuses stays as it was", "[kv]") {
  CountingStore store;
  RecentRows recent(store, Budget(0));
  recent.Put("a", "1");
  store.refuses = true;
  CHECK(recent.MakeRoom(100).code() == ErrorCode::kKvStorage);
  CHECK(recent.Settle().code() == ErrorCode::kKvStorage);
  CHECK(Find(recent, "a") == "1");
  store.refuses = false;
  CHECK(recent.MakeRoom(100).ok());
  CHECK(store.rows.at("a") == "1");
}

TEST_CASE("who needs room gets it from who has most, and of that what is in the store first",
          "[kv]") {
  CountingStore large_store, small_store;
  const auto budget = Budget(16'000);
  std::optional<RecentRows> large(std::in_place, large_store, budget);
  RecentRows small(small_store, budget);
  const auto put = [](RecentRows& recent, const Bytes& key) { recent.Put(key, Bytes(1000, 'x')); };
  for (const char* key : {"a", "b", "c", "d"}) put(*large, key);
  REQUIRE(large->Settle().ok());
  for (const char* key : {"e", "f", "g", "h"}) put(*large, key);
  put(small, "s");
  REQUIRE(budget->used_bytes() == large->bytes() + small.bytes());

  REQUIRE(budget->MakeRoom(small, 5000).ok());
  CHECK(Find(*large, "a") == Bytes(1000, 'x'));  // There was enough.
  REQUIRE(budget->MakeRoom(small, 7000).ok());
  CHECK(Find(*large, "a") == "none");
  CHECK(Find(*large, "e") == Bytes(1000, 'x'));
  CHECK(large_store.writes == 1);
  REQUIRE(budget->MakeRoom(small, 13'000).ok());
  CHECK(Find(*large, "e") == "none");
  CHECK(large_store.rows.contains("e"));
  CHECK(Find(small, "s") == Bytes(1000, 'x'));
  CHECK(budget->used_bytes() + 13'000 <= budget->size_max_bytes());
  put(*large, "i");
  large.reset();
  CHECK(budget->used_bytes() == small.bytes());
}

TEST_CASE("a bucket whose store refuses does not keep others from their room", "[kv]") {
  CountingStore broken_store, store;
  const auto budget = Budget(4000);
  RecentRows broken(broken_store, budget), recent(store, budget);
  broken.Put("b", Bytes(3000, 'x'));
  recent.Put("r", "1");
  broken_store.refuses = true;
  CHECK(budget->MakeRoom(recent, 3000).ok());
  CHECK(Find(broken, "b") == Bytes(3000, 'x'));
  CHECK(store.rows.contains("r"));  // It gave what it had.
  CHECK(budget->MakeRoom(broken, 3000).code() == ErrorCode::kKvStorage);
}

TEST_CASE("more rows than a bucket may keep go to its store at once", "[kv]") {
  CountingStore store;
  const auto budget = Budget(16'000);
  RecentRows recent(store, budget);
  recent.Put("small", "1");
  recent.Trim();
  CHECK(store.writes == 0);
  for (int i = 0; i < 8; ++i) recent.Put(std::to_string(i), Bytes(1000, 'x'));
  recent.Trim();
  CHECK(store.writes == 1);
  CHECK(store.rows.size() == 9);
  CHECK(budget->used_bytes() == 0);
}

TEST_CASE("recent rows of many buckets stay within their budget", "[kv]") {
  const uint64_t seed = GENERATE(take(10, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  std::mt19937_64 engine(seed);
  const auto budget = Budget(8000);
  std::vector<std::unique_ptr<CountingStore>> stores;
  std::vector<std::unique_ptr<RecentRows>> buckets;
  for (int i = 0; i < 10; ++i) {
    stores.push_back(std::make_unique<CountingStore>());
    buckets.push_back(std::make_unique<RecentRows>(*stores.back(), budget));
  }
  size_t most = 0;
  for (int step = 0; step < 2000; ++step) {
    const size_t at = engine() % buckets.size();
    RecentRows& recent = *buckets[at];
    REQUIRE(recent.MakeRoom(600).ok());
    // The first one has many keys, the last few.
    recent.Put(std::to_string(engine() % (1 + (1000 >> at))), Bytes(engine() % 300, 'v'));
    recent.Trim();
    if (engine() % 50 == 0) REQUIRE(recent.Settle().ok());
    if (engine() % 50 == 0) REQUIRE(recent.Clear().ok());
    most = std::max(most, budget->used_bytes());
    size_t sum = 0;
    for (const auto& bucket : buckets) sum += bucket->bytes();
    REQUIRE(sum == budget->used_bytes());
  }
  CHECK(most <= budget->size_max_bytes());
  CHECK(most > budget->size_max_bytes() / 4);
}

TEST_CASE("recent rows over their store are what was put", "[kv]") {
  const uint64_t seed = GENERATE(take(20, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  std::mt19937_64 engine(seed);
  CountingStore store;
  RecentRows recent(store, Budget(engine() % 16'000));
  std::map<Bytes, std::optional<Bytes>> put;
  for (int step = 0; step < 500; ++step) {
    if (engine() % 20 == 0) {
      store.refuses = engine() % 2 == 0;
      CHECK((recent.Settle().ok() || store.refuses));  // It has nothing to do, perhaps.
      store.refuses = false;
    }
    REQUIRE(recent.MakeRoom(100).ok());
    const Bytes key = std::to_string(engine() % 30);
    const auto value = engine() % 4 == 0 ? std::nullopt : std::optional(Bytes(engine() % 60, 'v'));
    recent.Put(key, value);
    put[key] = value;
    const Bytes asked = std::to_string(engine() % 30);
    Bytes found = Find(recent, asked);
    if (found == "none") found = store.Get(asked).value().value_or("deleted");
    CHECK(found == (put.contains(asked) ? put[asked].value_or("deleted") : "deleted"));
  }
}

}  // namespace strom::tablet
