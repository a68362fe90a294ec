#include <catch2/catch_test_macros.hpp>

#include "pipeline/core/source_feeds.h"
#include "tests/testing/cluster/dev_cluster.h"

namespace strom::pipeline {
namespace {

TEST_CASE("a log table whose beginning is trimmed cannot be read from the beginning, and says so",
          "[pipeline]") {
  testing::DevCluster cluster({"log.segment.file-size=4kb", "log.retention.check-interval=20 ms"});
  const TablePath path{"shop", "events"};
  const TableInfo table = cluster.MakeTable(path, {testing::ColumnOf("text", DataType::String())},
                                            {}, 1, {{"table.log.ttl", "1 ms"}});
  client::Admin& admin = cluster.connection().admin();
  const auto earliest = [&] {
    return admin.ListOffsets(path, client::OffsetSpec::Earliest()).Get().value().at(BucketId(0));
  };
  const auto writer = cluster.connection().NewAppendWriter(path).value();
  // A segment goes when a newer one has begun and its time is over.
  REQUIRE(testing::Eventually([&] {
    REQUIRE(writer->Append({Value::String(std::string(2000, 'x'))}).ok());
    REQUIRE(writer->Flush().Get().ok());
    return earliest() > LogOffset(0);
  }));
  StopSignal stop;
  const auto feeds = SourceFeeds::Open(cluster.connection(), {{table, {}}}, stop).value();
  const Status read = feeds->ReadSnapshots([](FeedBatch) { return Status::Ok(); });
  CHECK(read.code() == ErrorCode::kInvalidTable);
  CHECK(read.message().find("table shop.events: the log of bucket 0 begins at offset") !=
        std::string::npos);
  CHECK(read.message().find("trimmed") != std::string::npos);
}

}  // namespace
}  // namespace strom::pipeline
