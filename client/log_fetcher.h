#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "client/cluster.h"
#include "client/include/strom/log_scanner.h"
#include "client/offsets.h"
#include "client/promise.h"
#include "client/scan_plan.h"
#include "common/runtime/strand.h"

namespace strom::v1 {
class FetchLogResponse;
class PbFetchLogRespForBucket;
}  // namespace strom::v1

namespace strom::client {

// One subscription of a bucket. A bucket that is subscribed anew gets another one, so that what was
// fetched for the old one is told apart.
using SubscriptionId = uint64_t;

// What a fetch brought for one bucket, not yet decoded; or the error that ended its reading; or
// only the news that the position moved.
struct FetchedChunk {
  SubscriptionId subscription = 0;
  Status error;
  LogOffset from;                          // Records below are not wanted.
  LogOffset next_offset;                   // Where reading goes on.
  Bytes records;                           // Log batches; the last one may be cut off.
  std::shared_ptr<const ScanPlans> plans;  // Of all schemas in `records`.
};

using MaybeChunk = std::optional<FetchedChunk>;

// Fetches ahead for a scanner: finds leaders and start offsets, keeps one fetch under way at each
// server that leads subscribed buckets, and holds what came until it is taken.
//
// Everything but the constructor may be called from any thread and runs on the strand. A fetch asks
// for all buckets of its server, so that none waits behind another one's long poll; while more than
// buffer_bytes_max are held, none is sent. So about buffer_bytes_max + fetch_bytes_max per server
// are held at most.
class LogFetcher : public std::enable_shared_from_this<LogFetcher> {
 public:
  LogFetcher(std::shared_ptr<Cluster> cluster, TableInfo table, ScanProjection projection,
             const LogScannerOptions& options);

  void Subscribe(SubscriptionId id, BucketId bucket, OffsetSpec start,
                 std::optional<LogOffset> stop);
  void Unsubscribe(SubscriptionId id);

  // The oldest chunk; nullopt if none came by `deadline`. Fetching begins with the first call. One
  // at a time.
  Future<MaybeChunk> Take(MonoTime deadline);

  // Nothing is fetched any more.
  void Close();

  const std::shared_ptr<Cluster>& cluster() const { return cluster_; }

 private:
  struct Subscription {
    BucketId bucket;
    OffsetSpec start = OffsetSpec::Earliest();
    std::optional<LogOffset> next;  // Of the next fetch; none until it is known.
    std::optional<LogOffset> stop;
    bool busy = false;   // Part of a request under way.
    bool ended = false;  // By an error, or at its stop.
    int failures = 0;    // In a row.
    MonoTime not_before;
  };
  using Subscriptions = std::map<SubscriptionId, Subscription>;
  struct Asked {
    SubscriptionId id;
    LogOffset from;
  };

  void Step();
  void ResolveStarts(MonoTime now);
  void OnStarts(const std::vector<SubscriptionId>& ids, const BucketOffsets& offsets);
  void SendFetches(MonoTime now);
  void SendFetch(const ServerNode& server, const std::vector<SubscriptionId>& ids);
  void OnFetched(ServerId server, const std::vector<Asked>& asked,
                 Result<pb::FetchLogResponse> response);
  void OnBucket(const Asked& asked, pb::PbFetchLogRespForBucket& entry);
  Status TakeRecords(const Asked& asked, Subscription& subscription,
                     pb::PbFetchLogRespForBucket& entry);
  void Deliver(FetchedChunk chunk, std::set<SchemaId> schemas);
  void AskSchema();
  void OnSchema(SchemaId id, const Result<TableSchema>& schema);
  void OnError(SubscriptionId id, const Status& status);
  void Advance(Subscription& subscription, LogOffset next);
  void RefreshMetadata();
  void OnRefreshed(const Status& status);
  void End(SubscriptionId id, Subscription& subscription, Status error);
  void FailAll(const Status& status);
  void Enqueue(FetchedChunk chunk);
  void ServeTaker();
  void Give(MaybeChunk chunk);
  void ArmTimer();

  const std::shared_ptr<Cluster> cluster_;
  const TableInfo table_;
  const ScanProjection projection_;
  const LogScannerOptions options_;
  runtime::Strand strand_;

  // On the strand:
  bool started_ = false;
  bool closed_ = false;
  Subscriptions subscriptions_;
  std::set<ServerId> fetching_;  // Servers with a fetch under way.
  std::deque<FetchedChunk> chunks_;
  size_t held_bytes_ = 0;
  std::shared_ptr<const ScanPlans> plans_;
  // Chunks that wait for schemas, and those behind them.
  std::deque<std::pair<FetchedChunk, std::set<SchemaId>>> unplanned_;
  bool asking_schema_ = false;
  bool refreshing_ = false;
  int refresh_failures_ = 0;
  MonoTime refresh_not_before_;
  uint64_t fetch_count_ = 0;
  std::optional<Promise<MaybeChunk>> taker_;
  uint64_t take_count_ = 0;  // Tells the timers of earlier takers.
  runtime::TimerId taker_timer_ = runtime::kNoTimer;
  runtime::TimerId timer_ = runtime::kNoTimer;
  MonoTime timer_at_ = MonoTime::Infinite();
};

}  // namespace strom::client
