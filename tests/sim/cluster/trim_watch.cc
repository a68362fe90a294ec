#include "tests/sim/cluster/trim_watch.h"

#include <algorithm>
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

// Whether the segment `name` is the oldest of several: the others are cut from the end.
bool IsOldest(const DiskNode::Names& names, const std::string& name) {
  const auto is_segment = [](const auto& entry) {
    return tablet::ParseLogFileName(entry.first, tablet::kLogSuffix).has_value();
  };
  const auto first = std::find_if(names.begin(), names.end(), is_segment);
  const auto last = std::find_if(names.rbegin(), names.rend(), is_segment);
  return first != names.end() && first->first == name && last->first != name;
}

// Of all segments.
uint64_t SizeOf(const DiskNode::Names& names) {
  uint64_t bytes = 0;
  for (const auto& [name, node] : names) {
    if (tablet::ParseLogFileName(name, tablet::kLogSuffix)) bytes += node->file.cached().size();
  }
  return bytes;
}

// A log that begins anew removes its files, too, and says so before.
bool BeginsAnew(const SimDisk& disk, const std::string& directory) {
  SyncedView files(disk);
  const auto note = tablet::ReadCutNote(files, directory);
  return note.ok() && *note && (*note)->restart_at;
}

}  // namespace

TrimWatch::TrimWatch(SimWorld& world, SimCluster& cluster, const SimConfig& config,
                     SnapshotWatch& snapshots,
                     std::function<const record::RecordSchema*(TableId)> schema_of,
                     History* history)
    : world_(world),
      cluster_(cluster),
      counts_bytes_(config.log_bytes_max > 0),
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
  const DiskNode::Names& names = place.directory->names;
  SimHost& host = cluster_.tablet(tablet);
  if (!IsOldest(names, place.name) || BeginsAnew(host.disk(), directory)) return;
  ReplicaLog log;
  DecodeSegment(place.node->file.cached(), *schema, log);
  if (log.batches.empty()) return;
  history_->trimmed.push_back({.bucket = *bucket,
                               .server = SimCluster::IdOf(tablet),
                               .at = world_.scheduler.now(),
                               .wall_ms = host.clock().WallNow(),
                               .log_bytes = counts_bytes_ ? SizeOf(names) : 0,
                               .log = std::move(log),
                               .snapshots = snapshots_.Of(*bucket, kRestoredAgo)});
}

}  // namespace strom::sim
