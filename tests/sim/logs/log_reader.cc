#include "tests/sim/logs/log_reader.h"

#include <algorithm>
#include <utility>

#include "client/offsets.h"
#include "common/convert/error.h"
#include "common/record/log_record_reader.h"
#include "common/rpc/methods.h"

namespace strom::sim {
namespace {

constexpr MonoDuration kPause = Millis(100);
constexpr int32_t kStraightBytesMax = 1 << 16;

}  // namespace

int64_t NumberOf(const Value& value) {
  const int64_t* number = value.get_if<int64_t>();
  return number == nullptr ? kNull : *number;
}

std::vector<int64_t> MoreOf(const Row& row, const record::RecordSchema& schema) {
  const auto types = schema.column_types();
  std::vector<int64_t> more;
  for (size_t i = 2; i < row.size(); ++i) {
    if (types[i].kind() == TypeKind::kBigInt) more.push_back(NumberOf(row[i]));
  }
  return more;
}

Result<std::vector<LoggedRecord>> DecodeRecords(BytesView batches,
                                                const record::RecordSchema& schema,
                                                LogOffset from) {
  std::vector<LoggedRecord> decoded;
  STROM_ASSIGN_OR_RETURN(const auto views, record::SplitBatches(batches));
  for (const record::LogBatchView& batch : views) {
    STROM_RETURN_IF_ERROR(batch.CheckCrc());
    STROM_ASSIGN_OR_RETURN(const auto records, record::ReadLogRecords(batch, schema, from));
    for (const record::LogRecord& record : records) {
      decoded.push_back({.offset = record.offset,
                         .type = record.change_type,
                         .key = NumberOf(record.row.at(0)),
                         .value = NumberOf(record.row.at(1)),
                         .more = MoreOf(record.row, schema)});
    }
  }
  return decoded;
}

LogReader::LogReader(std::shared_ptr<client::Cluster> cluster, client::Environment environment,
                     Options options, std::function<void(FetchSeen)> seen)
    : cluster_(std::move(cluster)),
      environment_(environment),
      options_(std::move(options)),
      seen_(std::move(seen)) {}

void LogReader::AskLater(MonoDuration pause) {
  if (stopped_) return;
  environment_.executor.PostAt(environment_.clock.Now() + pause,
                               [self = shared_from_this()] { self->Ask(); });
}

void LogReader::Refresh() {
  cluster_->Refresh(options_.path, [self = shared_from_this()](const Status&) {
    self->AskLater(kPause);  // Whatever it said.
  });
}

void LogReader::Ask() {
  if (stopped_) return;
  const auto metadata = cluster_->metadata();
  const ServerNode* leader = metadata->LeaderOf(options_.path, options_.bucket.bucket);
  if (leader == nullptr) return Refresh();
  if (!straight_ && environment_.random.Chance(options_.again_share)) {
    position_ = LogOffset(static_cast<int64_t>(
        environment_.random.Uniform(static_cast<uint64_t>(position().value()) + 1)));
  }
  pb::FetchLogRequest request;
  request.set_follower_server_id(-1);
  const int32_t bytes_max = straight_ ? kStraightBytesMax : options_.fetch_bytes_max;
  request.set_max_bytes(bytes_max);
  request.set_min_bytes(1);
  request.set_max_wait_ms(300);
  auto& table = *request.add_tables_req();
  table.set_table_id(options_.bucket.table.value());
  table.set_projection_pushdown_enabled(false);
  auto& bucket = *table.add_buckets_req();
  bucket.set_bucket_id(options_.bucket.bucket.value());
  bucket.set_fetch_offset(position().value());
  bucket.set_max_fetch_bytes(bytes_max);
  const ServerId server = leader->id;
  cluster_->Call<pb::FetchLogRequest, pb::FetchLogResponse>(
      *leader, client::Lane::kReads, rpc::kFetchLog, request, cluster_->Deadline(),
      [self = shared_from_this(), server, process = options_.process_of(server),
       invoked = environment_.clock.Now()](Result<pb::FetchLogResponse> answer) {
        self->OnAnswer(server, process, invoked, answer);
      });
}

void LogReader::Skip(BehindSeen seen) {
  const BucketId bucket = options_.bucket.bucket;
  client::ListOffsetsOnce(
      cluster_, options_.path, options_.bucket.table, {bucket}, client::OffsetSpec::Earliest(),
      [self = shared_from_this(), bucket, seen](client::BucketOffsets offsets) mutable {
        const Result<LogOffset>& start = offsets.at(bucket);
        // A leader that was deposed and does not know it refuses what its log does not have yet.
        if (self->stopped_ || !start.ok() || *start <= self->position()) return self->Refresh();
        seen.start = *start;
        seen.time.completed = self->environment_.clock.Now();
        self->position_ = *start;
        self->options_.behind(std::move(seen));
        self->AskLater(Millis(static_cast<int64_t>(self->environment_.random.Uniform(20))));
      });
}

void LogReader::OnAnswer(ServerId server, int process, MonoTime invoked,
                         const Result<pb::FetchLogResponse>& answer) {
  if (stopped_) return;
  if (!answer.ok()) return Refresh();
  const auto& entry = answer->tables_resp(0).buckets_resp(0);
  const Status error = convert::ErrorOf(entry);
  if (error.code() == ErrorCode::kLogOffsetOutOfRange) {
    return Skip({.bucket = options_.bucket,
                 .server = server,
                 .asked = position(),
                 .start = LogOffset(0),
                 .time = {.invoked = invoked, .completed = environment_.clock.Now()}});
  }
  if (!error.ok()) return Refresh();
  // Whichever of them it was that answered.
  if (options_.process_of(server) != process) process = --unknown_processes_;
  FetchSeen seen{.bucket = options_.bucket,
                 .server = server,
                 .process = process,
                 .asked = position(),
                 .high_watermark = LogOffset(entry.high_watermark()),
                 .records = {},
                 .time = {.invoked = invoked, .completed = environment_.clock.Now()}};
  auto records = DecodeRecords(entry.records(), options_.schema, position());
  STROM_CHECK(records.ok()) << options_.bucket << " from " << server << ": "
                            << records.status().ToString();
  seen.records = *std::move(records);
  const auto batches = record::SplitBatches(entry.records());
  if (!batches->empty()) position_ = std::max(position(), batches->back().next_offset());
  const bool is_new = high_watermark() != seen.high_watermark;
  high_watermark_ = seen.high_watermark;
  if (is_new || !seen.records.empty()) seen_(std::move(seen));
  AskLater(Millis(static_cast<int64_t>(environment_.random.Uniform(20))));
}

}  // namespace strom::sim
