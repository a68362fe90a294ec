#include "tablet/replica/replica.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/record/log_projection.h"
#include "common/record/log_record_reader.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

const TableBucket kBucket = Bucket(0);

ReadRange From(int64_t offset) {
  return {.offset = LogOffset(offset), .size_max = 1 << 20, .at_least_one = true, .projection = {}};
}

}  // namespace

TEST_CASE("a leader appends, and what it appended is committed and can be read", "[replica]") {
  ReplicaFixture f(static_cast<uint64_t>(GENERATE(range(1, 4))));
  REQUIRE(f.Become(kBucket).ok());
  const AppendInfo info = f.Append(kBucket, Batch({1, 2, 3})).value();
  CHECK(info.base_offset == LogOffset(0));
  CHECK(f.Append(kBucket, Batch({4}), Acks::kNone).value().base_offset == LogOffset(3));
  const auto replica = f.replicas().Find(kBucket);
  CHECK(replica->high_watermark() == LogOffset(4));
  CHECK(f.ReadAll(kBucket) == std::vector<int>{1, 2, 3, 4});
  const BucketRead read = replica->ReadCommitted(From(3)).value();
  CHECK(Values(read.records, LogFormat::kIndexed, LogOffset(3)) == std::vector<int>{4});
  CHECK(read.high_watermark == LogOffset(4));
  CHECK(replica->ReadCommitted(From(4)).value().records.empty());
  CHECK(replica->ReadCommitted(From(5)).status().code() == ErrorCode::kLogOffsetOutOfRange);
  CHECK(replica->CountCommitted().value() == 4);
}

TEST_CASE("a retry of an idempotent writer gives the first answer, a gap is refused", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  const WriterId writer(5);
  const auto append = [&](int sequence) {
    return f.Append(kBucket,
                    Batch({sequence}, LogFormat::kIndexed, writer, BatchSequence(sequence)));
  };
  REQUIRE(append(0).ok());
  REQUIRE(append(1).ok());
  CHECK(append(0).value().base_offset == LogOffset(0));
  CHECK(append(3).status().code() == ErrorCode::kOutOfOrderSequence);
  CHECK(f.ReadAll(kBucket) == std::vector<int>{0, 1});
}

TEST_CASE("a batch that claims more records than it has takes no offsets", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  Bytes batch = Batch({1, 2});
  record::LogBatchHeader header = record::ParseLogBatchHeader(batch).value();
  header.record_count = 1000;
  record::SealLogBatch(header, batch);
  const Status status = f.Append(kBucket, batch).status();
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(status.message().starts_with("db.t: "));
  CHECK(f.Append(kBucket, Batch({7})).value().base_offset == LogOffset(0));
}

TEST_CASE("who does not lead serves nothing", "[replica]") {
  ReplicaFixture f;
  Leadership follow = Lead();
  follow.leader = ServerId(9);
  follow.replicas = {ServerId(9), kSelf};
  REQUIRE(f.Become(kBucket, follow).ok());
  CHECK(f.duties().LeaderOf(kBucket) == ServerId(9));
  const auto replica = f.replicas().Find(kBucket);
  CHECK(f.Append(kBucket, Batch({1})).status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(replica->ReadCommitted(From(0)).status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(replica->ReadLast(1, 1000).status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(replica->FindOffset({}).status().code() == ErrorCode::kNotLeaderOrFollower);
  CHECK(replica->CountCommitted().status().code() == ErrorCode::kNotLeaderOrFollower);
}

TEST_CASE("a replica refuses leaderships that are older than its own", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, Lead(5, 5, 5)).ok());
  CHECK(f.Become(kBucket, Lead(6, 6, 4)).code() == ErrorCode::kInvalidCoordinator);
  CHECK(f.Become(kBucket, Lead(4, 6, 6)).code() == ErrorCode::kFencedLeaderEpoch);
  CHECK(f.Become(kBucket, Lead(5, 4, 5)).code() == ErrorCode::kInvalidUpdateVersion);
  CHECK(f.Become(kBucket, Lead(5, 5, 5)).ok());
  CHECK(f.Become(kBucket, Lead(5, 6, 6)).ok());
  CHECK(f.Append(kBucket, Batch({1})).ok());
}

TEST_CASE("a leadership that cannot be taken changes nothing", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, Lead(1)).ok());
  Leadership foreign = Lead(2);
  foreign.replicas = {ServerId(8)};
  CHECK(f.Become(kBucket, foreign).code() == ErrorCode::kUnknownTableOrBucket);
  Leadership outside = LeadWithoutFollowers(2);
  outside.isr = {ServerId(8)};
  CHECK(f.Become(kBucket, outside).code() == ErrorCode::kIneligibleReplica);
  CHECK(f.Become(kBucket, Lead(1)).ok());  // Epoch 2 was not taken over.
  CHECK(f.Append(kBucket, Batch({1})).ok());
}

TEST_CASE("with too few replicas in sync nothing is committed and acks=all is refused",
          "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, LeadWithoutFollowers()).ok());
  CHECK(f.Append(kBucket, Batch({1})).status().code() == ErrorCode::kNotEnoughReplicas);
  CHECK(f.Append(kBucket, Batch({1}), Acks::kLeader).value().base_offset == LogOffset(0));
  CHECK(f.replicas().Find(kBucket)->high_watermark() == LogOffset(0));
  CHECK(f.ReadAll(kBucket).empty());
  const OffsetQuery now{.kind = OffsetQuery::Kind::kTimestamp, .timestamp_ms = f.clock().WallNow()};
  f.scheduler().RunFor(Seconds(1));
  const OffsetQuery later{.kind = OffsetQuery::Kind::kTimestamp,
                          .timestamp_ms = f.clock().WallNow()};
  for (const OffsetQuery& query : {now, later, OffsetQuery()}) {
    CHECK(f.replicas().Find(kBucket)->FindOffset(query).value() == LogOffset(0));
  }
}

TEST_CASE("reads give the columns asked for, by the newest schema", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, Lead(), LogFormat::kArrow).ok());
  const auto replica = f.replicas().Find(kBucket);
  ReadRange range = From(0);
  range.projection = {{1}};
  CHECK(replica->ReadCommitted(range).value().records.empty());
  REQUIRE(f.Append(kBucket, Batch({5, 6}, LogFormat::kArrow)).ok());
  const Bytes projected = replica->ReadCommitted(range).value().records;
  const auto batch = record::SplitBatches(projected).value().at(0);
  const record::RecordSchema only_b(LogFormat::kArrow, {DataType::Int()});
  const auto records = record::ReadLogRecords(batch, only_b).value();
  CHECK(records.at(0).row == Row{Value::Int(-5)});
  CHECK(records.at(1).row == Row{Value::Int(-6)});
}

TEST_CASE("wrong columns are refused, also while there is nothing to read", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket, Lead(), LogFormat::kArrow).ok());
  REQUIRE(f.Become(Bucket(1), Lead(), LogFormat::kIndexed).ok());
  ReadRange range = From(0);
  for (const std::vector<int32_t>& columns :
       std::vector<std::vector<int32_t>>{{}, {2}, {-1}, {1, 0}, {0, 0}}) {
    range.projection = columns;
    CHECK(f.replicas().Find(kBucket)->ReadCommitted(range).status().code() ==
          ErrorCode::kInvalidColumnProjection);
  }
  range.projection = {{0}};
  CHECK(f.replicas().Find(Bucket(1))->ReadCommitted(range).status().code() ==
        ErrorCode::kInvalidColumnProjection);
}

TEST_CASE("the newest records come as whole batches within a size", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  for (int i = 0; i < 4; ++i) REQUIRE(f.Append(kBucket, Batch({2 * i, 2 * i + 1})).ok());
  const auto replica = f.replicas().Find(kBucket);
  const auto last = [&](int count, size_t size_max = 1 << 20) {
    return Values(replica->ReadLast(count, size_max).value());
  };
  CHECK(last(0).empty());
  CHECK(last(1) == std::vector<int>{6, 7});
  CHECK(last(3) == std::vector<int>{4, 5, 6, 7});
  CHECK(last(100) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
  const size_t batch = Batch({1, 2}).size();
  CHECK(last(3, 2 * batch).size() == 4);
  const Status status = replica->ReadLast(3, 2 * batch - 1).status();
  CHECK(status.code() == ErrorCode::kRecordTooLarge);
}

TEST_CASE("offsets are found by their kind", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  const auto replica = f.replicas().Find(kBucket);
  using Kind = OffsetQuery::Kind;
  CHECK(replica->FindOffset({.kind = Kind::kLatest}).value() == LogOffset(0));
  REQUIRE(f.Append(kBucket, Batch({1, 2})).ok());
  const int64_t first_ms = f.clock().WallNow();
  f.scheduler().RunFor(Seconds(5));
  REQUIRE(f.Append(kBucket, Batch({3})).ok());
  const int64_t second_ms = f.clock().WallNow();
  const auto at = [&](int64_t ms) {
    return replica->FindOffset({.kind = Kind::kTimestamp, .timestamp_ms = ms});
  };
  CHECK(replica->FindOffset({.kind = Kind::kEarliest}).value() == LogOffset(0));
  CHECK(replica->FindOffset({.kind = Kind::kLatest}).value() == LogOffset(3));
  CHECK(at(0).value() == LogOffset(0));
  CHECK(at(first_ms + 1).value() == LogOffset(2));
  CHECK(at(second_ms).value() == LogOffset(2));
  CHECK(at(second_ms + 1).status().code() == ErrorCode::kInvalidTimestamp);
  f.scheduler().RunFor(Seconds(1));
  CHECK(at(second_ms + 1).value() == LogOffset(3));
}

TEST_CASE("an append that the disk refuses fails, and the next one goes on behind", "[replica]") {
  ReplicaFixture f;
  REQUIRE(f.Become(kBucket).ok());
  REQUIRE(f.Append(kBucket, Batch({1})).ok());
  f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", ENOSPC);
  CHECK(f.Append(kBucket, Batch({2})).status().code() == ErrorCode::kDiskWriteLocked);
  CHECK(f.Append(kBucket, Batch({3})).value().base_offset == LogOffset(1));
  CHECK(f.ReadAll(kBucket) == std::vector<int>{1, 3});
}

}  // namespace strom::tablet
