#include "tablet/server/registration.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/metadata/renewing_store.h"
#include "common/metadata/zk_json.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {
namespace {

constexpr auto kClients = rpc::Audience::kFlussClients;
constexpr const char* kNode = "/fluss/tabletservers/ids/3";

std::optional<metadata::TabletServerRegistration> Registered(ServerFixture& f) {
  std::optional<metadata::MetaResult<metadata::Node>> node;
  f.store().Get(kNode, nullptr, [&](auto result) { node = std::move(result); });
  STROM_CHECK(f.scheduler().RunUntil([&] { return node.has_value(); }, Seconds(1)));
  if (!node->ok()) return std::nullopt;
  return metadata::TabletServerRegistrationFromJson(node->value.data).value();
}

// Puts a node of another session in the server's place.
void Occupy(ServerFixture& f, const metadata::TabletServerRegistration& registration) {
  const auto made = f.OnCatalog<std::monostate>([&](auto done) {
    metadata::EnsureNodes(f.store(), f.catalog().paths().FixedNodes(), std::move(done));
  });
  REQUIRE(made.ok());
  std::optional<metadata::MetaCode> code;
  f.store().Create(kNode, ToJson(registration), metadata::CreateMode::kEphemeral,
                   [&](auto result) { code = result.code; });
  REQUIRE(f.scheduler().RunUntil([&] { return code.has_value(); }, Seconds(1)));
  REQUIRE(*code == metadata::MetaCode::kOk);
}

TabletServer::Options FixedAddresses(const ServerFixture& f) {
  auto options = f.DefaultOptions();
  for (auto& listener : options.listeners) listener.advertised = HostPort{"outside", 9123};
  return options;
}

const Listeners kFixed = {{"INTERNAL", {"outside", 9123}}, {"FLUSS", {"outside", 9123}}};

}  // namespace

TEST_CASE("a server whose session expires serves on and registers anew", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  REQUIRE(f.Start().ok());
  const TableId table = f.CreateTable("t");
  REQUIRE(f.Produce(table, {{0, Batch({1})}}).buckets_resp(0).base_offset() == 0);
  const int64_t start_epoch = Registered(f).value().start_epoch.value();
  const std::string directory_id = Registered(f).value().directory_id.value();
  CHECK(directory_id.size() == 32);

  f.sessions().ExpireNewest();
  f.scheduler().RunFor(Millis(500));
  CHECK(Registered(f) == std::nullopt);
  CHECK(f.Produce(table, {{0, Batch({2})}}).buckets_resp(0).base_offset() == 1);
  const auto fetched = f.Call(rpc::kFetchLog, f.FetchOf(table, {{0, 0}}), kClients).value();
  CHECK(Values(fetched.tables_resp(0).buckets_resp(0).records()) == std::vector<int>{1, 2});

  f.scheduler().RunFor(Seconds(2));
  REQUIRE(Registered(f));
  CHECK(Registered(f)->start_epoch == start_epoch);    // It is still the same process,
  CHECK(Registered(f)->directory_id == directory_id);  // with the same disk.
  // What needs the metadata store works again: a table that was made meanwhile.
  CHECK(f.Produce(f.CreateTable("u"), {{0, Batch({7})}}).buckets_resp(0).base_offset() == 0);
  CHECK(f.Stop().ok());
  CHECK(Registered(f) == std::nullopt);
}

TEST_CASE("a server without a metadata service tries again, less and less often", "[tablet]") {
  ServerFixture f;
  REQUIRE(f.Start().ok());
  f.sessions().Refuse(true);
  const int before = f.sessions().attempts();
  f.sessions().ExpireNewest();
  f.scheduler().RunFor(Seconds(300));
  const int failed = f.sessions().attempts() - before;
  CHECK(failed >= 10);
  CHECK(failed <= 15);  // 1, 2, 4, 8, 16, 30, 30, ... seconds.
  f.sessions().Refuse(false);
  f.scheduler().RunFor(Seconds(31));
  CHECK(Registered(f));

  SECTION("and soon again the next time") {
    f.sessions().ExpireNewest();
    f.scheduler().RunFor(Millis(900));
    CHECK_FALSE(Registered(f));
    f.scheduler().RunFor(Millis(200));
    CHECK(Registered(f));
  }
  SECTION("but not once it is stopped") {
    f.sessions().ExpireNewest();
    f.scheduler().RunFor(Millis(100));
    CHECK(f.Stop().ok());
    f.scheduler().RunFor(Seconds(100));
    CHECK_FALSE(Registered(f));
  }
}

TEST_CASE("a process takes the node of its former one over, with a larger start epoch",
          "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  constexpr int64_t kFuture = int64_t{1} << 60;  // The wall clock went back since.
  Occupy(f, {.listeners = kFixed, .start_epoch = kFuture});
  f.Make(FixedAddresses(f));
  const MonoTime before = f.clock().Now();
  REQUIRE(f.Start().ok());
  CHECK(f.clock().Now() - before < Seconds(1));
  CHECK(Registered(f)->start_epoch == kFuture + 1);
  f.sessions().ExpireNewest();
  f.scheduler().RunFor(Seconds(2));
  CHECK(Registered(f)->start_epoch == kFuture + 1);
  CHECK(f.Stop().ok());
  CHECK_FALSE(Registered(f));  // It was the server's own node, then.
}

TEST_CASE("a node of a server that is somewhere else is waited for", "[tablet]") {
  ServerFixture f;
  Listeners elsewhere = kFixed;
  elsewhere["FLUSS"].port = 9124;
  Occupy(f, {.listeners = elsewhere, .start_epoch = 1});
  f.Make(FixedAddresses(f));
  std::optional<Status> started;
  f.server().Start([&](Status status) { started = std::move(status); });
  f.scheduler().RunFor(Seconds(10));
  CHECK_FALSE(started);
  CHECK(Registered(f)->listeners == elsewhere);
  f.store().Delete(kNode, metadata::kAnyVersion, [](auto) {});
  f.scheduler().RunFor(Seconds(4));
  REQUIRE(started);
  CHECK(started->ok());
  CHECK(Registered(f)->listeners == kFixed);
}

TEST_CASE("a registration whose answer was lost is found, not waited for", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  f.sessions().LoseReplyOf(kNode);
  const MonoTime before = f.clock().Now();
  REQUIRE(f.Start().ok());
  CHECK(f.clock().Now() - before < Seconds(4));  // One pause.
  REQUIRE(Registered(f));
  CHECK(f.Stop().ok());
  CHECK_FALSE(Registered(f));
}

TEST_CASE("a session that expires while a server starts costs time only", "[tablet]") {
  ServerFixture f(static_cast<uint64_t>(GENERATE(range(1, 6))));
  Occupy(f, {.listeners = {{"FLUSS", {"h", 1}}}});
  std::optional<Status> started;
  f.server().Start([&](Status status) { started = std::move(status); });
  f.scheduler().RunFor(Seconds(4));
  REQUIRE_FALSE(started);
  f.sessions().ExpireNewest();
  f.store().Delete(kNode, metadata::kAnyVersion, [](auto) {});
  f.scheduler().RunFor(Seconds(8));
  REQUIRE(started);
  CHECK(started->ok());
  CHECK(Registered(f)->listeners.contains("INTERNAL"));
}

}  // namespace strom::tablet
