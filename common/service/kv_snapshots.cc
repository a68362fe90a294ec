#include "common/service/kv_snapshots.h"

#include <utility>

namespace strom::service {
namespace {

constexpr uint64_t kMetadataSizeMax = uint64_t{64} << 20;

Status NoSession() { return Error(ErrorCode::kNetwork, "no session with the metadata store"); }

}  // namespace

void KvSnapshots::Open(metadata::Catalog* catalog, runtime::Strand* strand) {
  catalog_ = catalog;
  absl::MutexLock lock(&mutex_);
  strand_ = strand;
}

void KvSnapshots::Close() {
  catalog_ = nullptr;
  absl::MutexLock lock(&mutex_);
  strand_ = nullptr;
}

void KvSnapshots::Find(const TableBucket& bucket, Done<Handles> done) {
  FindAll({bucket}, [done = std::move(done)](Result<std::vector<Handles>> found) mutable {
    if (!found.ok()) return done(found.status());
    done(std::move(found->front()));
  });
}

void KvSnapshots::FindAll(std::vector<TableBucket> buckets, Done<std::vector<Handles>> done) {
  auto ask = [self = shared_from_this(), buckets = std::move(buckets),
              done = std::move(done)]() mutable {
    if (!self->catalog_) return done(NoSession());
    const size_t count = buckets.size();
    metadata::Gather<Result<Handles>>(
        count,
        [self, buckets = std::move(buckets)](size_t i,
                                             absl::AnyInvocable<void(Result<Handles>)> answer) {
          if (!self->catalog_) return answer(NoSession());
          self->catalog_->ListKvSnapshots(buckets[i], std::move(answer));
        },
        [done = std::move(done)](std::vector<Result<Handles>> found) mutable {
          done(metadata::AllOf(std::move(found)));
        });
  };
  absl::ReleasableMutexLock lock(&mutex_);
  if (strand_) return strand_->Post(std::move(ask));
  lock.Release();
  ask();
}

Result<remote::KvSnapshotMetadata> KvSnapshots::ReadNow(
    const metadata::KvSnapshotHandle& snapshot) const {
  STROM_ASSIGN_OR_RETURN(const std::string key, objects_->KeyOf(snapshot.metadata_path));
  STROM_ASSIGN_OR_RETURN(const auto size, objects_->Size(key));
  if (!size) {
    return Error(ErrorCode::kKvSnapshotNotExist, "snapshot {}: {} is not there", snapshot.id,
                 snapshot.metadata_path);
  }
  STROM_ASSIGN_OR_RETURN(const Bytes json, objects_->GetBytes(key, kMetadataSizeMax));
  return remote::KvSnapshotMetadataFromJson(json);
}

void KvSnapshots::Read(metadata::KvSnapshotHandle snapshot, Done<remote::KvSnapshotMetadata> done) {
  if (!objects_) {
    return done(Error(ErrorCode::kKvSnapshotNotExist,
                      "snapshot {}: this server has no remote.data.dir to read {} from",
                      snapshot.id, snapshot.metadata_path));
  }
  blocking_->Post([self = shared_from_this(), snapshot = std::move(snapshot),
                   done = std::move(done)]() mutable { done(self->ReadNow(snapshot)); });
}

}  // namespace strom::service
