#include "tests/unit/tablet/log/log_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_batch_builder.h"
#include "common/record/log_record_reader.h"

namespace strom::tablet {
namespace {

const record::RecordSchema& TestSchema() {
  static const record::RecordSchema schema(LogFormat::kIndexed, {DataType::Int()});
  return schema;
}

}  // namespace

Bytes LogFixture::Batch(const std::vector<int>& values, WriterId writer, BatchSequence sequence) {
  record::LogBatchBuilder builder(TestSchema(), {.schema_id = SchemaId(1)});
  for (const int value : values) {
    REQUIRE(builder.Append(record::ChangeType::kAppendOnly, {Value::Int(value)}).ok());
  }
  return builder.Build(writer, sequence).value();
}

Result<AppendInfo> LogFixture::Append(int count, WriterId writer, BatchSequence sequence) {
  const auto next = static_cast<int>(log_->log_end_offset().value());
  return log_->AppendAsLeader(Batch(Counting(next, next + count), writer, sequence));
}

Status LogFixture::Follow(const LogTablet& leader, size_t size_max) {
  while (log_->log_end_offset() < leader.log_end_offset()) {
    const LogOffset end = log_->log_end_offset();
    STROM_ASSIGN_OR_RETURN(Bytes bytes, leader.Read(end, size_max, true, LogOffset(INT64_MAX)));
    const LogOffset next = record::SplitBatches(bytes).value().back().next_offset();
    const auto epochs = leader.EpochsCovering(end, next);
    STROM_ASSIGN_OR_RETURN(const LogOffset taken, log_->AppendAsFollower(std::move(bytes), epochs));
    STROM_CHECK(taken == next && log_->log_end_offset() == next) << taken;
  }
  return Status::Ok();
}

std::vector<int> LogFixture::Counting(int from, int to) {
  std::vector<int> values;
  for (int i = from; i < to; ++i) values.push_back(i);
  return values;
}

std::vector<int> LogFixture::ReadAll(LogOffset from, size_t size_max) {
  std::vector<int> values;
  while (from < log_->log_end_offset()) {
    const Bytes bytes = log_->Read(from, size_max, true, LogOffset(INT64_MAX)).value();
    REQUIRE_FALSE(bytes.empty());
    for (const auto& batch : record::SplitBatches(bytes).value()) {
      for (const auto& record : record::ReadLogRecords(batch, TestSchema(), from).value()) {
        values.push_back(static_cast<int>(*record.row[0].get_if<int64_t>()));
      }
      from = std::max(from, batch.next_offset());
    }
  }
  return values;
}

void LogFixture::Reopen(bool clean, LogOffset recovery_point) {
  log_.reset();
  const TableBucket bucket{.table = TableId(7), .partition = {}, .bucket = BucketId(0)};
  log_ =
      LogTablet::Open(disk_, clock_, kDirectory, bucket, options_, recovery_point, clean).value();
}

std::vector<std::string> LogFixture::FileNames() {
  std::vector<std::string> names;
  for (const auto& entry : disk_.List(kDirectory).value()) names.push_back(entry.name);
  return names;
}

}  // namespace strom::tablet
