#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/types/ids.h"
#include "common/types/kv_snapshot_id.h"
#include "common/types/table_bucket.h"
#include "common/types/table_path.h"

namespace strom::metadata {

// Where things are in the metadata tree, below the cluster's root (zookeeper.path.root, "/fluss").
// Same places as Fluss: ZkData.java; see fluss-record-formats.md, section 7. Immutable, cheap to
// copy.
class ZkPaths {
 public:
  // `root` is a valid path without a slash at its end, or empty: the tree's own root.
  explicit ZkPaths(std::string root);

  const std::string& root() const { return root_; }

  std::string Databases() const { return root_ + "/metadata/databases"; }
  std::string Database(std::string_view name) const;  // DatabaseRegistration.
  std::string Tables(std::string_view database) const;
  std::string Table(const TablePath& path) const;  // TableRegistration; no data: no table.
  std::string Schemas(const TablePath& path) const;
  std::string Schema(const TablePath& path, SchemaId id) const;
  std::string Partitions(const TablePath& path) const;
  std::string Partition(const TablePath& path, std::string_view name) const;

  // Counters.
  std::string TableIds() const { return root_ + "/metadata/table_seqid"; }
  std::string PartitionIds() const { return root_ + "/metadata/partition_seqid"; }
  std::string WriterIds() const { return root_ + "/metadata/writer_id"; }

  std::string CoordinatorActive() const { return root_ + "/coordinators/active"; }  // Ephemeral.
  std::string CoordinatorIds() const { return root_ + "/coordinators/ids"; }
  std::string Coordinator(std::string_view id) const;  // Ephemeral; CoordinatorAddress.
  std::string CoordinatorElection() const { return root_ + "/coordinators/election"; }
  std::string CoordinatorEpochNode() const { return root_ + "/coordinators/epoch"; }

  std::string TabletServerIds() const { return root_ + "/tabletservers/ids"; }
  std::string TabletServer(ServerId id) const;  // Ephemeral; TabletServerRegistration.

  std::string TableAssignments() const { return root_ + "/tabletservers/tables"; }
  std::string TableAssignment(TableId id) const;
  std::string PartitionAssignments() const { return root_ + "/tabletservers/partitions"; }
  std::string PartitionAssignment(PartitionId id) const;
  // The assignment node above a bucket: its partition's, or its table's.
  std::string AssignmentOf(const TableBucket& bucket) const;
  std::string Buckets(const TableBucket& bucket) const;  // AssignmentOf + "/buckets".
  std::string Bucket(const TableBucket& bucket) const;
  std::string LeaderAndIsr(const TableBucket& bucket) const;
  std::string KvSnapshots(const TableBucket& bucket) const;
  std::string KvSnapshot(const TableBucket& bucket, KvSnapshotId id) const;  // KvSnapshotHandle.

  // Ours alone. Names of any characters; see NodeNameOf.
  std::string Jobs() const { return root_ + "/strom/jobs"; }
  std::string Job(std::string_view name) const;  // JobRecord.
  std::string JobGroups() const { return root_ + "/strom/job_groups"; }
  std::string JobGroup(std::string_view group) const;  // JobGroupRecord.
  std::string DirectoryIds() const { return root_ + "/strom/directory_ids"; }
  std::string DirectoryIdOf(ServerId server) const;  // DirectoryRecord; kept when the server goes.

  // The persistent nodes without content that everything else is put below; parents first.
  std::vector<std::string> FixedNodes() const;

 private:
  std::string root_;
};

// `text` as the name of a node: all bytes but A-Z a-z 0-9 _ - and points are %XX, a point in front
// is one too. Two texts never have the same name.
std::string NodeNameOf(std::string_view text);

// A name of a node that is a number, as below TabletServerIds and Schemas; none if it is no number
// or does not fit.
std::optional<int64_t> NumberFromName(std::string_view name);

}  // namespace strom::metadata
