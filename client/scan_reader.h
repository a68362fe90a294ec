#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "client/include/strom/log_scanner.h"
#include "client/log_fetcher.h"
#include "common/record/log_batch.h"
#include "common/record/log_record_reader.h"

namespace strom::client {

// What is behind a LogScanner: takes chunks from its fetcher and decodes them on the thread that
// polls. One thread at a time, as the scanner.
class ScanReader : public std::enable_shared_from_this<ScanReader> {
 public:
  // Errors: see Connection::NewLogScanner.
  static Result<std::shared_ptr<ScanReader>> Make(std::shared_ptr<Cluster> cluster,
                                                  const TableInfo& table,
                                                  const LogScannerOptions& options);
  ScanReader(std::shared_ptr<LogFetcher> fetcher, ScanProjection projection, const TableInfo& table,
             const LogScannerOptions& options);

  const ScanProjection& projection() const { return projection_; }
  const std::shared_ptr<LogFetcher>& fetcher() const { return fetcher_; }
  int32_t bucket_count() const { return bucket_count_; }

  // As LogScanner's.
  Status Subscribe(BucketId bucket, OffsetSpec start, std::optional<LogOffset> stop);
  void Unsubscribe(BucketId bucket);
  Result<std::vector<LogRecord>> Poll(MonoDuration timeout);
  Future<std::vector<LogRecord>> PollAsync(MonoDuration timeout);
  Future<std::vector<RecordRows>> PollRowsAsync(MonoDuration timeout);
  std::optional<LogOffset> Position(BucketId bucket) const;
  bool finished() const;

 private:
  struct Bucket {
    SubscriptionId subscription = 0;
    std::optional<LogOffset> position;
    std::optional<LogOffset> stop;
  };
  // A chunk on its way to becoming records.
  struct Decoding {
    Decoding(FetchedChunk c, BucketId b) : chunk(std::move(c)), bucket(b), batches(chunk.records) {}

    const FetchedChunk chunk;
    const BucketId bucket;
    record::LogBatchIterator batches;
    std::optional<record::LogBatchView> batch;       // The current one,
    std::optional<record::LogRecordReader> records;  // what is left of it; none: ask for the next,
    const ScanPlan* plan = nullptr;                  // and how its rows are arranged.
  };

  // What Poll gives, if that is clear without another chunk. Records are LogRecord, or
  // RecordRows.
  template <class Record>
  std::optional<Result<std::vector<Record>>> TryPoll();
  void Begin(FetchedChunk chunk);
  // Until there are poll_records_max, or the chunk ends.
  template <class Record>
  Status Decode(std::vector<Record>* records);
  // Appends the next record below `stop`, or some of them, of the batch at hand; how many. 0: it
  // has none.
  Result<size_t> Take(LogOffset stop, size_t count_max, std::vector<LogRecord>* records);
  Result<size_t> Take(LogOffset stop, size_t count_max, std::vector<RecordRows>* records);
  // Opens the next batch. False at the end of the chunk.
  Result<bool> NextBatch(const Bucket& bucket);
  template <class Record>
  void PollMore(MonoTime deadline, Promise<std::vector<Record>> promise);

  const std::shared_ptr<LogFetcher> fetcher_;
  const ScanProjection projection_;
  const TablePath path_;
  const int32_t bucket_count_;
  const LogScannerOptions options_;
  std::map<BucketId, Bucket> buckets_;
  SubscriptionId last_subscription_ = 0;
  std::map<SubscriptionId, BucketId> subscriptions_;
  std::unique_ptr<Decoding> decoding_;
  Status pending_error_;  // For the next poll: this one has records that come before it.
};

}  // namespace strom::client
