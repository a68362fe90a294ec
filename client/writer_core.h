#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "client/bucket_queue.h"
#include "client/cluster.h"
#include "client/include/strom/append_writer.h"
#include "client/promise.h"
#include "client/wake_timer.h"
#include "client/write_target.h"
#include "common/runtime/notification.h"
#include "common/runtime/strand.h"

namespace strom::client {

// Errors: kInvalidConfig for options that make no sense.
Status CheckWriterOptions(const WriterOptions& options);

// What is behind a writer, of whatever kind its target is.
//
// Rows are encoded on the threads that write them and put into batches under the lock; batches are
// compressed, sent and answered on the strand, without it, so that a bucket's batches leave in the
// order of their sequences. A write to an idle writer sends on its own thread. Callbacks run on the
// strand, never inside Write, and without the lock.
class WriterCore : public std::enable_shared_from_this<WriterCore> {
 public:
  // Errors: kInvalidConfig for options that make no sense.
  static Result<std::shared_ptr<WriterCore>> Make(std::shared_ptr<Cluster> cluster,
                                                  std::shared_ptr<const WriteTarget> target,
                                                  const WriterOptions& options);
  WriterCore(std::shared_ptr<Cluster> cluster, std::shared_ptr<const WriteTarget> target,
             const WriterOptions& options);

  // As AppendWriter's. `record` is of the target's kind and need not outlive the call.
  Status Write(const WriteRecord& record, AppendCallback done, bool may_wait);
  // As UpsertWriter's.
  Status WriteAll(std::span<const WriteRecord> records, absl::AnyInvocable<void(Status)> done);
  Future<void> Barrier();
  Future<void> Flush();
  Future<void> Close();
  // Takes no more rows and fails those without an answer. No callback runs when it returns.
  void Abort();

  const std::shared_ptr<Cluster>& cluster() const { return cluster_; }

  // Not OK once its job's epoch is over: kFencedJobEpoch. Nothing more is taken then.
  Status fenced() const {
    absl::MutexLock lock(&mutex_);
    return fenced_;
  }

 private:
  struct Outgoing {
    BucketId bucket;
    std::shared_ptr<WriteBatch> batch;
  };
  struct Ended {
    BucketId bucket;
    BucketQueue::Ended end;
  };
  struct PendingFlush {
    uint64_t last_batch;
    Promise<void> promise;
  };

  class Group;

  // Errors: kRecordTooLarge.
  Status CheckSize(const WriteRecord& record) const;
  // Collecting; under the lock. TryAdd gives the batch that took the record, as its last one.
  struct Added {
    BucketQueue* queue;
    WriteBatch* batch;
  };
  Result<Added> TryAdd(const WriteRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What a writing thread waits for, without the lock: that something is answered.
  std::shared_ptr<runtime::Notification> Block() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return blocked_.emplace_back(std::make_shared<runtime::Notification>());
  }
  BucketId NextStickyBucket() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WriteBatch& OpenBatch(BucketQueue& queue, size_t row_size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  BucketQueue& QueueOf(BucketId bucket) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return queues_[static_cast<size_t>(bucket.value())];
  }
  // The rest of Write, without the lock.
  void WakeSender();

  // Sending; on the strand.
  void Drain();
  void Send(const ServerNode& server, std::vector<Outgoing> batches);
  Status Prepare(WriteBatch& batch);
  void OnAnswers(const std::vector<Outgoing>& sent, const Result<WriteTarget::Answers>& answers);
  void AskWriterId();
  void OnWriterId(const Result<WriterId>& id);
  void RefreshMetadata();
  void OnRefreshed(const Status& status);
  void FailIdle(const Status& status);

  // Ends. `Collect` moves what a queue ended to ended_; ReportEnded tells it to callbacks and
  // flushes.
  void Collect(BucketId bucket, std::vector<BucketQueue::Ended> ended)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportEnded();
  void Report(Ended& ended);

  const std::shared_ptr<Cluster> cluster_;
  const std::shared_ptr<const WriteTarget> target_;
  const WriterOptions options_;
  runtime::Strand strand_;

  mutable absl::Mutex mutex_;
  std::vector<BucketQueue> queues_ ABSL_GUARDED_BY(mutex_);  // By bucket.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Status fenced_ ABSL_GUARDED_BY(mutex_);
  bool drain_scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  size_t buffered_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_batch_ ABSL_GUARDED_BY(mutex_) = 0;
  BucketId sticky_bucket_ ABSL_GUARDED_BY(mutex_);
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> incomplete_ ABSL_GUARDED_BY(mutex_);  // Batches not yet reported.
  std::deque<PendingFlush> flushes_ ABSL_GUARDED_BY(mutex_);
  Status first_error_ ABSL_GUARDED_BY(mutex_);  // Since the last flush.
  std::vector<std::shared_ptr<runtime::Notification>> blocked_ ABSL_GUARDED_BY(mutex_);
  int reporting_ ABSL_GUARDED_BY(mutex_) = 0;  // Threads in callbacks.
  std::vector<std::unique_ptr<BatchBuilder>> spare_builders_ ABSL_GUARDED_BY(mutex_);

  // On the strand:
  std::optional<WriterId> writer_id_;  // For queues that have none.
  bool asking_writer_id_ = false;
  int leaderless_rounds_ = 0;
  WakeTimer timer_;
};

}  // namespace strom::client
