#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/remote/kv_snapshot_paths.h"
#include "common/remote/object_store.h"
#include "tablet/kv/kv_tablet.h"

namespace strom::tablet {

// Opens the store of a bucket's rows with the most that can be had of them: what was left in it,
// else the newest sound snapshot, else nothing: then they are made from the whole log.
//
// Immutable; blocks.
class RowsOpener {
 public:
  struct World {
    io::FileSystem& files;
    kv::KvStoreFactory& stores;
    const remote::ObjectStore* objects;  // nullptr: there are no snapshots.
    std::shared_ptr<RecentRowsBudget> recent_rows;
  };

  // `path`: of the store; `snapshots`: where those of the bucket are.
  RowsOpener(World world, std::string path, remote::KvSnapshotPaths snapshots,
             std::shared_ptr<const KvTable> table)
      : world_(world),
        path_(std::move(path)),
        snapshots_(std::move(snapshots)),
        table_(std::move(table)) {}

  const TableBucket& bucket() const { return snapshots_.bucket(); }

  // `left`: what the store holds, exactly; it is that or an error then. `completed`: snapshots,
  // newest first. The rows hold nothing above `end`, which is in the log.
  // Errors: kKvStorage, also if the log does not go on from anything there is, naming what was
  // refused and why; kStorage, kDiskWriteLocked.
  Result<std::shared_ptr<KvTablet>> Open(LogTablet& log, std::optional<StoredRows> left,
                                         std::vector<KvSnapshotId> completed, LogOffset end) const;

 private:
  const World world_;
  const std::string path_;
  const remote::KvSnapshotPaths snapshots_;
  const std::shared_ptr<const KvTable> table_;
};

}  // namespace strom::tablet
