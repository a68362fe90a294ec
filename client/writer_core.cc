#include "client/writer_core.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace strom::client {

Status CheckWriterOptions(const WriterOptions& o) {
  if (o.in_flight_max < 1 || o.in_flight_max > 5) {
    return Error(ErrorCode::kInvalidConfig, "in_flight_max {}, 1 to 5 are possible",
                 o.in_flight_max);
  }
  if (o.idempotent && o.acks != Acks::kAll) {
    return Error(ErrorCode::kInvalidConfig, "an idempotent writer needs acks of all replicas");
  }
  if (o.batch_bytes_max == 0 || o.request_bytes_max < o.batch_bytes_max ||
      o.buffer_bytes_max < o.batch_bytes_max || o.delivery_timeout <= MonoDuration()) {
    return Error(
        ErrorCode::kInvalidConfig,
        "batch {}, request {}, buffer {} bytes, delivery timeout {} ms: all are above 0, and "
        "a batch is the smallest",
        o.batch_bytes_max, o.request_bytes_max, o.buffer_bytes_max, o.delivery_timeout.millis());
  }
  if (o.fence &&
      (o.fence->group.empty() || o.fence->group.size() > kJobNameSizeMax || o.fence->epoch < 0)) {
    return Error(ErrorCode::kInvalidConfig, "a fence with epoch {} and a group of {} bytes",
                 o.fence->epoch, o.fence->group.size());
  }
  return Status::Ok();
}

Result<std::shared_ptr<WriterCore>> WriterCore::Make(std::shared_ptr<Cluster> cluster,
                                                     std::shared_ptr<const WriteTarget> target,
                                                     const WriterOptions& options) {
  STROM_RETURN_IF_ERROR(CheckWriterOptions(options));
  return std::make_shared<WriterCore>(std::move(cluster), std::move(target), options);
}

WriterCore::WriterCore(std::shared_ptr<Cluster> cluster, std::shared_ptr<const WriteTarget> target,
                       const WriterOptions& options)
    : cluster_(std::move(cluster)),
      target_(std::move(target)),
      options_(options),
      strand_(cluster_->executor()) {
  absl::MutexLock lock(&mutex_);
  const BucketQueue::Options queue_options{
      .in_flight_max = options_.idempotent ? options_.in_flight_max : 1,
      .idempotent = options_.idempotent};
  for (int32_t i = 0; i < target_->bucket_count(); ++i) queues_.emplace_back(queue_options);
  sticky_bucket_ = BucketId(static_cast<int32_t>(
      cluster_->random().Uniform(static_cast<uint64_t>(target_->bucket_count()))));
}

// -- Collecting

// Hears of the batches that hold changes written together.
class WriterCore::Group {
 public:
  explicit Group(absl::AnyInvocable<void(Status)> done) : done_(std::move(done)) {}

  // A batch holds some of them: its end will be told.
  AppendCallback Join(const std::shared_ptr<Group>& self) {
    missing_.fetch_add(1, std::memory_order_relaxed);
    return [self](const Result<AppendResult>& result) { self->End(result.status()); };
  }

  // A batch has ended; or, once, all have been joined.
  void End(const Status& status) {
    if (!status.ok()) {
      absl::MutexLock lock(&mutex_);
      if (first_error_.ok()) first_error_ = status;
    }
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    Status outcome;
    {
      absl::MutexLock lock(&mutex_);
      outcome = std::move(first_error_);
    }
    if (done_) done_(std::move(outcome));
  }

 private:
  absl::AnyInvocable<void(Status)> done_;
  std::atomic<int> missing_ = 1;  // Batches without an end, and the joining itself.
  absl::Mutex mutex_;
  Status first_error_ ABSL_GUARDED_BY(mutex_);
};

Status WriterCore::CheckSize(const WriteRecord& record) const {
  if (record.size <= options_.request_bytes_max) return Status::Ok();
  return Error(ErrorCode::kRecordTooLarge, "table {}: a row of some {} bytes, {} are allowed",
               target_->path(), record.size, options_.request_bytes_max);
}

Status WriterCore::Write(const WriteRecord& record, AppendCallback done, bool may_wait) {
  STROM_RETURN_IF_ERROR(CheckSize(record));
  while (true) {
    std::shared_ptr<runtime::Notification> freed;
    {
      absl::MutexLock lock(&mutex_);
      const Result<Added> added = TryAdd(record);
      if (added.ok()) {
        const int32_t index = added->batch->record_count - 1;
        if (done) added->batch->callbacks.emplace_back(index, std::move(done));
        // While all requests of the bucket are under way, their answers wake the sender.
        const MonoTime now = cluster_->Now();
        const bool wake = added->queue->CanSend(now) || added->queue->WantsWriterId(now);
        if (index > 0 && !wake) return Status::Ok();
        break;
      }
      if (added.status().code() != ErrorCode::kStorageBackpressure || !may_wait) {
        return added.status();
      }
      freed = Block();
    }
    freed->Wait();
  }
  WakeSender();
  return Status::Ok();
}

Status WriterCore::WriteAll(std::span<const WriteRecord> records,
                            absl::AnyInvocable<void(Status)> done) {
  for (const WriteRecord& record : records) STROM_RETURN_IF_ERROR(CheckSize(record));
  const auto group = std::make_shared<Group>(std::move(done));
  std::vector<uint64_t> joined;  // Ids of batches; few: one a bucket, unless there is very much.
  for (size_t next = 0; next < records.size();) {
    Status status;
    std::shared_ptr<runtime::Notification> freed;
    {
      absl::MutexLock lock(&mutex_);
      for (; next < records.size() && status.ok(); ++next) {
        const Result<Added> added = TryAdd(records[next]);
        status = added.status();
        if (!status.ok()) break;
        WriteBatch& batch = *added->batch;
        if (std::find(joined.rbegin(), joined.rend(), batch.id) != joined.rend()) continue;
        joined.push_back(batch.id);
        batch.callbacks.emplace_back(batch.record_count - 1, group->Join(group));
      }
      if (status.code() == ErrorCode::kStorageBackpressure) freed = Block();
    }
    WakeSender();
    if (freed) {
      freed->Wait();
    } else if (!status.ok()) {
      return status;  // The group never ends: nobody is told.
    }
  }
  group->End(Status::Ok());
  return Status::Ok();
}

Result<WriterCore::Added> WriterCore::TryAdd(const WriteRecord& record) {
  if (closed_) {
    return Error(ErrorCode::kOperationNotAttempted, "the writer of table {} is closed",
                 target_->path());
  }
  if (!fenced_.ok()) return fenced_.WithContext(fmt::format("table {}", target_->path()));
  if (buffered_bytes_ > 0 && buffered_bytes_ + record.size > options_.buffer_bytes_max) {
    return Error(ErrorCode::kStorageBackpressure,
                 "table {}: {} bytes wait for their answers, {} may", target_->path(),
                 buffered_bytes_, options_.buffer_bytes_max);
  }
  BucketQueue& queue = QueueOf(record.bucket ? *record.bucket : NextStickyBucket());
  WriteBatch& batch = OpenBatch(queue, record.size);
  if (const Status status = batch.builder->Add(record); !status.ok()) {
    if (batch.record_count == 0 && !batch.barrier) {
      incomplete_.erase(batch.id);
      queue.DropOpen();
    }
    return status.WithContext(fmt::format("table {}", target_->path()));
  }
  ++batch.record_count;
  batch.buffer_bytes += record.size;
  buffered_bytes_ += record.size;
  return Added{&queue, &batch};
}

// Rows without a bucket key stay with a bucket as long as a batch collects there, so that batches
// grow; then the next bucket that has a leader takes its turn.
BucketId WriterCore::NextStickyBucket() {
  if (QueueOf(sticky_bucket_).open()) return sticky_bucket_;
  const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
  BucketId next = sticky_bucket_;
  for (int32_t i = 0; i < target_->bucket_count(); ++i) {
    next = BucketId((next.value() + 1) % target_->bucket_count());
    if (metadata->LeaderOf(target_->path(), next)) break;
  }
  sticky_bucket_ = next;
  return next;
}

// The batch of `queue` that takes a row of this size.
WriteBatch& WriterCore::OpenBatch(BucketQueue& queue, size_t row_size) {
  WriteBatch* const open = queue.open();
  if (open && open->builder->size() + row_size <= options_.batch_bytes_max) return *open;
  auto batch = std::make_shared<WriteBatch>();
  batch->id = ++last_batch_;
  batch->deadline = cluster_->Now() + options_.delivery_timeout;
  if (spare_builders_.empty()) {
    batch->builder = target_->NewBuilder();
  } else {
    batch->builder = std::move(spare_builders_.back());
    spare_builders_.pop_back();
  }
  incomplete_.insert(batch->id);
  return queue.Open(std::move(batch));
}

void WriterCore::WakeSender() {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(drain_scheduled_, true)) return;
  }
  strand_.Dispatch([self = shared_from_this()] { self->Drain(); });
}

// -- Ends

Future<void> WriterCore::Barrier() {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) {
      return Ready<void>(Error(ErrorCode::kOperationNotAttempted,
                               "the writer of table {} is closed", target_->path()));
    }
    if (!fenced_.ok()) return Ready<void>(fenced_.WithContext(target_->path().ToString()));
    for (BucketQueue& queue : queues_) OpenBatch(queue, 0).barrier = true;
  }
  WakeSender();
  return Flush();
}

Future<void> WriterCore::Flush() {
  absl::MutexLock lock(&mutex_);
  if (incomplete_.empty()) return Ready<void>(std::exchange(first_error_, Status::Ok()));
  PendingFlush& flush = flushes_.emplace_back(PendingFlush{last_batch_, {}});
  return flush.promise.future();
}

Future<void> WriterCore::Close() {
  std::vector<std::shared_ptr<runtime::Notification>> blocked;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    blocked.swap(blocked_);
  }
  for (const auto& waiter : blocked) waiter->Notify();
  return Flush();
}

void WriterCore::Abort() {
  std::vector<std::shared_ptr<runtime::Notification>> blocked;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    blocked.swap(blocked_);
    for (size_t i = 0; i < queues_.size(); ++i) {
      std::vector<BucketQueue::Ended> ended;
      queues_[i].FailAll(Error(ErrorCode::kNetwork, "the writer was closed before the answer"),
                         &ended);
      Collect(BucketId(static_cast<int32_t>(i)), std::move(ended));
    }
  }
  for (const auto& waiter : blocked) waiter->Notify();
  ReportEnded();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](int* reporting) { return *reporting == 0; }, &reporting_));
}

void WriterCore::Collect(BucketId bucket, std::vector<BucketQueue::Ended> ended) {
  for (BucketQueue::Ended& end : ended) ended_.push_back({bucket, std::move(end)});
}

void WriterCore::ReportEnded() {
  std::vector<Ended> ended;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_.empty()) return;
    ended.swap(ended_);
    ++reporting_;
  }
  for (Ended& one : ended) Report(one);

  std::vector<std::pair<Promise<void>, Status>> flushed;
  std::vector<std::shared_ptr<runtime::Notification>> blocked;
  {
    absl::MutexLock lock(&mutex_);
    for (const Ended& one : ended) {
      buffered_bytes_ -= one.end.batch->buffer_bytes;
      incomplete_.erase(one.end.batch->id);
      if (first_error_.ok()) first_error_ = one.end.base_offset.status();
    }
    while (!flushes_.empty() &&
           (incomplete_.empty() || flushes_.front().last_batch < *incomplete_.begin())) {
      flushed.emplace_back(std::move(flushes_.front().promise),
                           std::exchange(first_error_, Status::Ok()));
      flushes_.pop_front();
    }
    blocked.swap(blocked_);
  }
  for (auto& [promise, status] : flushed) promise.Set(std::move(status));
  for (const auto& waiter : blocked) waiter->Notify();
  absl::MutexLock lock(&mutex_);
  --reporting_;
}

void WriterCore::Report(Ended& ended) {
  const TableBucket bucket{target_->info().id, std::nullopt, ended.bucket};
  Result<LogOffset>& base_offset = ended.end.base_offset;
  if (!base_offset.ok()) {
    base_offset = base_offset.status().WithContext(
        fmt::format("table {} bucket {}", target_->path(), ended.bucket));
  }
  for (auto& [index, done] : ended.end.batch->callbacks) {
    if (!base_offset.ok()) {
      done(base_offset.status());
    } else if (*base_offset == kUnknownOffset) {
      done(AppendResult{bucket, kUnknownOffset});
    } else {
      done(AppendResult{bucket, target_->OffsetOfRow(*base_offset, index)});
    }
  }
  ended.end.batch->callbacks.clear();
}

}  // namespace strom::client
