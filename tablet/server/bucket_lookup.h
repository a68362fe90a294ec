#pragma once

#include <memory>

#include "common/service/cluster_view.h"
#include "tablet/replica/replica_manager.h"

namespace strom::tablet {

// Finds the replica that a request is about; what all calls to buckets share. Any thread.
class BucketLookup {
 public:
  // Both outlive it.
  BucketLookup(const ReplicaManager& replicas, const service::ClusterViewHolder& views)
      : replicas_(replicas), views_(views) {}

  // Errors: those of Missing.
  Result<std::shared_ptr<Replica>> Find(const TableBucket& bucket) const;

  // A replica of a primary-key table whose keys the client of a PutKv, Lookup or PrefixLookup with
  // this version encodes as the server does. Errors: those of Missing; kNonPrimaryKeyTable;
  // kUnsupportedVersion.
  Result<std::shared_ptr<Replica>> FindKv(const TableBucket& bucket, int16_t api_version) const;

  // Why a bucket is not here: kNotLeaderOrFollower if the cluster has it, for then another server
  // does; else kUnknownTableOrBucket. Clients ask for metadata and try again after both.
  Status Missing(const TableBucket& bucket) const;

  const ReplicaManager& replicas() const { return replicas_; }

 private:
  const ReplicaManager& replicas_;
  const service::ClusterViewHolder& views_;
};

}  // namespace strom::tablet
