#include "tests/sim/cluster/trim_watch.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/io/path.h"
#include "tablet/log/cut_note.h"
#include "tablet/log/log_files.h"
#include "tests/sim/logs/replica_logs.h"
#include "tests/sim/world/synced_view.h"

namespace strom::sim {
namespace {

// What only just came back whole still does, one hopes: restoring takes time.
constexpr MonoDuration kRestoredAgo = Seconds(1);

std::optional<int64_t> NumberBehind(std::string_view name, char separator) {
  const std::string_view text = name.substr(name.rfind(separator) + 1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of "…/<table>-<id>/log-<bucket>", which is none of a log that was set aside.
std::optional<TableBucket> BucketOf(const std::string& directory) {
  const std::string_view name = io::BaseName(directory);
  const auto id = NumberBehind(io::ParentPath(directory), '-'), bucket = NumberBehind(name, '-');
  if (!name.starts_with("log-") || !id || !bucket) return std::nullopt;
  return TableBucket{.table = TableId(*id),
                     .partition = {},
                     .bucket = BucketId(static_cast<int32_t>(*bucket))};
}

// The size of all segments, if `name` is the oldest of several: the others are cut from the end.
std::optional<uint64_t> SizeIfOldest(const DiskNode& directory, const std::string& name) {
  uint64_t bytes = 0;
  size_t count = 0;
  for (const auto& [other, node] : directory.names) {
    if (!tablet::ParseLogFileName(other, tablet::kLogSuffix)) continue;
    if (count == 0 && other != name) return std::nullopt;
    ++count;
    bytes += node->file.cached().size();
  }
  return count > 1 ? std::optional(bytes) : std::nullopt;
}

// A log that begins anew removes its files, too, and says so before.
bool BeginsAnew(const SimDisk& disk, const std::string& directory) {
  SyncedView files(disk);
  const auto note = tablet::ReadCutNote(files, directory);
  return note.ok() && *note && (*note)->restart_at;
}

}  // namespace

TrimWatch::TrimWatch(SimWorld& world, SimCluster& cluster, SnapshotWatch& snapshots,
                     std::function<const record::RecordSchema*(TableId)> schema_of,
                     History* history)
    : world_(world),
      cluster_(cluster),
      snapshots_(snapshots),
      schema_of_(std::move(schema_of)),
      history_(history) {
  for (int i = 0; i < cluster_.tablet_count(); ++i) {
    cluster_.tablet(i).disk().SetOnRemove(
        [this, i](const std::string& path, const DiskTree::Place& place) {
          OnRemove(i, path, place);
        });
  }
}

TrimWatch::~TrimWatch() {
  for (int i = 0; i < cluster_.tablet_count(); ++i) {
    cluster_.tablet(i).disk().SetOnRemove(nullptr);
  }
}

void TrimWatch::OnRemove(int tablet, const std::string& path, const DiskTree::Place& place) {
  if (!tablet::ParseLogFileName(place.name, tablet::kLogSuffix)) return;
  const std::string directory = io::ParentPath(path);
  const auto bucket = BucketOf(directory);
  const record::RecordSchema* const schema = bucket ? schema_of_(bucket->table) : nullptr;
  if (schema == nullptr) return;
  const auto bytes = SizeIfOldest(*place.directory, place.name);
  SimHost& host = cluster_.tablet(tablet);
  if (!bytes || BeginsAnew(host.disk(), directory)) return;
  ReplicaLog log;
  DecodeSegment(place.node->file.cached(), *schema, log);
  if (log.batches.empty()) return;
  history_->trimmed.push_back({.bucket = *bucket,
                               .server = SimCluster::IdOf(tablet),
                               .at = world_.scheduler.now(),
                               .wall_ms = host.clock().WallNow(),
                               .log_bytes = *bytes,
                               .log = std::move(log),
                               .snapshots = snapshots_.Of(*bucket, kRestoredAgo)});
}

}  // namespace strom::sim
