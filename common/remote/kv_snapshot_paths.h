#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/runtime/random.h"
#include "common/types/kv_snapshot_id.h"
#include "common/types/table_bucket.h"
#include "common/types/table_path.h"

namespace strom::remote {

// Where the KV snapshots of one bucket are in the object store. Fluss's layout:
//
//   kv/{database}/{table}-{table id}[/{partition}-p{partition id}]/{bucket}/
//       shared/{uuid}           files that several snapshots may refer to: SSTs
//       snap-{id}/{uuid}        the other files of one snapshot
//       snap-{id}/_METADATA     what the snapshot is made of (kv_snapshot_metadata.h), written last
//       snap-{id}/_CHECKSUMS    ours alone (tablet/kv/snapshot_checksums.h)
class KvSnapshotPaths {
 public:
  // `table` names a partition if `bucket` is of one.
  KvSnapshotPaths(const PhysicalTablePath& table, const TableBucket& bucket);

  const TableBucket& bucket() const { return bucket_; }

  // All of the bucket's snapshots.
  const std::string& folder() const { return folder_; }
  std::string SharedFolder() const { return folder_ + "/shared"; }
  std::string SnapshotFolder(KvSnapshotId id) const;
  std::string Metadata(KvSnapshotId id) const { return SnapshotFolder(id) + "/_METADATA"; }
  std::string Checksums(KvSnapshotId id) const { return SnapshotFolder(id) + "/_CHECKSUMS"; }

  // The snapshot in whose folder `key` is; none: it is in none, or its name is not of our making.
  std::optional<KvSnapshotId> SnapshotOf(std::string_view key) const;

 private:
  const TableBucket bucket_;
  const std::string folder_;
};

// A new name for a file made for snapshot `id`: a UUID of version 8 whose first 48 bits are the
// snapshot's number and whose other 74 are random. So a file that a crash left behind in `shared`
// can be told from one of a snapshot that is being written.
std::string NewSnapshotFileName(KvSnapshotId id, runtime::Random& random);

// The snapshot a file was made for; none: the name is not from NewSnapshotFileName (Fluss's are
// random).
std::optional<KvSnapshotId> SnapshotOfFileName(std::string_view name);

}  // namespace strom::remote
