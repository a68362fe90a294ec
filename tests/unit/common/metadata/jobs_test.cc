// Jobs as nodes: names, documents, and how they are read and written.
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/job_json.h"
#include "common/metadata/znode_tree.h"
#include "tests/unit/common/metadata/catalog_world.h"

namespace strom::metadata {
namespace {

const JobRecord kJob{.definition = {.name = "dwd.meters",
                                    .kind = JobKind::kLayer,
                                    .group = "g",
                                    .target = "dwd.meters",
                                    .sources = {"ods.a", "ods.b"},
                                    .script = "INSERT INTO \"x\"\nSELECT 1",
                                    .settings = {{"strom.clock", "frozen"}}},
                     .goal = JobGoal::kStop,
                     .registered_ms = 1735538268000};

using Nodes = std::map<std::string, std::string>;

Status Set(CatalogWorld& world, std::map<std::string, std::optional<std::string>> nodes) {
  return world
      .Await<std::monostate>(
          [&](auto done) { world.catalog->SetNodes(std::move(nodes), std::move(done)); })
      .status();
}

Result<Nodes> Read(CatalogWorld& world, const std::string& path) {
  return world.Await<Nodes>([&](auto done) { ReadChildren(*world.store, path, std::move(done)); });
}

}  // namespace

TEST_CASE("any text is the name of a node, and of one node only", "[metadata]") {
  CHECK(NodeNameOf("dwd.meters-1_A") == "dwd.meters-1_A");
  CHECK(NodeNameOf("postgres-cdc://h:5432/db") == "postgres-cdc%3A%2F%2Fh%3A5432%2Fdb");
  CHECK(NodeNameOf("50%") == "50%25");
  CHECK(NodeNameOf("ü") == "%C3%BC");
  CHECK(NodeNameOf(".") == "%2E");
  CHECK(NodeNameOf("..") == "%2E.");
  std::set<std::string> names;
  for (const char* text : {"a", "A", "a.", ".a", "%2Ea", "a/b", "a%2Fb", "a b", " "}) {
    CHECK(names.insert(NodeNameOf(text)).second);
    CHECK(IsValidPath(ZkPaths("/fluss").Job(text)));
  }
  CHECK(ZkPaths("/fluss").Job("a") == "/fluss/strom/jobs/a");
  CHECK(ZkPaths("").JobGroup("a/b") == "/strom/job_groups/a%2Fb");
}

TEST_CASE("job documents come back as they went", "[metadata]") {
  CHECK(JobRecordFromJson(ToJson(kJob)).value() == kJob);
  CHECK(ToJson(kJob) ==
        R"({"version":1,"name":"dwd.meters","kind":"layer","group":"g","target":"dwd.meters",)"
        R"("sources":["ods.a","ods.b"],"script":"INSERT INTO \"x\"\nSELECT 1",)"
        R"("settings":{"strom.clock":"frozen"},"goal":"stop","registered_time":1735538268000})");
  const JobGroupRecord held{.fence = {"g", 7}, .worker = "w1", .incarnation = "5f"};
  const JobGroupRecord free{.fence = {"g", 8}, .worker = "", .incarnation = ""};
  CHECK(JobGroupRecordFromJson(ToJson(held)).value() == held);
  CHECK(JobGroupRecordFromJson(ToJson(free)).value() == free);
  CHECK(ToJson(held) == R"({"version":1,"group":"g","epoch":7,"worker":"w1","incarnation":"5f"})");
}

TEST_CASE("job documents that are none are refused", "[metadata]") {
  for (const std::string text :
       {"", "[]", "{}", R"({"version":2,"group":"g","epoch":7})",
        R"({"version":1,"group":"g","epoch":-1})", R"({"version":1,"group":"g","epoch":"7"})",
        R"({"version":1,"group":"g","epoch":7,"worker":"w"})"}) {
    INFO(text);
    CHECK(JobGroupRecordFromJson(text).status().code() == ErrorCode::kUnknownServerError);
  }
  const std::string good = ToJson(kJob);
  const auto replaced = [&](std::string_view what, std::string_view with) {
    std::string text = good;
    text.replace(text.find(what), what.size(), with);
    return JobRecordFromJson(text).status().code();
  };
  CHECK(replaced("\"layer\"", "\"other\"") == ErrorCode::kUnknownServerError);
  CHECK(replaced("\"stop\"", "\"pause\"") == ErrorCode::kUnknownServerError);
  CHECK(replaced("\"dwd.meters\"", "\"\"") == ErrorCode::kUnknownServerError);
  CHECK(replaced("\"script\"", "\"skript\"") == ErrorCode::kUnknownServerError);
  CHECK(replaced("1735538268000", "null") == ErrorCode::kUnknownServerError);
}

TEST_CASE("nodes are made, changed and deleted together, by the leader alone", "[metadata]") {
  CatalogWorld world;
  CHECK(Set(world, {{"/fluss/strom/jobs/a", "1"}}).code() == ErrorCode::kNotCoordinatorLeader);
  world.BecomeLeader();
  CHECK(Read(world, "/fluss/strom/jobs")->empty());
  REQUIRE(Set(world, {{"/fluss/strom/jobs/a", "1"}, {"/fluss/strom/jobs/b", "2"}}).ok());
  REQUIRE(Set(world, {{"/fluss/strom/jobs/a", "3"},
                      {"/fluss/strom/jobs/b", std::nullopt},
                      {"/fluss/strom/jobs/c", std::nullopt},
                      {"/fluss/strom/jobs/d", ""}})
              .ok());
  CHECK(Read(world, "/fluss/strom/jobs").value() == Nodes{{"a", "3"}, {"d", ""}});
  CHECK(Set(world, {}).ok());
  // Without its parent a node cannot be; nothing of the whole is written.
  CHECK_FALSE(Set(world, {{"/fluss/strom/jobs/e", "5"}, {"/fluss/strom/none/x", "6"}}).ok());
  CHECK(Read(world, "/fluss/strom/jobs")->size() == 2);
  CHECK(Read(world, "/fluss/nowhere")->empty());

  auto other = world.MakeOther();
  world.BecomeLeader(*other.catalog);
  CHECK(Set(world, {{"/fluss/strom/jobs/a", "late"}}).code() == ErrorCode::kNotCoordinatorLeader);
  CHECK(Read(world, "/fluss/strom/jobs")->at("a") == "3");
}

TEST_CASE("more nodes than one multi takes are written in several", "[metadata]") {
  CatalogWorld world;
  world.BecomeLeader();
  std::map<std::string, std::optional<std::string>> nodes;
  for (size_t i = 0; i < CatalogWriter::kOpsPerMulti + 5; ++i) {
    nodes[ZkPaths("/fluss").Job(std::to_string(i))] = std::to_string(i);
  }
  REQUIRE(Set(world, nodes).ok());
  CHECK(Read(world, "/fluss/strom/jobs")->size() == nodes.size());
}

}  // namespace strom::metadata
