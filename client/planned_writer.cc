#include "client/include/strom/planned_writer.h"

#include <optional>
#include <utility>

#include <absl/synchronization/mutex.h>

#include "client/bucket_queue.h"
#include "client/cluster.h"
#include "client/kv_target.h"
#include "client/promise.h"
#include "client/retrying_call.h"
#include "common/base/logging.h"
#include "common/convert/path.h"
#include "common/rpc/methods.h"
#include "proto/log.pb.h"

namespace strom::client {
namespace {

using Batches = std::map<BucketId, Bytes>;

// One round: a request to each leader. What each bucket was answered, once all are.
class Round {
 public:
  explicit Round(size_t requests) : missing_(requests) {}

  void Answer(const std::vector<WriteTarget::BucketBatch>& asked,
              const Result<WriteTarget::Answers>& answers) {
    const absl::MutexLock lock(&mutex_);
    for (const WriteTarget::BucketBatch& batch : asked) {
      Status status = answers.status();
      if (status.ok()) {
        const auto answer = answers->find(batch.bucket);
        status = answer == answers->end()
                     ? Error(ErrorCode::kUnknownServerError, "the answer leaves the bucket out")
                     : answer->second.offset.status();
      }
      outcomes_.insert_or_assign(batch.bucket, std::move(status));
    }
    if (--missing_ == 0) done_.Notify();
  }

  std::map<BucketId, Status> Wait() {
    done_.Wait();
    const absl::MutexLock lock(&mutex_);
    return std::move(outcomes_);
  }

 private:
  runtime::Notification done_;
  absl::Mutex mutex_;
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  std::map<BucketId, Status> outcomes_ ABSL_GUARDED_BY(mutex_);
};

// Whether the batch is there, though it is not this sending that brought it.
bool IsThere(const Status& status) {
  return status.ok() || status.code() == ErrorCode::kDuplicateSequence;
}

// Whether the same batch may be taken later, or elsewhere. Maybe only the server that was asked
// lacks what is before it: a former leader, cut off, that has not heard of its successor.
bool MayPass(ErrorCode code) { return IsRetriable(code) || IsIdentityError(code); }

}  // namespace

PlannedWriter::PlannedWriter(std::shared_ptr<Cluster> cluster,
                             std::shared_ptr<const KvTarget> target, WriterOptions options)
    : cluster_(std::move(cluster)), target_(std::move(target)), options_(std::move(options)) {
  ++cluster_->open_handles();
}

PlannedWriter::~PlannedWriter() { --cluster_->open_handles(); }

const TableInfo& PlannedWriter::table() const { return target_->info(); }

Result<WriterId> PlannedWriter::NewWriterId() {
  pb::InitWriterRequest request;
  *request.add_table_path() = convert::ToPb(target_->path());
  Promise<WriterId> promise;
  Future<WriterId> id = promise.future();
  CallWithRetries<pb::InitWriterRequest, pb::InitWriterResponse>(
      cluster_, Target::kTabletServer, Repeat::kAlways, rpc::kInitWriter, request,
      [promise = std::move(promise)](const Result<pb::InitWriterResponse>& response) mutable {
        if (!response.ok()) return promise.Set(response.status());
        promise.Set(WriterId(response->writer_id()));
      });
  return id.Get();
}

Result<BucketId> PlannedWriter::BucketOf(const Row& row) const {
  STROM_ASSIGN_OR_RETURN(const KvChange change, target_->Delete(row));
  return change.key.bucket;
}

Status PlannedWriter::Write(WriterId writer, const std::map<BucketId, PlannedBatch>& batches) {
  Batches left;
  for (const auto& [bucket, batch] : batches) {
    KvChanges encoded(*target_);
    encoded.Reserve(batch.changes.size());
    for (const PlannedChange& change : batch.changes) {
      STROM_ASSIGN_OR_RETURN(const BucketId own, change.upsert ? encoded.Upsert(change.row)
                                                               : encoded.Delete(change.row));
      STROM_CHECK(own == bucket) << "a row of bucket " << own << " in a batch of " << bucket;
    }
    const std::unique_ptr<BatchBuilder> builder = target_->NewBuilder();
    for (const WriteRecord& record : encoded.records()) {
      STROM_RETURN_IF_ERROR(builder->Add(record));
    }
    STROM_ASSIGN_OR_RETURN(Bytes bytes, builder->Build({writer, batch.sequence}));
    if (bytes.size() > options_.request_bytes_max) {
      return Error(ErrorCode::kRecordTooLarge,
                   "table {}: the batch of bucket {} has {} bytes, at most {} go into a request",
                   target_->path(), bucket, bytes.size(), options_.request_bytes_max);
    }
    left.emplace(bucket, std::move(bytes));
  }
  const MonoTime deadline = cluster_->Now() + options_.delivery_timeout;
  for (int failures = 0; !left.empty();) {
    const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
    std::map<ServerId, std::pair<ServerNode, std::vector<WriteTarget::BucketBatch>>> servers;
    for (const auto& [bucket, bytes] : left) {
      if (const ServerNode* const leader = metadata->LeaderOf(target_->path(), bucket)) {
        servers.try_emplace(leader->id, *leader, std::vector<WriteTarget::BucketBatch>())
            .first->second.second.push_back({bucket, bytes});
      }
    }
    Status last = Error(ErrorCode::kLeaderNotAvailable, "no leader is known");
    if (!servers.empty()) {
      const auto round = std::make_shared<Round>(servers.size());
      for (auto& [id, server] : servers) {
        target_->Send(*cluster_, server.first, {options_.acks, options_.fence}, server.second,
                      std::min(deadline, cluster_->Deadline()),
                      [round, asked = server.second](const Result<WriteTarget::Answers>& answers) {
                        round->Answer(asked, answers);
                      });
      }
      for (const auto& [bucket, status] : round->Wait()) {
        if (IsThere(status)) {
          left.erase(bucket);
        } else if (!MayPass(status.code())) {
          return status.WithContext(fmt::format("table {} bucket {}", target_->path(), bucket));
        } else {
          last = status.WithContext(fmt::format("table {} bucket {}", target_->path(), bucket));
        }
      }
    }
    if (left.empty()) break;
    STROM_LOG(kDebug, "table {}: {} batches are sent again: {}", target_->path(), left.size(),
              last.ToString());
    Promise<void> refreshed;
    Future<void> refresh = refreshed.future();
    cluster_->Refresh(target_->path(),
                      [refreshed = std::move(refreshed)](const Status& status) mutable {
                        refreshed.Set(status);
                      });
    const Status found = refresh.Get();
    if (found.code() == ErrorCode::kTableNotExist || found.code() == ErrorCode::kAuthorization) {
      return found;
    }
    const runtime::Notification never;
    (void)never.WaitFor(cluster_->Pause(++failures));
    if (cluster_->closed() || cluster_->Now() >= deadline) return last;
  }
  return Status::Ok();
}

}  // namespace strom::client
