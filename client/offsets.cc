#include "client/offsets.h"

#include <utility>

#include <absl/synchronization/mutex.h>

#include "client/promise.h"
#include "common/convert/error.h"
#include "common/rpc/methods.h"
#include "proto/log.pb.h"

namespace strom::client {
namespace {

constexpr int32_t kClient = -1;  // In the place of a follower's id.

int32_t WireType(OffsetSpec::Kind kind) {
  switch (kind) {
    case OffsetSpec::Kind::kEarliest:
      return 0;
    case OffsetSpec::Kind::kLatest:
      return 1;
    case OffsetSpec::Kind::kSince:
      return 2;
    case OffsetSpec::Kind::kAt:
      break;
  }
  STROM_UNREACHABLE();
}

// The answers of several servers to one question; the last one ends it.
class Gathering {
 public:
  Gathering(BucketOffsets offsets, absl::AnyInvocable<void(BucketOffsets)> done, size_t servers)
      : offsets_(std::move(offsets)), done_(std::move(done)), missing_(servers) {}

  void Add(const std::vector<BucketId>& asked, const Result<pb::ListOffsetsResponse>& response) {
    absl::ReleasableMutexLock lock(&mutex_);
    for (const BucketId bucket : asked) {
      offsets_.at(bucket) =
          response.ok() ? Status(ErrorCode::kUnknownServerError, "the answer leaves the bucket out")
                        : response.status();
    }
    if (response.ok()) {
      for (const auto& entry : response->buckets_resp()) {
        const auto offset = offsets_.find(BucketId(entry.bucket_id()));
        if (offset == offsets_.end()) continue;
        offset->second = FromPb(entry);
      }
    }
    if (--missing_ > 0) return;
    BucketOffsets offsets = std::move(offsets_);
    lock.Release();
    done_(std::move(offsets));
  }

 private:
  static Result<LogOffset> FromPb(const pb::PbListOffsetsRespForBucket& entry) {
    STROM_RETURN_IF_ERROR(convert::ErrorOf(entry));
    if (entry.offset() < 0) {
      return Error(ErrorCode::kCorruptMessage, "the answer says offset {}", entry.offset());
    }
    return LogOffset(entry.offset());
  }

  absl::Mutex mutex_;
  BucketOffsets offsets_ ABSL_GUARDED_BY(mutex_);
  absl::AnyInvocable<void(BucketOffsets)> done_;  // Called by the last Add.
  size_t missing_ ABSL_GUARDED_BY(mutex_);
};

// Repeats ListOffsetsOnce for the buckets that have no answer yet.
class AllOffsets : public std::enable_shared_from_this<AllOffsets> {
 public:
  AllOffsets(std::shared_ptr<Cluster> cluster, TablePath path, OffsetSpec spec,
             Promise<std::map<BucketId, LogOffset>> promise)
      : cluster_(std::move(cluster)),
        path_(std::move(path)),
        spec_(spec),
        promise_(std::move(promise)),
        deadline_(cluster_->Deadline()) {}

  void Try() {
    cluster_->Refresh(path_, [self = shared_from_this()](const Status& status) {
      if (!status.ok()) return self->OnError(status);
      const std::shared_ptr<const ClusterMetadata> metadata = self->cluster_->metadata();
      const TableLocation* const location = metadata->Find(self->path_);
      if (!location || location->leaders.empty()) {
        return self->OnError(Error(ErrorCode::kLeaderNotAvailable, "no bucket is known"));
      }
      self->Ask(*location);
    });
  }

 private:
  void Ask(const TableLocation& location) {
    std::vector<BucketId> buckets;
    for (const auto& [bucket, leader] : location.leaders) {
      if (!found_.contains(bucket)) buckets.push_back(bucket);
    }
    if (buckets.empty()) return promise_.Set(std::move(found_));
    ListOffsetsOnce(cluster_, path_, location.id, std::move(buckets), spec_,
                    [self = shared_from_this()](BucketOffsets offsets) {
                      self->OnOffsets(std::move(offsets));
                    });
  }

  void OnOffsets(BucketOffsets offsets) {
    Status error;
    for (auto& [bucket, offset] : offsets) {
      if (offset.ok()) {
        found_.emplace(bucket, *offset);
      } else if (error.ok() || !IsRetriable(offset.status().code())) {
        error = offset.status().WithContext(fmt::format("bucket {}", bucket));
      }
    }
    if (error.ok()) return promise_.Set(std::move(found_));
    OnError(error);
  }

  void OnError(const Status& status) {
    const MonoTime next = cluster_->Now() + cluster_->Pause(++failures_);
    if (!IsRetriable(status.code()) || next >= deadline_ || cluster_->closed()) {
      return promise_.Set(
          status.WithContext(fmt::format("{} offsets of table {}", spec_.ToString(), path_)));
    }
    cluster_->executor().PostAt(next, [self = shared_from_this()] { self->Try(); });
  }

  const std::shared_ptr<Cluster> cluster_;
  const TablePath path_;
  const OffsetSpec spec_;
  Promise<std::map<BucketId, LogOffset>> promise_;
  const MonoTime deadline_;
  std::map<BucketId, LogOffset> found_;
  int failures_ = 0;
};

}  // namespace

std::string OffsetSpec::ToString() const {
  switch (kind_) {
    case Kind::kEarliest:
      return "earliest";
    case Kind::kLatest:
      return "latest";
    case Kind::kAt:
      return fmt::format("offset {}", value_);
    case Kind::kSince:
      return fmt::format("since {}", value_);
  }
  STROM_UNREACHABLE();
}

void ListOffsetsOnce(const std::shared_ptr<Cluster>& cluster, const TablePath& path, TableId table,
                     std::vector<BucketId> buckets, OffsetSpec spec,
                     absl::AnyInvocable<void(BucketOffsets)> done) {
  const std::shared_ptr<const ClusterMetadata> metadata = cluster->metadata();
  BucketOffsets offsets;
  std::map<ServerId, std::pair<ServerNode, std::vector<BucketId>>> servers;
  for (const BucketId bucket : buckets) {
    offsets.emplace(bucket, Error(ErrorCode::kLeaderNotAvailable, "no leader is known"));
    const ServerNode* const leader = metadata->LeaderOf(path, bucket);
    if (!leader) continue;
    const auto server = servers.try_emplace(leader->id, *leader, std::vector<BucketId>()).first;
    server->second.second.push_back(bucket);
  }
  if (servers.empty()) return done(std::move(offsets));

  auto gathering = std::make_shared<Gathering>(std::move(offsets), std::move(done), servers.size());
  for (auto& [id, server] : servers) {
    pb::ListOffsetsRequest request;
    request.set_follower_server_id(kClient);
    request.set_offset_type(WireType(spec.kind()));
    request.set_table_id(table.value());
    if (spec.kind() == OffsetSpec::Kind::kSince) request.set_starttimestamp(spec.time());
    for (const BucketId bucket : server.second) request.add_bucket_id(bucket.value());
    cluster->Call<pb::ListOffsetsRequest, pb::ListOffsetsResponse>(
        server.first, Lane::kReads, rpc::kListOffsets, request, cluster->Deadline(),
        [gathering, asked = std::move(server.second)](
            const Result<pb::ListOffsetsResponse>& response) { gathering->Add(asked, response); });
  }
}

Future<std::map<BucketId, LogOffset>> ListAllOffsets(std::shared_ptr<Cluster> cluster,
                                                     const TablePath& path, OffsetSpec spec) {
  if (spec.kind() == OffsetSpec::Kind::kAt) {
    return Ready<std::map<BucketId, LogOffset>>(Error(ErrorCode::kInvalidConfig,
                                                      "offsets of table {}: {} is no question",
                                                      path, spec.ToString()));
  }
  Promise<std::map<BucketId, LogOffset>> promise;
  Future<std::map<BucketId, LogOffset>> future = promise.future();
  std::make_shared<AllOffsets>(std::move(cluster), path, spec, std::move(promise))->Try();
  return future;
}

}  // namespace strom::client
