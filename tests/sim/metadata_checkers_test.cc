// Known-bad ends of the metadata: each must be rejected; what could have happened must not.
#include "tests/sim/checkers/metadata_checkers.h"

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"
#include "common/types/table_descriptor.h"

namespace strom::sim {
namespace {

using Kind = AdminOp::Kind;
using Answer = AdminOp::Answer;

const metadata::ZkPaths kPaths("/fluss");
const TablePath kTable{"db", "t"};
const TableBucket kBucket{.table = TableId(3), .partition = {}, .bucket = BucketId(0)};

// One table, id 3, with one bucket on the servers 1 and 2.
FinalMetadata Good() {
  FinalMetadata end;
  end.nodes[kPaths.Databases()] = "";
  end.nodes[kPaths.Database("db")] = "{}";
  end.nodes[kPaths.Tables("db")] = "";
  end.nodes[kPaths.Table(kTable)] = metadata::ToJson(metadata::TableRegistration{.id = TableId(3)});
  end.nodes[kPaths.Schemas(kTable)] = "";
  end.nodes[kPaths.Schema(kTable, SchemaId(1))] = "{}";
  end.nodes[kPaths.TableIds()] = metadata::CounterToBytes(4);
  end.nodes[kPaths.TableAssignments()] = "";
  end.nodes[kPaths.TableAssignment(TableId(3))] =
      metadata::ToJson(metadata::Assignment{{BucketId(0), {ServerId(1), ServerId(2)}}});
  end.nodes[kPaths.LeaderAndIsr(kBucket)] = metadata::ToJson(
      metadata::LeaderAndIsr{.leader = ServerId(1), .isr = {ServerId(1), ServerId(2)}});
  end.database = "db";
  end.listed = {"t"};
  end.logs = {{ServerId(1), {kBucket}}, {ServerId(2), {kBucket}}, {ServerId(3), {}}};
  return end;
}

// The only finding, or "".
std::string Finding(const FinalMetadata& end) {
  const Violations found = CheckMetadata(end);
  CHECK(found.size() <= 1);
  return found.empty() ? "" : found.front();
}

bool Rejects(const FinalMetadata& end, const std::string& what) {
  const std::string found = Finding(end);
  INFO(found);
  return found.starts_with("S17 ") && found.find(what) != std::string::npos;
}

AdminOp Op(Kind kind, Answer answer, int64_t invoked_s) {
  AdminOp op{.kind = kind, .table = "t", .answer = answer, .time = {}};
  op.time.invoked = MonoTime() + Seconds(invoked_s);
  if (answer != Answer::kUnknown) op.time.completed = op.time.invoked + Millis(1);
  return op;
}

// Whether the table may be there, and whether it may not, after these.
std::pair<bool, bool> Allowed(const std::vector<AdminOp>& ops) {
  FinalMetadata without = Good();
  without.nodes.erase(kPaths.Table(kTable));
  return {CheckAdminOps(ops, Good(), Seconds(30)).empty(),
          CheckAdminOps(ops, without, Seconds(30)).empty()};
}

constexpr auto kOnlyThere = std::pair(true, false);
constexpr auto kOnlyGone = std::pair(false, true);
constexpr auto kEither = std::pair(true, true);

}  // namespace

TEST_CASE("S17: a whole table is fine, and so is none", "[sim]") {
  CHECK(Finding(Good()) == "");
  FinalMetadata none;
  none.database = "db";
  CHECK(Finding(none) == "");
}

TEST_CASE("S17: half a table is not", "[sim]") {
  FinalMetadata end = Good();
  SECTION("no schema") {
    end.nodes.erase(kPaths.Schema(kTable, SchemaId(1)));
    CHECK(Rejects(end, "has no schema"));
  }
  SECTION("no leader") {
    end.nodes.erase(kPaths.LeaderAndIsr(kBucket));
    CHECK(Rejects(end, "never had a leader"));
  }
  SECTION("a leader outside of the ISR") {
    end.nodes[kPaths.LeaderAndIsr(kBucket)] =
        metadata::ToJson(metadata::LeaderAndIsr{.leader = ServerId(1), .isr = {ServerId(2)}});
    CHECK(Rejects(end, "is not in its ISR"));
  }
  SECTION("a stranger in the ISR") {
    end.nodes[kPaths.LeaderAndIsr(kBucket)] = metadata::ToJson(
        metadata::LeaderAndIsr{.leader = ServerId(1), .isr = {ServerId(1), ServerId(3)}});
    CHECK(Rejects(end, "3, in its ISR, has no replica"));
  }
  SECTION("an id that is free") {
    end.nodes[kPaths.TableIds()] = metadata::CounterToBytes(3);
    CHECK(Rejects(end, "will be given once more"));
  }
  SECTION("a replica without a log") {
    end.logs[ServerId(2)].clear();
    CHECK(Rejects(end, "server 2 has no log"));
  }
  SECTION("a document that is none") {
    end.nodes[kPaths.LeaderAndIsr(kBucket)] = "{}";
    CHECK(Rejects(end, "bucket"));
  }
}

TEST_CASE("S17: nothing of a table may be left", "[sim]") {
  FinalMetadata end = Good();
  SECTION("an assignment") {
    end.nodes[kPaths.TableAssignment(TableId(2))] = "{}";
    CHECK(Rejects(end, "assignment 2 belongs to no table"));
  }
  SECTION("a log") {
    end.logs[ServerId(3)].insert(kBucket);
    CHECK(Rejects(end, "server 3 has a log that is nobody's"));
  }
  SECTION("its name") {
    end.listed.insert("u");
    CHECK(Rejects(end, "a client is told of t u"));
  }
}

TEST_CASE("S17: two tables have two ids", "[sim]") {
  FinalMetadata end = Good();
  const TablePath other{"db", "u"};
  end.nodes[kPaths.Table(other)] = end.nodes[kPaths.Table(kTable)];
  end.nodes[kPaths.Schemas(other)] = "";
  end.nodes[kPaths.Schema(other, SchemaId(1))] = "{}";
  end.listed.insert("u");
  CHECK(Rejects(end, "another table has its id 3"));
}

TEST_CASE("S18: the last operation counts, and any that may have come later", "[sim]") {
  const AdminOp created = Op(Kind::kCreate, Answer::kDone, 100);
  const AdminOp dropped = Op(Kind::kDrop, Answer::kDone, 200);
  CHECK(Allowed({created}) == kOnlyThere);
  CHECK(Allowed({created, dropped}) == kOnlyGone);
  CHECK(Allowed({created, dropped, Op(Kind::kCreate, Answer::kDone, 300)}) == kOnlyThere);
  // Who is told that it was there already, or not, has seen it.
  CHECK(Allowed({Op(Kind::kCreate, Answer::kRefused, 100)}) == kOnlyThere);
  CHECK(Allowed({created, Op(Kind::kDrop, Answer::kRefused, 200)}) == kOnlyGone);
  CHECK(Allowed({Op(Kind::kCreate, Answer::kUnknown, 100)}) == kEither);
  CHECK(Allowed({Op(Kind::kDrop, Answer::kUnknown, 100)}) == kOnlyGone);
  CHECK(Allowed({created, Op(Kind::kDrop, Answer::kUnknown, 200)}) == kEither);
  // It was on its way, and came after the one that was answered; but not for ever.
  CHECK(Allowed({Op(Kind::kCreate, Answer::kUnknown, 180), dropped}) == kEither);
  CHECK(Allowed({Op(Kind::kCreate, Answer::kUnknown, 160), dropped}) == kOnlyGone);
}

}  // namespace strom::sim
