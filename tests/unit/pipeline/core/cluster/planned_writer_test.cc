// What the real servers make of the client's PlannedWriter: the ground that CDC stands on.
#include "client/include/strom/planned_writer.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/core/cluster/shared_cluster.h"

namespace strom::pipeline {
namespace {

using client::PlannedBatch;
using Batches = std::map<BucketId, PlannedBatch>;
using Lines = std::vector<std::string>;

std::unique_ptr<client::PlannedWriter> Writer(testing::DevCluster& cluster, const TableInfo& table,
                                              std::optional<JobFence> fence = std::nullopt,
                                              MonoDuration delivery_timeout = Seconds(120)) {
  client::UpsertWriterOptions options;
  options.writing.fence = std::move(fence);
  options.writing.delivery_timeout = delivery_timeout;
  return cluster.connection().NewPlannedWriter(table, options).value();
}

Batches One(int32_t sequence, std::vector<client::PlannedChange> changes) {
  return {{BucketId(0), {BatchSequence(sequence), std::move(changes)}}};
}

}  // namespace

TEST_CASE("a batch that is sent again by another process is in the changelog once", "[pipeline]") {
  testing::DevCluster cluster;
  const TableInfo table = cluster.MakeTable(
      {"db", "again"},
      {testing::ColumnOf("id", DataType::BigInt()), testing::ColumnOf("note", DataType::String())},
      {"id"}, 1);
  WriterId id = kNoWriter;
  {
    const auto writer = Writer(cluster, table);
    id = writer->NewWriterId().value();
    REQUIRE(writer->Write(id, One(0, {{true, R(1, "a")}, {true, R(2, "b")}})).ok());
    REQUIRE(writer->Write(id, One(1, {{true, R(1, "c")}, {false, R(2, "")}})).ok());
  }
  const Lines log = {"+I (1, 'a')", "+I (2, 'b')", "-U (1, 'a')", "+U (1, 'c')", "-D (2, 'b')"};
  CHECK(cluster.Changelog({"db", "again"}) == log);
  SECTION("at once") {}
  SECTION("after the server was restarted") { cluster.Restart(); }
  const auto writer = Writer(cluster, table);
  REQUIRE(writer->Write(id, One(1, {{true, R(1, "c")}, {false, R(2, "")}})).ok());
  CHECK(cluster.Changelog({"db", "again"}) == log);
  REQUIRE(writer->Write(id, One(2, {{true, R(3, "d")}})).ok());
  CHECK(cluster.Changelog({"db", "again"}).size() == log.size() + 1);
}

TEST_CASE("sequences have no gaps, and do not begin in the middle", "[pipeline]") {
  const TableInfo table = MakeKeyed("gaps", 1);
  // A gap is refused until the time is over: who refuses it may lead no more.
  const auto writer = Writer(SharedCluster(), table, std::nullopt, Millis(200));
  const WriterId id = writer->NewWriterId().value();
  REQUIRE(writer->Write(id, One(0, {{true, R(1, "a")}})).ok());
  CHECK(writer->Write(id, One(2, {{true, R(2, "b")}})).code() == ErrorCode::kOutOfOrderSequence);
  const WriterId stranger = writer->NewWriterId().value();
  const Status middle = writer->Write(stranger, One(7, {{true, R(2, "b")}}));
  INFO(middle.ToString());
  CHECK((middle.code() == ErrorCode::kOutOfOrderSequence ||
         middle.code() == ErrorCode::kUnknownWriterId));
  REQUIRE(writer->Write(id, One(1, {{true, R(2, "b")}})).ok());
  CHECK(SharedCluster().Changelog({"db", "gaps"}) == Lines{"+I (1, 'a')", "+I (2, 'b')"});
}

TEST_CASE("a batch that changes nothing counts, too", "[pipeline]") {
  const TableInfo table = MakeKeyed("nothing", 1);
  const auto writer = Writer(SharedCluster(), table);
  const WriterId id = writer->NewWriterId().value();
  REQUIRE(writer->Write(id, One(0, {{false, R(1, "")}})).ok());
  REQUIRE(writer->Write(id, One(0, {{false, R(1, "")}})).ok());
  REQUIRE(writer->Write(id, One(1, {{true, R(1, "a")}})).ok());
  REQUIRE(writer->Write(id, One(1, {{true, R(1, "a")}})).ok());
  CHECK(SharedCluster().Changelog({"db", "nothing"}) == Lines{"+I (1, 'a')"});
}

TEST_CASE("the five newest batches of a bucket can come again", "[pipeline]") {
  const TableInfo table = MakeKeyed("five", 1);
  const auto writer = Writer(SharedCluster(), table);
  const WriterId id = writer->NewWriterId().value();
  for (int32_t i = 0; i < 8; ++i) REQUIRE(writer->Write(id, One(i, {{true, R(i, "x")}})).ok());
  for (int32_t i = 3; i < 8; ++i) REQUIRE(writer->Write(id, One(i, {{true, R(i, "x")}})).ok());
  CHECK(SharedCluster().Changelog({"db", "five"}).size() == 8);
}

TEST_CASE("each bucket takes its batch, and a fence holds for all of them", "[pipeline]") {
  const TableInfo table = MakeKeyed("buckets", 4);
  const auto old = Writer(SharedCluster(), table, JobFence{"planned", 1});
  const WriterId id = old->NewWriterId().value();
  Batches batches;
  for (int64_t i = 0; i < 100; ++i) {
    batches[old->BucketOf(R(i, "")).value()].changes.push_back({true, R(i, "x")});
  }
  REQUIRE(batches.size() == 4);
  for (auto& [bucket, batch] : batches) batch.sequence = BatchSequence(0);
  REQUIRE(old->Write(id, batches).ok());
  CHECK(SharedCluster().Rows({"db", "buckets"}).size() == 100);

  const auto young = Writer(SharedCluster(), table, JobFence{"planned", 2});
  REQUIRE(young->Write(id, batches).ok());  // The plan of the one before, again.
  CHECK(SharedCluster().Changelog({"db", "buckets"}).size() == 100);
  for (auto& [bucket, batch] : batches) batch.sequence = BatchSequence(1);
  CHECK(old->Write(id, batches).code() == ErrorCode::kFencedJobEpoch);
  CHECK(SharedCluster().Changelog({"db", "buckets"}).size() == 100);
}

}  // namespace strom::pipeline
