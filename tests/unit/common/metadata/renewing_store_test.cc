#include "common/metadata/renewing_store.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/testing/expiring_sessions.h"
#include "tests/unit/common/metadata/meta_world.h"

namespace strom::metadata {
namespace {

// A renewing store over sessions that can be made to expire, in virtual time.
struct RenewingWorld {
  RenewingWorld() {
    store = RenewingStore::Connect(sessions, strand, clock, [this] { ++renewals; }).value();
    scheduler.RunReady();
  }
  MetaCode Create(const std::string& path, CreateMode mode = CreateMode::kPersistent) {
    std::optional<MetaCode> code;
    strand.Post([&] { store->Create(path, "", mode, [&](auto r) { code = r.code; }); });
    scheduler.RunReady();
    REQUIRE(code);
    return *code;
  }
  void Expire() {
    sessions.ExpireNewest();
    scheduler.RunReady();
  }

  sim::SimScheduler scheduler{3};
  sim::SimClock clock{scheduler};
  sim::MemoryStoreFactory stores;
  testing::ExpiringSessions sessions{OpenEmbeddedMetaStore(stores, "meta").value()};
  runtime::Strand strand{scheduler};
  int renewals = 0;
  std::unique_ptr<RenewingStore> store;
};

}  // namespace

TEST_CASE("a new session follows an expired one after a while", "[metadata]") {
  RenewingWorld w;
  REQUIRE(w.Create("/e", CreateMode::kEphemeral) == MetaCode::kOk);
  const int64_t first = w.store->session_id();
  w.Expire();
  CHECK(w.renewals == 0);
  CHECK(w.Create("/p") == MetaCode::kSessionExpired);
  w.scheduler.RunFor(RenewingStore::kPauseMin + Millis(1));
  CHECK(w.renewals == 1);
  CHECK(w.store->session_id() != first);
  CHECK(w.Create("/e", CreateMode::kEphemeral) == MetaCode::kOk);  // The old one went.

  w.Expire();
  w.scheduler.RunFor(RenewingStore::kPauseMin + Millis(1));
  CHECK(w.renewals == 2);
  CHECK(w.Create("/p") == MetaCode::kOk);
}

TEST_CASE("every call goes to the newest session", "[metadata]") {
  RenewingWorld w;
  w.Expire();
  w.scheduler.RunFor(Seconds(2));
  std::vector<MetaCode> codes;
  const auto note = [&](auto result) { codes.push_back(result.code); };
  int fired = 0;
  const auto count = [&](WatchEvent) { ++fired; };
  w.strand.Post([&] {
    w.store->Exists("/a", count, note);
    w.store->Create("/a", "1", CreateMode::kPersistent, note);
    w.store->Get("/a", count, note);
    w.store->Children("/a", count, note);
    w.store->Multi({CreateOp{"/a/b", "2"}}, note);
    w.store->Set("/a", "3", 0, note);
    w.store->Delete("/a/b", 0, note);
  });
  w.scheduler.RunReady();
  std::vector<MetaCode> expected(7, MetaCode::kOk);
  expected[0] = MetaCode::kNoNode;
  CHECK(codes == expected);
  CHECK(fired == 3);
}

TEST_CASE("an outage is met with longer and longer pauses", "[metadata]") {
  RenewingWorld w;
  w.sessions.Refuse(true);
  w.Expire();
  std::vector<int64_t> seconds;
  int attempts = w.sessions.attempts();
  for (int64_t second = 1; second <= 125; ++second) {
    w.scheduler.RunFor(Seconds(1));
    if (w.sessions.attempts() == attempts) continue;
    CHECK(w.sessions.attempts() == ++attempts);
    seconds.push_back(second);
  }
  CHECK(seconds == std::vector<int64_t>{1, 3, 7, 15, 31, 61, 91, 121});
  w.sessions.Refuse(false);
  w.scheduler.RunFor(Seconds(30));
  CHECK(w.renewals == 1);
  w.Expire();
  w.scheduler.RunFor(Seconds(1));
  CHECK(w.renewals == 2);  // It was connected in between.
}

TEST_CASE("a store that is gone opens no session", "[metadata]") {
  RenewingWorld w;
  w.Expire();
  const int attempts = w.sessions.attempts();
  w.strand.Post([&] { w.store.reset(); });
  w.scheduler.RunFor(Seconds(100));
  CHECK(w.sessions.attempts() == attempts);
  CHECK(w.renewals == 0);
  w.sessions.Refuse(true);
  CHECK_FALSE(RenewingStore::Connect(w.sessions, w.strand, w.clock, [] {}).ok());
}

}  // namespace strom::metadata
