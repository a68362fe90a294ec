#include "client/scan_reader.h"

#include <algorithm>
#include <utility>

namespace strom::client {
namespace {

LogOffset NextOffset(const LogRecord& record) { return record.offset.Next(); }
LogOffset NextOffset(const RecordRows& records) { return records.next_offset(); }

}  // namespace

Result<std::shared_ptr<ScanReader>> ScanReader::Make(std::shared_ptr<Cluster> cluster,
                                                     const TableInfo& table,
                                                     const LogScannerOptions& options) {
  if (table.descriptor.is_partitioned()) {
    return Error(ErrorCode::kInvalidTable, "table {} is partitioned; plain tables are read",
                 table.path);
  }
  if (options.poll_records_max == 0 || options.fetch_bytes_max == 0 ||
      options.bucket_fetch_bytes_max == 0 || options.buffer_bytes_max == 0 ||
      options.fetch_wait < MonoDuration()) {
    return Error(
        ErrorCode::kInvalidConfig,
        "poll {} records, fetch {} bytes, {} of a bucket, buffer {} bytes: all are above 0",
        options.poll_records_max, options.fetch_bytes_max, options.bucket_fetch_bytes_max,
        options.buffer_bytes_max);
  }
  STROM_ASSIGN_OR_RETURN(ScanProjection projection, ScanProjection::Make(table, options.columns));
  auto fetcher = std::make_shared<LogFetcher>(std::move(cluster), table, projection, options);
  return std::make_shared<ScanReader>(std::move(fetcher), std::move(projection), table, options);
}

ScanReader::ScanReader(std::shared_ptr<LogFetcher> fetcher, ScanProjection projection,
                       const TableInfo& table, const LogScannerOptions& options)
    : fetcher_(std::move(fetcher)),
      projection_(std::move(projection)),
      path_(table.path),
      bucket_count_(table.descriptor.bucket_count().value_or(0)),
      options_(options) {}

Status ScanReader::Subscribe(BucketId bucket, OffsetSpec start, std::optional<LogOffset> stop) {
  if (bucket < BucketId(0) || bucket >= BucketId(bucket_count_)) {
    return Error(ErrorCode::kUnknownTableOrBucket, "bucket {}, the table has {}", bucket,
                 bucket_count_);
  }
  if (start.kind() == OffsetSpec::Kind::kAt && start.offset() < LogOffset(0)) {
    return Error(ErrorCode::kLogOffsetOutOfRange, "bucket {}: offset {}", bucket, start.offset());
  }
  Unsubscribe(bucket);
  const SubscriptionId id = ++last_subscription_;
  buckets_[bucket] = {.subscription = id, .position = std::nullopt, .stop = stop};
  subscriptions_[id] = bucket;
  fetcher_->Subscribe(id, bucket, start, stop);
  return Status::Ok();
}

void ScanReader::Unsubscribe(BucketId bucket) {
  const auto found = buckets_.find(bucket);
  if (found == buckets_.end()) return;
  fetcher_->Unsubscribe(found->second.subscription);
  subscriptions_.erase(found->second.subscription);
  buckets_.erase(found);
  if (decoding_ && decoding_->bucket == bucket) decoding_ = nullptr;
}

std::optional<LogOffset> ScanReader::Position(BucketId bucket) const {
  const auto found = buckets_.find(bucket);
  return found == buckets_.end() ? std::nullopt : found->second.position;
}

bool ScanReader::finished() const {
  return !buckets_.empty() && std::all_of(buckets_.begin(), buckets_.end(), [](const auto& entry) {
    const Bucket& bucket = entry.second;
    return bucket.stop && bucket.position && *bucket.position >= *bucket.stop;
  });
}

Result<std::vector<LogRecord>> ScanReader::Poll(MonoDuration timeout) {
  const MonoTime deadline = fetcher_->cluster()->Now() + timeout;
  while (true) {
    if (auto answer = TryPoll<LogRecord>()) return *std::move(answer);
    STROM_ASSIGN_OR_RETURN(MaybeChunk chunk, fetcher_->Take(deadline).Get());
    if (!chunk) return std::vector<LogRecord>();
    Begin(*std::move(chunk));
  }
}

Future<std::vector<LogRecord>> ScanReader::PollAsync(MonoDuration timeout) {
  Promise<std::vector<LogRecord>> promise;
  Future<std::vector<LogRecord>> future = promise.future();
  PollMore(fetcher_->cluster()->Now() + timeout, std::move(promise));
  return future;
}

Future<std::vector<RecordRows>> ScanReader::PollRowsAsync(MonoDuration timeout) {
  Promise<std::vector<RecordRows>> promise;
  Future<std::vector<RecordRows>> future = promise.future();
  PollMore(fetcher_->cluster()->Now() + timeout, std::move(promise));
  return future;
}

template <class Record>
void ScanReader::PollMore(MonoTime deadline, Promise<std::vector<Record>> promise) {
  if (auto answer = TryPoll<Record>()) return promise.Set(*std::move(answer));
  fetcher_->Take(deadline).Then([self = shared_from_this(), deadline,
                                 promise = std::move(promise)](Result<MaybeChunk> chunk) mutable {
    if (!chunk.ok()) return promise.Set(chunk.status());
    if (!*chunk) return promise.Set(std::vector<Record>());
    self->Begin(**std::move(chunk));
    self->PollMore(deadline, std::move(promise));
  });
}

template <class Record>
std::optional<Result<std::vector<Record>>> ScanReader::TryPoll() {
  std::vector<Record> records;
  if (pending_error_.ok() && decoding_) {
    const BucketId bucket = decoding_->bucket;
    const bool is_error = !decoding_->chunk.error.ok();  // Which names table and bucket itself.
    pending_error_ = Decode(&records);
    if (!pending_error_.ok()) {
      if (!is_error) {
        pending_error_ =
            pending_error_.WithContext(fmt::format("table {} bucket {}", path_, bucket));
      }
      Unsubscribe(bucket);
    }
  }
  if (!records.empty()) return records;
  if (!pending_error_.ok()) return std::exchange(pending_error_, Status::Ok());
  if (finished()) return records;
  return std::nullopt;
}

void ScanReader::Begin(FetchedChunk chunk) {
  const auto bucket = subscriptions_.find(chunk.subscription);
  if (bucket == subscriptions_.end()) return;  // Of an earlier subscription.
  decoding_ = std::make_unique<Decoding>(std::move(chunk), bucket->second);
}

template <class Record>
Status ScanReader::Decode(std::vector<Record>* records) {
  if (!decoding_->chunk.error.ok()) return decoding_->chunk.error;
  Bucket& bucket = buckets_.at(decoding_->bucket);
  const LogOffset stop = bucket.stop.value_or(LogOffset(INT64_MAX));
  for (size_t count = 0; count < options_.poll_records_max;) {
    if (!decoding_->records) {
      STROM_ASSIGN_OR_RETURN(const bool more, NextBatch(bucket));
      if (!more) {
        bucket.position = decoding_->chunk.next_offset;
        decoding_ = nullptr;
        return Status::Ok();
      }
    }
    STROM_ASSIGN_OR_RETURN(const size_t taken,
                           Take(stop, options_.poll_records_max - count, records));
    count += taken;
    if (taken > 0) {
      bucket.position = NextOffset(records->back());
    } else if (decoding_->batch->next_offset() > stop) {
      bucket.position = stop;
      decoding_ = nullptr;
      return Status::Ok();
    } else {
      decoding_->records.reset();
    }
  }
  return Status::Ok();
}

Result<size_t> ScanReader::Take(LogOffset stop, size_t /*count_max*/,
                                std::vector<LogRecord>* records) {
  STROM_ASSIGN_OR_RETURN(std::optional<record::LogRecord> record, decoding_->records->Next());
  if (!record || record->offset >= stop) return size_t{0};
  records->push_back({.bucket = decoding_->bucket,
                      .offset = record->offset,
                      .timestamp_ms = record->timestamp_ms,
                      .change_type = static_cast<ChangeType>(record->change_type),
                      .row = decoding_->plan->Arrange(std::move(record->row))});
  return size_t{1};
}

Result<size_t> ScanReader::Take(LogOffset stop, size_t count_max,
                                std::vector<RecordRows>* records) {
  STROM_ASSIGN_OR_RETURN(
      record::LogRows rows,
      decoding_->records->NextRows(decoding_->plan->sources(), stop, count_max));
  const size_t count = rows.change_types.size();
  if (count == 0) return count;
  RecordRows& taken = records->emplace_back();
  taken.bucket = decoding_->bucket;
  taken.base_offset = rows.base_offset;
  taken.timestamp_ms = rows.timestamp_ms;
  taken.change_types.reserve(count);
  for (const record::ChangeType type : rows.change_types) {
    taken.change_types.push_back(static_cast<ChangeType>(type));
  }
  taken.values = std::move(rows.values);
  return count;
}

Result<bool> ScanReader::NextBatch(const Bucket& bucket) {
  Decoding& d = *decoding_;
  while (true) {
    STROM_ASSIGN_OR_RETURN(d.batch, d.batches.Next());
    if (!d.batch) return false;
    if (d.batch->record_count() > 0 && d.batch->next_offset() > d.chunk.from) break;
  }
  const auto context = [&](const Status& status) {
    return status.WithContext(fmt::format("batch at offset {}", d.batch->base_offset()));
  };
  if (options_.check_crc && projection_.pushed_down().empty()) {
    if (const Status status = d.batch->CheckCrc(); !status.ok()) return context(status);
  }
  d.plan = &d.chunk.plans->at(d.batch->header().schema_id);
  Result<record::LogRecordReader> records =
      record::LogRecordReader::Open(*d.batch, d.plan->record_schema(),
                                    std::max(d.chunk.from, bucket.position.value_or(d.chunk.from)));
  if (!records.ok()) return context(records.status());
  d.records = *std::move(records);
  return true;
}

}  // namespace strom::client
