// The small parts of a term by themselves: its queue of events, its waits, its answers, and what a
// server knows of the views.
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/metadata/recipes.h"
#include "common/metadata/zk_json.h"
#include "common/service/update_metadata.h"
#include "coordinator/server/answer.h"
#include "coordinator/server/event_queue.h"
#include "coordinator/server/tablet_server_watch.h"
#include "coordinator/server/view_builder.h"
#include "coordinator/server/view_sender.h"
#include "coordinator/server/waits.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::coordinator {
namespace {

std::shared_ptr<const service::TableView> Table(int64_t id, std::string name) {
  SchemaSpec spec;
  spec.columns.push_back({.name = "a", .type = DataType::Int()});
  TableDescriptor descriptor{.schema = Schema::Make(std::move(spec)).value()};
  descriptor.distribution = TableDistribution{.bucket_keys = {}, .bucket_count = 1};
  descriptor.properties["table.replication.factor"] = "1";
  return std::make_shared<const service::TableView>(
      service::TableView{.info = {.path = {"db", std::move(name)},
                                  .id = TableId(id),
                                  .schema_id = SchemaId(1),
                                  .descriptor = std::move(descriptor)},
                         .buckets = {{BucketId(0), {}}}});
}

std::shared_ptr<const service::ClusterView> View(
    std::vector<std::shared_ptr<const service::TableView>> tables) {
  auto view = std::make_shared<service::ClusterView>();
  for (auto& table : tables) view->tables.emplace(table->info.path, table);
  return view;
}

std::vector<std::string> Paths(const service::ClusterView& view) {
  std::vector<std::string> paths;
  for (const auto& [path, table] : view.tables) paths.push_back(path.ToString());
  return paths;
}

}  // namespace

TEST_CASE("events run one after another, each to its end", "[coordinator]") {
  EventQueue queue;
  std::vector<std::string> log;
  runtime::Task finish_first;
  queue.Add([&](runtime::Task finished) {
    log.push_back("first begins");
    finish_first = std::move(finished);
  });
  queue.Add([&](runtime::Task finished) {
    log.push_back("second");
    queue.Add([&](runtime::Task finished) {
      log.push_back("added by second");
      finished();
    });
    log.push_back("second ends");
    finished();
  });
  CHECK(log == std::vector<std::string>{"first begins"});
  CHECK(queue.waiting() == 1);
  finish_first();
  CHECK(log ==
        std::vector<std::string>{"first begins", "second", "second ends", "added by second"});
  CHECK(queue.waiting() == 0);
}

TEST_CASE("a thousand events that end at once need no deep stack", "[coordinator]") {
  EventQueue queue;
  int ran = 0;
  runtime::Task finish_first;
  queue.Add([&](runtime::Task finished) { finish_first = std::move(finished); });
  for (int i = 0; i < 100000; ++i) {
    queue.Add([&](runtime::Task finished) {
      ++ran;
      finished();
    });
  }
  finish_first();
  CHECK(ran == 100000);
}

TEST_CASE("a wait ends when its condition holds, or at its deadline", "[coordinator]") {
  sim::SimScheduler scheduler(3);
  runtime::Strand strand(scheduler);
  auto waits = std::make_unique<Waits>(strand);
  bool holds = false;
  std::vector<bool> outcomes;
  waits->Add([&] { return holds; }, scheduler.now() + Seconds(5),
             [&](bool in_time) { outcomes.push_back(in_time); });
  waits->Check();
  CHECK(outcomes.empty());

  SECTION("the condition") {
    holds = true;
    waits->Check();
    CHECK(outcomes == std::vector<bool>{true});
    scheduler.RunFor(Seconds(10));
    waits->Check();
    CHECK(outcomes.size() == 1);
  }
  SECTION("the deadline") {
    scheduler.RunFor(Seconds(10));
    CHECK(outcomes == std::vector<bool>{false});
    holds = true;
    waits->Check();
    CHECK(outcomes.size() == 1);
  }
  SECTION("one that holds already ends at once") {
    waits->Add([] { return true; }, scheduler.now(), [&](bool t) { outcomes.push_back(t); });
    CHECK(outcomes == std::vector<bool>{true});
  }
  SECTION("an outcome may wait again") {
    holds = true;
    waits->Add([&] { return holds && outcomes.size() == 1; }, scheduler.now() + Seconds(5),
               [&](bool) {
                 waits->Add([] { return false; }, scheduler.now() + Seconds(1),
                            [&](bool in_time) { outcomes.push_back(in_time); });
               });
    waits->Check();
    waits->Check();
    scheduler.RunFor(Seconds(2));
    CHECK(outcomes == std::vector<bool>{true, false});
  }
  SECTION("those left are dropped") {
    waits.reset();
    scheduler.RunFor(Seconds(10));
    CHECK(outcomes.empty());
  }
}

TEST_CASE("a command that is dropped is answered all the same", "[coordinator]") {
  std::vector<ErrorCode> answers;
  const auto note = [&](Status status) { answers.push_back(status.code()); };
  {
    Answer dropped(note);
    Answer moved(std::move(dropped));
  }
  CHECK(answers == std::vector<ErrorCode>{ErrorCode::kNotCoordinatorLeader});
  {
    Answer given(note);
    std::move(given)(Status::Ok());
  }
  CHECK(answers.size() == 2);
  CHECK(answers.back() == ErrorCode::kOk);
}

TEST_CASE("a server is sent what changed since what it is known to know", "[coordinator]") {
  ViewSender sender(CoordinatorEpoch(3));
  CHECK_FALSE(sender.due());
  const auto a = Table(1, "a");
  const auto b = Table(2, "b");
  const auto c = Table(3, "c");
  service::ClusterView server;  // What the other side makes of it.
  const auto deliver = [&](const pb::UpdateMetadataRequest& request) {
    CHECK(request.coordinator_epoch() == 3);
    server = service::ApplyUpdateMetadata(server, request).value();
  };
  sender.Set(1, View({a, b}));
  REQUIRE(sender.due());
  CHECK(sender.known_version() == 0);
  deliver(sender.Take());
  sender.OnAcknowledged();
  CHECK(sender.known_version() == 1);
  CHECK_FALSE(sender.due());

  SECTION("one new table, none again") {
    sender.Set(2, View({a, b, c}));
    const auto request = sender.Take();
    CHECK(request.table_metadata_size() == 1);
    deliver(request);
    CHECK(Paths(server) == std::vector<std::string>{"db.a", "db.b", "db.c"});
  }
  SECTION("a table that changed") {
    sender.Set(2, View({Table(1, "a"), b}));
    const auto request = sender.Take();
    CHECK(request.table_metadata_size() == 1);
    CHECK(request.view_version() == 2);
  }
  SECTION("a table that is gone") {
    sender.Set(2, View({b}));
    deliver(sender.Take());
    CHECK(Paths(server) == std::vector<std::string>{"db.b"});
  }
  SECTION("a table of the same name with another id") {
    sender.Set(2, View({Table(9, "a"), b}));
    deliver(sender.Take());
    CHECK(server.Find(TablePath{"db", "a"})->info.id == TableId(9));
    CHECK_FALSE(server.Find(TableId(1)));
  }
  SECTION("a message whose answer was lost counts as maybe known") {
    sender.Set(2, View({a, b, c}));
    SECTION("it arrived") { deliver(sender.Take()); }
    SECTION("it did not") { (void)sender.Take(); }
    sender.Set(3, View({a}));
    deliver(sender.Take());
    CHECK(Paths(server) == std::vector<std::string>{"db.a"});
    sender.OnAcknowledged();
    CHECK(sender.known_version() == 3);
  }
  SECTION("a table that came and went back in lost messages is sent as it is") {
    sender.Set(2, View({b}));
    deliver(sender.Take());  // Its answer is lost.
    sender.Set(3, View({a, b}));
    deliver(sender.Take());
    CHECK(Paths(server) == std::vector<std::string>{"db.a", "db.b"});
  }
  SECTION("a view that comes while a message is under way is due afterwards") {
    sender.Set(2, View({a, b, c}));
    deliver(sender.Take());
    sender.Set(3, View({a, b}));
    sender.OnAcknowledged();
    CHECK(sender.known_version() == 2);
    REQUIRE(sender.due());
    deliver(sender.Take());
    CHECK(Paths(server) == std::vector<std::string>{"db.a", "db.b"});
  }
}

TEST_CASE("views share what did not change", "[coordinator]") {
  ClusterState state;
  state.Start({ServerId(1)});
  state.AddTable(Table(1, "a")->info, {{BucketId(0), {ServerId(1)}}});
  state.AddTable(Table(2, "b")->info, {{BucketId(0), {ServerId(2)}}});
  ViewBuilder builder({.id = service::kCoordinatorNode, .listeners = {}, .rack = {}});
  const TablePath a{"db", "a"};
  const TablePath b{"db", "b"};
  const auto first = builder.Build(state, {});
  CHECK(first->tables.at(a)->buckets.at(BucketId(0)).leader == ServerId(1));
  CHECK(first->tables.at(b)->buckets.at(BucketId(0)).leader == std::nullopt);
  CHECK(first->tables.at(b)->buckets.at(BucketId(0)).replicas ==
        std::vector<ServerId>{ServerId(2)});
  state.ChangeServers({}, {ServerId(2)});
  builder.Touch(TableId(2));
  const auto second = builder.Build(state, {{ServerId(2), {{.id = ServerId(2)}, 5}}});
  CHECK(second->tables.at(a) == first->tables.at(a));
  CHECK(second->tables.at(b)->buckets.at(BucketId(0)).leader == ServerId(2));
  CHECK(second->tablet_servers.size() == 1);
  state.RemoveTable(TableId(1));
  CHECK(builder.Build(state, {})->tables.size() == 1);
}

TEST_CASE("the watch sees every server, whenever it registers", "[coordinator]") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    sim::SimScheduler scheduler(seed);
    sim::MemoryStoreFactory stores;
    const auto sessions = metadata::OpenEmbeddedMetaStore(stores, "meta").value();
    const metadata::ZkPaths paths("/fluss");
    runtime::Strand strand(scheduler);
    runtime::Strand other_strand(scheduler);
    const auto store = sessions->Connect(strand, nullptr).value();
    const auto other = sessions->Connect(other_strand, nullptr).value();
    metadata::EnsureNodes(*store, paths.FixedNodes(), [](auto) {});
    scheduler.RunReady();
    const auto registration = [](uint16_t port) {
      return ToJson(metadata::TabletServerRegistration{.listeners = {{"I", {"host", port}}}});
    };
    // So many that a reading takes several rounds, and changes may come between them.
    constexpr int kOld = 150;
    for (int id = 11; id < 11 + kOld; ++id) {
      other->Create(paths.TabletServer(ServerId(id)), registration(11),
                    metadata::CreateMode::kEphemeral, [](auto) {});
    }
    scheduler.RunReady();
    TabletServerWatch watch(*store, paths, "I");
    std::vector<LiveServers> seen;
    strand.Post([&] {
      watch.Start([&](LiveServers servers) { seen.push_back(std::move(servers)); },
                  [](Status) { FAIL("the store failed"); });
    });
    for (int id = 1; id <= 4; ++id) {
      scheduler.Post([&, id] {
        other->Create(paths.TabletServer(ServerId(id)), registration(static_cast<uint16_t>(id)),
                      metadata::CreateMode::kEphemeral, [](auto) {});
      });
    }
    scheduler.RunReady();
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back().size() == kOld + 4);
    const int64_t first_life = seen.back().at(ServerId(3)).registration;
    CHECK(seen.back().at(ServerId(3)).info.listeners.at("I").port == 3);
    // Gone and back at once: another life.
    other->Delete(paths.TabletServer(ServerId(3)), metadata::kAnyVersion, [](auto) {});
    other->Create(paths.TabletServer(ServerId(3)), registration(3),
                  metadata::CreateMode::kEphemeral, [](auto) {});
    scheduler.RunReady();
    CHECK(seen.back().size() == kOld + 4);
    CHECK(seen.back().at(ServerId(3)).registration > first_life);
    CHECK(seen.back().at(ServerId(3)).start_epoch == 0);
    // A process that takes the node of its former one over: another life too, whatever the node.
    LiveServer former = seen.back().at(ServerId(3));
    other->Create(paths.TabletServer(ServerId(5)),
                  ToJson(metadata::TabletServerRegistration{.listeners = {{"I", {"host", 3}}},
                                                            .start_epoch = 8}),
                  metadata::CreateMode::kEphemeral, [](auto) {});
    scheduler.RunReady();
    CHECK(seen.back().at(ServerId(5)).start_epoch == 8);
    former.start_epoch = 8;
    CHECK_FALSE(former == seen.back().at(ServerId(3)));
  }
}

}  // namespace strom::coordinator
