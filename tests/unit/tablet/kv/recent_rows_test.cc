#include "tablet/kv/recent_rows.h"

#include <map>
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
  Status Checkpoint(const std::string&) override { return Status::Ok(); }
  size_t memory_bytes() const override { return 0; }

  std::map<Bytes, Bytes, std::less<>> rows;
  std::vector<Bytes> order;
  bool refuses = false;
  int writes = 0;
  int changes = 0;
};

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
  RecentRows recent(store, 1 << 20);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(recent.MakeRoom().ok());
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
  RecentRows recent(store, 4000);
  int rows = 0;
  while (store.writes < 2) {
    REQUIRE(recent.MakeRoom().ok());
    recent.Put("row " + std::to_string(rows++), Bytes(100, 'x'));
    REQUIRE(rows < 1000);
  }
  CHECK(rows > 10);  // With what it takes to keep them.
  CHECK(rows < 40);
  CHECK(Find(recent, "row 0") == "none");
  CHECK(store.rows.contains("row 0"));
  CHECK(Find(recent, "row " + std::to_string(rows - 1)) == Bytes(100, 'x'));
}

TEST_CASE("what the store refuses stays as it was", "[kv]") {
  CountingStore store;
  RecentRows recent(store, 0);
  recent.Put("a", "1");
  store.refuses = true;
  CHECK(recent.MakeRoom().code() == ErrorCode::kKvStorage);
  CHECK(recent.Settle().code() == ErrorCode::kKvStorage);
  CHECK(Find(recent, "a") == "1");
  store.refuses = false;
  CHECK(recent.MakeRoom().ok());
  CHECK(store.rows.at("a") == "1");
}

TEST_CASE("recent rows over their store are what was put", "[kv]") {
  const uint64_t seed = GENERATE(take(20, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  std::mt19937_64 engine(seed);
  CountingStore store;
  RecentRows recent(store, engine() % 2000);
  std::map<Bytes, std::optional<Bytes>> put;
  for (int step = 0; step < 500; ++step) {
    if (engine() % 20 == 0) {
      store.refuses = engine() % 2 == 0;
      CHECK((recent.Settle().ok() || store.refuses));  // It has nothing to do, perhaps.
      store.refuses = false;
    }
    REQUIRE(recent.MakeRoom().ok());
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
