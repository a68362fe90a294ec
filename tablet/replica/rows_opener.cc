#include "tablet/replica/rows_opener.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/io/path.h"
#include "tablet/kv/snapshot_reader.h"

namespace strom::tablet {
namespace {

// So that the store is what its mark says (rows_mark.h) also after a power failure.
Status SyncFolder(io::FileSystem& files, const std::string& path) {
  STROM_ASSIGN_OR_RETURN(const auto entries, files.List(path));
  for (const io::DirectoryEntry& entry : entries) {
    STROM_ASSIGN_OR_RETURN(const auto file, files.OpenForWrite(path + "/" + entry.name));
    STROM_RETURN_IF_ERROR(file->Sync());
  }
  STROM_RETURN_IF_ERROR(files.SyncDirectory(path));
  return files.SyncDirectory(io::ParentPath(path));
}

}  // namespace

Result<std::shared_ptr<KvTablet>> RowsOpener::Open(LogTablet& log, std::optional<StoredRows> left,
                                                   std::vector<KvSnapshotId> completed,
                                                   LogOffset end) const {
  const KvTabletOptions tablets{.recent_rows = world_.recent_rows};
  if (left) return KvTablet::Open(world_.stores, path_, table_, log, left, tablets);
  std::string refused;
  const auto refuse = [&](KvSnapshotId id, const Status& why) {
    STROM_LOG(kError, "{}: snapshot {} cannot be used: {}", bucket(), id, why.ToString());
    refused += fmt::format("; snapshot {}: {}", id, why.message());
  };
  while (world_.objects && !completed.empty()) {
    STROM_RETURN_IF_ERROR(world_.stores.Destroy(path_));
    STROM_RETURN_IF_ERROR(world_.files.RemoveRecursively(path_));
    STROM_ASSIGN_OR_RETURN(
        RestoredSnapshot restored,
        SnapshotReader(*world_.objects, world_.files, snapshots_)
            .RestoreNewest(completed, path_, {.start = log.log_start_offset(), .end = end}));
    for (const RefusedSnapshot& one : restored.refused) refuse(one.id, one.why);
    if (!restored.snapshot) break;
    STROM_RETURN_IF_ERROR(SyncFolder(world_.files, path_));
    const remote::KvSnapshotMetadata& snapshot = restored.snapshot->metadata;
    const StoredRows rows{.offset = snapshot.log_offset,
                          .row_count = snapshot.row_count.value_or(0)};
    auto opened = KvTablet::Open(world_.stores, path_, table_, log, rows, tablets);
    if (opened.ok()) {
      STROM_LOG(kInfo, "{}: rows up to offset {} come from snapshot {}", bucket(), rows.offset,
                snapshot.id);
      return opened;
    }
    refuse(snapshot.id, opened.status());
    completed.erase(completed.begin(), std::next(std::ranges::find(completed, snapshot.id)));
  }
  auto opened = KvTablet::Open(world_.stores, path_, table_, log, std::nullopt, tablets);
  if (opened.ok() || refused.empty()) return opened;
  return Error(opened.status().code(), "{}{}", opened.status().message(), refused);
}

}  // namespace strom::tablet
