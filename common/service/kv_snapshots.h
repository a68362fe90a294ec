#pragma once

#include <memory>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "common/metadata/catalog.h"
#include "common/remote/kv_snapshot_metadata.h"
#include "common/remote/object_store.h"
#include "common/runtime/strand.h"

namespace strom::service {

// The completed KV snapshots, for whoever wants to know in a server: which there are, from the
// metadata store, and what they are made of, from the object store. Any thread.
class KvSnapshots : public std::enable_shared_from_this<KvSnapshots> {
 public:
  using Handles = std::vector<metadata::KvSnapshotHandle>;  // Oldest first.
  template <class T>
  using Done = absl::AnyInvocable<void(Result<T>)>;

  // Transfers run on `blocking`; both outlive it. nullptr: this server reads no snapshots.
  KvSnapshots(const remote::ObjectStore* objects, runtime::Executor* blocking)
      : objects_(objects), blocking_(blocking) {}

  // On the strand of a session, while nothing is asked: from now on the metadata are read there,
  // until Close, which comes before the session ends.
  void Open(metadata::Catalog* catalog, runtime::Strand* strand);
  void Close();

  // `done` runs once, or is dropped with the session. Errors of both: kNetwork without a session;
  // those of Catalog::ListKvSnapshots, of all the first one.
  void Find(const TableBucket& bucket, Done<Handles> done);
  // Those of each bucket, in their order.
  void FindAll(std::vector<TableBucket> buckets, Done<std::vector<Handles>> done);

  // Errors: kKvSnapshotNotExist if its `_METADATA` is not there or does not read; kStorage.
  void Read(metadata::KvSnapshotHandle snapshot, Done<remote::KvSnapshotMetadata> done);

 private:
  Result<remote::KvSnapshotMetadata> ReadNow(const metadata::KvSnapshotHandle& snapshot) const;

  const remote::ObjectStore* const objects_;
  runtime::Executor* const blocking_;
  absl::Mutex mutex_;
  runtime::Strand* strand_ ABSL_GUARDED_BY(mutex_) = nullptr;
  metadata::Catalog* catalog_ = nullptr;  // On the strand.
};

}  // namespace strom::service
