#include <map>

#include <catch2/catch_test_macros.hpp>

#include "common/types/json_codec.h"
#include "proto/log.pb.h"
#include "proto/metadata.pb.h"
#include "proto/pb.h"
#include "tablet/replica/batch_validation.h"
#include "tablet/replica/bucket_spec.h"
#include "tests/unit/proto/capture.h"

namespace strom::tablet {
namespace {

constexpr int16_t kMetadata = 1012;
constexpr int16_t kProduceLog = 1014;

// The tables that recorded metadata answers describe, by id.
std::map<TableId, BucketSpec> RecordedTables() {
  std::map<TableId, BucketSpec> specs;
  for (const Capture& capture : LoadCaptures()) {
    pb::MetadataResponse response;
    if (capture.api_key != kMetadata || capture.response_type != 0) continue;
    REQUIRE(response.ParseFromString(capture.response));
    for (const auto& table : response.table_metadata()) {
      const TableInfo info{.path = {"db", "t"},
                           .id = TableId(table.table_id()),
                           .schema_id = SchemaId(static_cast<int16_t>(table.schema_id())),
                           .descriptor = TableDescriptorFromJson(table.table_json()).value()};
      const TableBucket bucket{.table = info.id, .partition = {}, .bucket = BucketId(0)};
      specs.emplace(info.id, BucketSpec::Of(info, {{"db", "t"}, std::nullopt}, bucket).value());
    }
  }
  return specs;
}

}  // namespace

TEST_CASE("what official clients really sent passes the checks of the leader", "[tablet]") {
  const auto specs = RecordedTables();
  int checked = 0;
  for (const Capture& capture : LoadCaptures()) {
    if (capture.api_key != kProduceLog) continue;
    INFO(capture.ToString());
    pb::ProduceLogRequest request;
    REQUIRE(request.ParseFromString(capture.request));
    const auto spec = specs.find(TableId(request.table_id()));
    if (spec == specs.end()) continue;
    for (const auto& bucket : request.buckets_req()) {
      const auto batches = record::SplitProducedBatches(bucket.records()).value();
      if (!spec->second.schemas.contains(batches[0].header().schema_id)) continue;
      const Status status = ValidateProduced(bucket.records(), spec->second.schemas);
      INFO(status.ToString());
      CHECK(status.ok());
      ++checked;
    }
  }
  CHECK(checked >= 5);
}

}  // namespace strom::tablet
