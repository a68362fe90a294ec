#include "client/log_fetcher.h"

#include <algorithm>
#include <utility>

#include "client/read_errors.h"
#include "client/retrying_call.h"
#include "client/table_codec.h"
#include "common/base/logging.h"
#include "common/convert/error.h"
#include "common/convert/path.h"
#include "common/record/log_batch.h"
#include "common/rpc/methods.h"
#include "proto/admin.pb.h"
#include "proto/log.pb.h"

namespace strom::client {
namespace {

constexpr int32_t kClient = -1;  // In the place of a follower's id.

int32_t ToInt32(size_t size) { return static_cast<int32_t>(std::min<size_t>(size, INT32_MAX)); }

}  // namespace

LogFetcher::LogFetcher(std::shared_ptr<Cluster> cluster, TableInfo table, ScanProjection projection,
                       const LogScannerOptions& options)
    : cluster_(std::move(cluster)),
      table_(std::move(table)),
      projection_(std::move(projection)),
      options_(options),
      strand_(cluster_->executor()) {
  ScanPlans plans;
  plans.emplace(table_.schema_id, ScanPlan::Make(projection_, table_.descriptor.schema));
  plans_ = std::make_shared<const ScanPlans>(std::move(plans));
}

void LogFetcher::Subscribe(SubscriptionId id, BucketId bucket, OffsetSpec start,
                           std::optional<LogOffset> stop) {
  strand_.Dispatch([self = shared_from_this(), id, bucket, start, stop] {
    Subscription& subscription = self->subscriptions_[id];
    subscription.bucket = bucket;
    subscription.start = start;
    subscription.stop = stop;
    if (start.kind() == OffsetSpec::Kind::kAt) {
      self->Advance(subscription, start.offset());
      self->Deliver({.subscription = id, .from = start.offset(), .next_offset = start.offset()},
                    {});
    }
    self->Step();
  });
}

void LogFetcher::Unsubscribe(SubscriptionId id) {
  strand_.Dispatch([self = shared_from_this(), id] {
    self->subscriptions_.erase(id);
    std::erase_if(self->chunks_, [&](const FetchedChunk& chunk) {
      if (chunk.subscription != id) return false;
      self->held_bytes_ -= chunk.records.size();
      return true;
    });
    self->Step();
  });
}

Future<MaybeChunk> LogFetcher::Take(MonoTime deadline) {
  Promise<MaybeChunk> promise;
  Future<MaybeChunk> future = promise.future();
  strand_.Dispatch([self = shared_from_this(), deadline, promise = std::move(promise)]() mutable {
    STROM_CHECK(!self->taker_) << "two polls at a time";
    if (self->closed_) return promise.Set(MaybeChunk());
    self->started_ = true;
    self->taker_.emplace(std::move(promise));
    if (deadline <= self->cluster_->Now()) {
      // Who does not wait takes what is here, without a timer and the threads it wakes.
      self->Step();
      self->ServeTaker();
      if (self->taker_) self->Give(std::nullopt);
      return;
    }
    self->taker_timer_ =
        self->strand_.PostAt(deadline, [weak = self->weak_from_this(), take = ++self->take_count_] {
          const std::shared_ptr<LogFetcher> fetcher = weak.lock();
          if (!fetcher || !fetcher->taker_ || fetcher->take_count_ != take) return;
          fetcher->Give(std::nullopt);
        });
    self->Step();
    self->ServeTaker();
  });
  return future;
}

void LogFetcher::Close() {
  strand_.Dispatch([self = shared_from_this()] {
    self->closed_ = true;
    self->subscriptions_.clear();
    self->strand_.Cancel(self->timer_);
    self->strand_.Cancel(self->taker_timer_);
    if (self->taker_) self->Give(std::nullopt);
  });
}

// Does what can be done now: start offsets, fetches, metadata.
void LogFetcher::Step() {
  if (!started_ || closed_) return;
  const MonoTime now = cluster_->Now();
  const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
  const TableLocation* const location = metadata->Find(table_.path);
  if (!location) {
    if (!subscriptions_.empty() && now >= refresh_not_before_) RefreshMetadata();
  } else if (location->id != table_.id) {
    FailAll(Error(ErrorCode::kUnknownTableOrBucket,
                  "the table was dropped and created anew: its id is {}, was {}", location->id,
                  table_.id));
  } else {
    ResolveStarts(now);
    SendFetches(now);
  }
  ArmTimer();
}

void LogFetcher::ResolveStarts(MonoTime now) {
  std::map<OffsetSpec, std::pair<std::vector<SubscriptionId>, std::vector<BucketId>>> questions;
  for (auto& [id, subscription] : subscriptions_) {
    if (subscription.next || subscription.busy || subscription.ended ||
        now < subscription.not_before) {
      continue;
    }
    subscription.busy = true;
    auto& [ids, buckets] = questions[subscription.start];
    ids.push_back(id);
    buckets.push_back(subscription.bucket);
  }
  for (auto& [start, question] : questions) {
    ListOffsetsOnce(
        cluster_, table_.path, table_.id, std::move(question.second), start,
        [self = shared_from_this(),
         ids = std::move(question.first)](BucketOffsets offsets) mutable {
          LogFetcher& fetcher = *self;
          fetcher.strand_.Post([self = std::move(self), ids = std::move(ids),
                                offsets = std::move(offsets)] { self->OnStarts(ids, offsets); });
        });
  }
}

void LogFetcher::OnStarts(const std::vector<SubscriptionId>& ids, const BucketOffsets& offsets) {
  for (const SubscriptionId id : ids) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) continue;
    Subscription& subscription = found->second;
    subscription.busy = false;
    const Result<LogOffset>& offset = offsets.at(subscription.bucket);
    if (!offset.ok()) {
      OnError(id, offset.status());
      continue;
    }
    subscription.failures = 0;
    Advance(subscription, *offset);
    Deliver({.subscription = id, .from = *offset, .next_offset = *offset}, {});
  }
  Step();
  ServeTaker();
}

void LogFetcher::SendFetches(MonoTime now) {
  if (held_bytes_ >= options_.buffer_bytes_max) return;
  const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
  std::map<ServerId, std::pair<ServerNode, std::vector<SubscriptionId>>> servers;
  std::vector<SubscriptionId> leaderless;
  for (const auto& [id, subscription] : subscriptions_) {
    if (!subscription.next || subscription.busy || subscription.ended ||
        now < subscription.not_before) {
      continue;
    }
    const ServerNode* const leader = metadata->LeaderOf(table_.path, subscription.bucket);
    if (!leader) {
      leaderless.push_back(id);
    } else if (!fetching_.contains(leader->id)) {
      servers.try_emplace(leader->id, *leader, std::vector<SubscriptionId>())
          .first->second.second.push_back(id);
    }
  }
  for (const SubscriptionId id : leaderless) {
    OnError(id, Error(ErrorCode::kLeaderNotAvailable, "no leader is known"));
  }
  for (auto& [id, server] : servers) {
    // A full answer leaves out the last ones: each fetch begins with another bucket.
    std::vector<SubscriptionId>& ids = server.second;
    std::rotate(ids.begin(), ids.begin() + static_cast<int64_t>(fetch_count_++ % ids.size()),
                ids.end());
    SendFetch(server.first, ids);
  }
}

void LogFetcher::SendFetch(const ServerNode& server, const std::vector<SubscriptionId>& ids) {
  pb::FetchLogRequest request;
  request.set_follower_server_id(kClient);
  request.set_max_bytes(ToInt32(options_.fetch_bytes_max));
  request.set_min_bytes(1);
  request.set_max_wait_ms(
      static_cast<int32_t>(std::min<int64_t>(options_.fetch_wait.millis(), INT32_MAX)));
  pb::PbFetchLogReqForTable& table = *request.add_tables_req();
  table.set_table_id(table_.id.value());
  table.set_projection_pushdown_enabled(!projection_.pushed_down().empty());
  for (const int32_t column : projection_.pushed_down()) table.add_projected_fields(column);
  std::vector<Asked> asked;
  for (const SubscriptionId id : ids) {
    Subscription& subscription = subscriptions_.at(id);
    subscription.busy = true;
    asked.push_back({id, *subscription.next});
    pb::PbFetchLogReqForBucket& bucket = *table.add_buckets_req();
    bucket.set_bucket_id(subscription.bucket.value());
    bucket.set_fetch_offset(subscription.next->value());
    bucket.set_max_fetch_bytes(ToInt32(options_.bucket_fetch_bytes_max));
  }
  fetching_.insert(server.id);
  cluster_->Call<pb::FetchLogRequest, pb::FetchLogResponse>(
      server, Lane::kReads, rpc::kFetchLog, request, cluster_->Deadline() + options_.fetch_wait,
      [self = shared_from_this(), id = server.id,
       asked = std::move(asked)](Result<pb::FetchLogResponse> response) mutable {
        LogFetcher& fetcher = *self;
        fetcher.strand_.Dispatch([self = std::move(self), id, asked = std::move(asked),
                                  response = std::move(response)]() mutable {
          self->OnFetched(id, asked, std::move(response));
        });
      });
}

void LogFetcher::OnFetched(ServerId server, const std::vector<Asked>& asked,
                           Result<pb::FetchLogResponse> response) {
  fetching_.erase(server);
  if (closed_) return;
  std::map<BucketId, pb::PbFetchLogRespForBucket*> entries;
  if (response.ok()) {
    for (pb::PbFetchLogRespForTable& table : *response->mutable_tables_resp()) {
      if (TableId(table.table_id()) != table_.id) continue;
      for (auto& entry : *table.mutable_buckets_resp())
        entries[BucketId(entry.bucket_id())] = &entry;
    }
  }
  for (const Asked& one : asked) {
    const auto subscription = subscriptions_.find(one.id);
    if (subscription == subscriptions_.end()) continue;
    subscription->second.busy = false;
    const auto entry = entries.find(subscription->second.bucket);
    if (!response.ok()) {
      OnError(one.id, response.status());
    } else if (entry == entries.end()) {
      OnError(one.id, Error(ErrorCode::kUnknownServerError, "the answer leaves the bucket out"));
    } else {
      OnBucket(one, *entry->second);
    }
  }
  Step();
  ServeTaker();
}

void LogFetcher::OnBucket(const Asked& asked, pb::PbFetchLogRespForBucket& entry) {
  Status status = convert::ErrorOf(entry);
  if (status.ok() && entry.has_remote_log_fetch_info()) {
    status =
        Error(ErrorCode::kUnsupportedVersion,
              "offset {} is in remote storage only, which this client does not read", asked.from);
  }
  Subscription& subscription = subscriptions_.at(asked.id);
  if (status.ok()) status = TakeRecords(asked, subscription, entry);
  if (!status.ok()) return OnError(asked.id, status);
  subscription.failures = 0;
}

Status LogFetcher::TakeRecords(const Asked& asked, Subscription& subscription,
                               pb::PbFetchLogRespForBucket& entry) {
  FetchedChunk chunk{.subscription = asked.id, .from = asked.from, .next_offset = asked.from};
  std::set<SchemaId> schemas;
  if (!entry.records().empty()) {
    STROM_ASSIGN_OR_RETURN(const std::vector<record::LogBatchView> batches,
                           record::SplitBatches(entry.records()));
    for (const record::LogBatchView& batch : batches) {
      if (batch.record_count() > 0) schemas.insert(batch.header().schema_id);
    }
    if (batches.empty() || batches.back().next_offset() <= asked.from) {
      return Error(ErrorCode::kCorruptRecord,
                   "{} bytes with {} whole batches do not lead on from offset {}",
                   entry.records().size(), batches.size(), asked.from);
    }
    chunk.next_offset = batches.back().next_offset();
    chunk.records = std::move(*entry.mutable_records());
  }
  if (entry.has_filtered_end_offset()) {
    chunk.next_offset = std::max(chunk.next_offset, LogOffset(entry.filtered_end_offset()));
  }
  if (chunk.next_offset == asked.from) return Status::Ok();  // Nothing new.
  Advance(subscription, chunk.next_offset);
  Deliver(std::move(chunk), std::move(schemas));
  return Status::Ok();
}

void LogFetcher::Advance(Subscription& subscription, LogOffset next) {
  subscription.next = next;
  if (subscription.stop && next >= *subscription.stop) subscription.ended = true;
}

void LogFetcher::OnError(SubscriptionId id, const Status& status) {
  Subscription& subscription = subscriptions_.at(id);
  if (!ReadMayPass(status.code())) return End(id, subscription, status);
  subscription.not_before = cluster_->Now() + cluster_->Pause(++subscription.failures);
  STROM_LOG(kDebug, "table {} bucket {}: {}", table_.path, subscription.bucket, status.ToString());
  RefreshMetadata();
}

void LogFetcher::End(SubscriptionId id, Subscription& subscription, Status error) {
  subscription.ended = true;
  Deliver({.subscription = id,
           .error = error.WithContext(
               fmt::format("table {} bucket {}", table_.path, subscription.bucket))},
          {});
}

void LogFetcher::FailAll(const Status& status) {
  for (auto& [id, subscription] : subscriptions_) {
    if (!subscription.ended) End(id, subscription, status);
  }
}

// -- Metadata and schemas

void LogFetcher::RefreshMetadata() {
  if (std::exchange(refreshing_, true)) return;
  cluster_->Refresh(table_.path, [self = shared_from_this()](const Status& status) {
    self->strand_.Post([self, status] { self->OnRefreshed(status); });
  });
}

void LogFetcher::OnRefreshed(const Status& status) {
  refreshing_ = false;
  if (status.code() == ErrorCode::kTableNotExist || status.code() == ErrorCode::kAuthorization) {
    FailAll(status);
    return ServeTaker();
  }
  refresh_failures_ = status.ok() ? 0 : refresh_failures_ + 1;
  refresh_not_before_ =
      status.ok() ? MonoTime() : cluster_->Now() + cluster_->Pause(refresh_failures_);
  Step();
  ServeTaker();
}

void LogFetcher::AskSchema() {
  if (unplanned_.empty() || asking_schema_) return;
  const SchemaId id = *unplanned_.front().second.begin();
  asking_schema_ = true;
  pb::GetTableSchemaRequest request;
  *request.mutable_table_path() = convert::ToPb(table_.path);
  request.set_schema_id(id.value());
  CallWithRetries<pb::GetTableSchemaRequest, pb::GetTableSchemaResponse>(
      cluster_, Target::kAnyServer, Repeat::kAlways, rpc::kGetTableSchema, request,
      [self = shared_from_this(), id](const Result<pb::GetTableSchemaResponse>& response) {
        Result<TableSchema> schema = response.ok() ? TableSchemaFromPb(self->table_.path, *response)
                                                   : Result<TableSchema>(response.status());
        self->strand_.Post([self, id, schema = std::move(schema)] { self->OnSchema(id, schema); });
      });
}

void LogFetcher::OnSchema(SchemaId id, const Result<TableSchema>& schema) {
  asking_schema_ = false;
  if (closed_) return;
  if (schema.ok()) {
    ScanPlans plans = *plans_;
    plans.insert_or_assign(id, ScanPlan::Make(projection_, schema->schema));
    plans_ = std::make_shared<const ScanPlans>(std::move(plans));
  }
  for (bool first = true; !unplanned_.empty(); first = false) {
    auto& [chunk, schemas] = unplanned_.front();
    std::erase_if(schemas, [this](SchemaId s) { return plans_->contains(s); });
    if (!schemas.empty() && first && !schema.ok() && !ReadMayPass(schema.status().code())) {
      held_bytes_ -= chunk.records.size();
      chunk = {.subscription = chunk.subscription,
               .error = schema.status().WithContext(
                   fmt::format("table {}: records of schema {}", table_.path, id))};
      schemas.clear();
    }
    if (!schemas.empty()) break;
    FetchedChunk planned = std::move(chunk);
    unplanned_.pop_front();
    Enqueue(std::move(planned));
  }
  if (!cluster_->closed()) AskSchema();
  Step();
  ServeTaker();
}

// -- What came

// Gives the chunk to the taker as soon as the schemas of its records are known.
void LogFetcher::Deliver(FetchedChunk chunk, std::set<SchemaId> schemas) {
  held_bytes_ += chunk.records.size();
  std::erase_if(schemas, [this](SchemaId id) { return plans_->contains(id); });
  if (schemas.empty() && unplanned_.empty()) return Enqueue(std::move(chunk));
  unplanned_.emplace_back(std::move(chunk), std::move(schemas));
  AskSchema();
}

void LogFetcher::Enqueue(FetchedChunk chunk) {
  chunk.plans = plans_;
  chunks_.push_back(std::move(chunk));
}

void LogFetcher::ServeTaker() {
  if (!taker_ || chunks_.empty()) return;
  FetchedChunk chunk = std::move(chunks_.front());
  chunks_.pop_front();
  held_bytes_ -= chunk.records.size();
  strand_.Cancel(std::exchange(taker_timer_, runtime::kNoTimer));
  Step();  // The next fetch runs while this chunk is read.
  Give(std::move(chunk));
}

void LogFetcher::Give(MaybeChunk chunk) {
  Promise<MaybeChunk> promise = *std::move(taker_);
  taker_.reset();
  promise.Set(std::move(chunk));
}

void LogFetcher::ArmTimer() {
  const MonoTime now = cluster_->Now();
  MonoTime next = refresh_not_before_ > now ? refresh_not_before_ : MonoTime::Infinite();
  for (const auto& [id, subscription] : subscriptions_) {
    if (subscription.not_before > now && !subscription.busy && !subscription.ended) {
      next = std::min(next, subscription.not_before);
    }
  }
  if (next >= timer_at_) return;
  if (timer_ != runtime::kNoTimer) strand_.Cancel(timer_);
  timer_at_ = next;
  timer_ = strand_.PostAt(next, [weak = weak_from_this()] {
    const std::shared_ptr<LogFetcher> self = weak.lock();
    if (!self) return;
    self->timer_ = runtime::kNoTimer;
    self->timer_at_ = MonoTime::Infinite();
    self->Step();
    self->ServeTaker();
  });
}

}  // namespace strom::client
