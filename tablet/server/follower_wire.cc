#include "tablet/server/follower_wire.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/convert/bucket.h"
#include "common/convert/error.h"

namespace strom::tablet {
namespace {

size_t NotNegative(int32_t value) { return static_cast<size_t>(std::max(value, 0)); }

int32_t WireSize(size_t size) {
  return static_cast<int32_t>(
      std::min(size, static_cast<size_t>(std::numeric_limits<int32_t>::max())));
}

Result<FollowerPosition> PositionFrom(ServerId follower, const TableBucket& bucket,
                                      const pb::PbFetchLogReqForBucket& entry) {
  if (!entry.has_leader_epoch() || entry.leader_epoch() < 0 || entry.fetch_offset() < 0 ||
      (entry.has_last_epoch() && entry.last_epoch() < 0) || entry.promised_at() < 0) {
    return Error(ErrorCode::kCorruptMessage,
                 "{}: follower {} asks from offset {} on under leader epoch {}, last epoch {}",
                 bucket, follower, entry.fetch_offset(), entry.leader_epoch(), entry.last_epoch());
  }
  FollowerPosition position{.follower = follower,
                            .leader_epoch = LeaderEpoch(entry.leader_epoch()),
                            .log_end_offset = LogOffset(entry.fetch_offset()),
                            .last_epoch = {}};
  if (entry.has_last_epoch()) position.last_epoch = LeaderEpoch(entry.last_epoch());
  if (entry.has_promised_at()) position.promised_at = MonoTime(entry.promised_at());
  return position;
}

Result<FollowerRead> ReadFrom(pb::PbFetchLogRespForBucket* entry) {
  STROM_RETURN_IF_ERROR(convert::ErrorOf(*entry));
  FollowerRead read{.records = std::move(*entry->mutable_records()),
                    .high_watermark = LogOffset(entry->high_watermark()),
                    .log_start_offset = LogOffset(entry->log_start_offset()),
                    .epochs = {},
                    .diverging = {}};
  for (const pb::PbEpochStart& start : entry->epochs()) {
    read.epochs.push_back({LeaderEpoch(start.epoch()), LogOffset(start.start_offset())});
  }
  if (entry->has_diverging_epoch()) {
    read.diverging = {LeaderEpoch(entry->diverging_epoch()),
                      LogOffset(entry->diverging_end_offset())};
  }
  if (entry->has_sent_at()) read.sent_at = MonoTime(entry->sent_at());
  return read;
}

// Of an entry without an error: what every leader sets.
bool IsWhole(const pb::PbFetchLogRespForBucket& entry) {
  return entry.high_watermark() >= 0 && entry.log_start_offset() >= 0 &&
         entry.has_high_watermark() && entry.has_log_start_offset() && entry.has_records() &&
         entry.has_diverging_epoch() == entry.has_diverging_end_offset() &&
         entry.diverging_end_offset() >= 0 &&
         (!entry.has_diverging_epoch() || entry.records().empty());
}

void SetRead(Result<FollowerRead> read, pb::PbFetchLogRespForBucket* entry) {
  convert::SetError(read.status(), entry);
  if (!read.ok()) return;
  entry->set_high_watermark(read->high_watermark.value());
  entry->set_log_start_offset(read->log_start_offset.value());
  entry->set_records(std::move(read->records));
  for (const EpochStart& start : read->epochs) {
    pb::PbEpochStart& epoch = *entry->add_epochs();
    epoch.set_epoch(start.epoch.value());
    epoch.set_start_offset(start.start_offset.value());
  }
  if (read->diverging) {
    entry->set_diverging_epoch(read->diverging->epoch.value());
    entry->set_diverging_end_offset(read->diverging->end_offset.value());
  }
  if (read->sent_at) entry->set_sent_at(read->sent_at->nanos());
}

}  // namespace

pb::FetchLogRequest MakeFollowerRequest(ServerId follower) {
  pb::FetchLogRequest request;
  request.set_follower_server_id(follower.value());
  request.set_max_bytes(0);
  return request;
}

void AddBucket(const FollowerFetchRequest::Bucket& bucket, pb::FetchLogRequest* request) {
  const int tables = request->tables_req_size();
  pb::PbFetchLogReqForTable* table = tables > 0 ? request->mutable_tables_req(tables - 1) : nullptr;
  if (!table || table->table_id() != bucket.bucket.table.value()) {
    table = request->add_tables_req();
    table->set_table_id(bucket.bucket.table.value());
    table->set_projection_pushdown_enabled(false);
  }
  pb::PbFetchLogReqForBucket& entry = *table->add_buckets_req();
  convert::SetBucket(bucket.bucket, &entry);
  entry.set_fetch_offset(bucket.position.log_end_offset.value());
  entry.set_max_fetch_bytes(WireSize(bucket.size_max));
  entry.set_leader_epoch(bucket.position.leader_epoch.value());
  if (bucket.position.last_epoch) entry.set_last_epoch(bucket.position.last_epoch->value());
  if (bucket.position.promised_at) entry.set_promised_at(bucket.position.promised_at->nanos());
}

Result<FollowerResults> TakeFollowerResults(const pb::FetchLogRequest& request,
                                            pb::FetchLogResponse* answer) {
  const auto corrupt = [](std::string_view what) {
    return Error(ErrorCode::kCorruptMessage, "answer to a follower's FetchLog: {}", what);
  };
  FollowerResults results;
  if (answer->tables_resp_size() != request.tables_req_size()) return corrupt("other tables");
  for (int t = 0; t < request.tables_req_size(); ++t) {
    const auto& asked = request.tables_req(t);
    auto& given = *answer->mutable_tables_resp(t);
    if (given.table_id() != asked.table_id() ||
        given.buckets_resp_size() != asked.buckets_req_size()) {
      return corrupt(fmt::format("other buckets of table {}", asked.table_id()));
    }
    for (int b = 0; b < asked.buckets_req_size(); ++b) {
      const TableBucket bucket = convert::BucketOf(TableId(asked.table_id()), asked.buckets_req(b));
      auto& entry = *given.mutable_buckets_resp(b);
      if (convert::BucketOf(TableId(given.table_id()), entry) != bucket) {
        return corrupt(fmt::format("another bucket in the place of {}", bucket));
      }
      if (convert::ErrorOf(entry).ok() && !IsWhole(entry)) {
        return corrupt(fmt::format("{} is not whole", bucket));
      }
      results.push_back(ReadFrom(&entry));
    }
  }
  return results;
}

Result<FollowerFetchRequest> FollowerFetchOf(const pb::FetchLogRequest& request, size_t size_max) {
  const ServerId follower(request.follower_server_id());
  FollowerFetchRequest fetch;
  fetch.size_max = std::min(NotNegative(request.max_bytes()), size_max);
  fetch.size_min = std::min(NotNegative(request.min_bytes()), fetch.size_max);
  for (const auto& table : request.tables_req()) {
    for (const auto& entry : table.buckets_req()) {
      const TableBucket bucket = convert::BucketOf(TableId(table.table_id()), entry);
      STROM_ASSIGN_OR_RETURN(FollowerPosition position, PositionFrom(follower, bucket, entry));
      fetch.buckets.push_back(
          {.bucket = bucket,
           .position = position,
           .size_max = std::min(NotNegative(entry.max_fetch_bytes()), fetch.size_max)});
    }
  }
  return fetch;
}

pb::FetchLogResponse MakeFollowerAnswer(const pb::FetchLogRequest& request,
                                        FollowerResults results) {
  pb::FetchLogResponse response;
  auto result = results.begin();
  for (const auto& asked : request.tables_req()) {
    pb::PbFetchLogRespForTable& answer = *response.add_tables_resp();
    answer.set_table_id(asked.table_id());
    for (const auto& bucket : asked.buckets_req()) {
      pb::PbFetchLogRespForBucket& entry = *answer.add_buckets_resp();
      convert::SetBucket(convert::BucketOf(TableId(asked.table_id()), bucket), &entry);
      SetRead(*std::move(result++), &entry);
    }
  }
  return response;
}

}  // namespace strom::tablet
