#include "common/convert/bucket.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/log.pb.h"

namespace strom::convert {
namespace {

TEST_CASE("a bucket survives the wire, with a partition and without", "[convert]") {
  const TableBucket plain{TableId(7), std::nullopt, BucketId(2)};
  CHECK(FromPb(ToPb(plain)) == plain);
  CHECK_FALSE(ToPb(plain).has_partition_id());

  const TableBucket partitioned{TableId(7), PartitionId(0), BucketId(2)};
  CHECK(FromPb(ToPb(partitioned)) == partitioned);
  CHECK(ToPb(partitioned).has_partition_id());
}

TEST_CASE("the first bucket of table 0 is written in full", "[convert]") {
  const pb::PbTableBucket bucket = ToPb(TableBucket{TableId(0), std::nullopt, BucketId(0)});
  CHECK(bucket.IsInitialized());
  CHECK(bucket.SerializeAsString() == std::string("\x08\x00\x18\x00", 4));
}

TEST_CASE("an entry of a request is a bucket of the request's table", "[convert]") {
  pb::ProduceLogRequest request;
  request.set_table_id(9);
  pb::PbProduceLogReqForBucket* entry = request.add_buckets_req();
  entry->set_bucket_id(3);
  CHECK(BucketOf(TableId(9), *entry) == TableBucket{TableId(9), std::nullopt, BucketId(3)});
  entry->set_partition_id(0);
  CHECK(BucketOf(TableId(9), *entry) == TableBucket{TableId(9), PartitionId(0), BucketId(3)});
}

TEST_CASE("ids that no bucket has are carried as they are", "[convert]") {
  pb::PbFetchLogReqForBucket entry;
  entry.set_partition_id(INT64_MIN);
  entry.set_bucket_id(-1);
  CHECK(BucketOf(TableId(-5), entry) ==
        TableBucket{TableId(-5), PartitionId(INT64_MIN), BucketId(-1)});
}

TEST_CASE("an answer echoes the partition exactly when there is one", "[convert]") {
  pb::PbProduceLogRespForBucket answer;
  SetBucket({TableId(9), PartitionId(4), BucketId(3)}, &answer);
  CHECK(answer.partition_id() == 4);
  CHECK(answer.bucket_id() == 3);
  SetBucket({TableId(9), std::nullopt, BucketId(1)}, &answer);
  CHECK_FALSE(answer.has_partition_id());
  CHECK(answer.bucket_id() == 1);
}

}  // namespace
}  // namespace strom::convert
