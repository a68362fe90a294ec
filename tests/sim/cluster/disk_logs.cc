#include "tests/sim/cluster/disk_logs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/record/log_batch.h"
#include "tablet/log/log_files.h"
#include "tests/sim/cluster/sim_cluster.h"

namespace strom::sim {
namespace {

// A power failure may leave a segment and take the end of the one before it. So many are written at
// the same time at most, one hopes: those before them are whole.
constexpr size_t kNewestSegments = 5;

const DiskNode::Names& NamesIn(const DiskNode& directory, DiskLogs::View view) {
  return view == DiskLogs::View::kSynced ? directory.durable_names : directory.names;
}

}  // namespace

const DiskNode* DiskLogs::Find(const Log& log) const {
  const auto data = tree_.Get(kDataDirectory, kDataDirectory);
  const DiskNodeRef root =
      log.view == View::kSynced ? tree_.FindSynced(kDataDirectory) : data.ok() ? *data : nullptr;
  if (root == nullptr) return nullptr;
  const std::string table = fmt::format("-{}", log.bucket.table);
  const std::string name =
      fmt::format("{}-{}", log.set_aside ? "broken" : "log", log.bucket.bucket);
  for (const auto& [database, tables] : NamesIn(*root, log.view)) {
    for (const auto& [path, buckets] : NamesIn(*tables, log.view)) {
      if (!path.ends_with(table)) continue;
      const auto found = NamesIn(*buckets, log.view).find(name);
      if (found != NamesIn(*buckets, log.view).end()) return found->second.get();
    }
  }
  return nullptr;
}

std::optional<LogOffset> DiskLogs::End(const Log& log) {
  const DiskNode* const directory = Find(log);
  if (directory == nullptr) return std::nullopt;
  std::vector<Read>& known = read_[log];
  std::vector<Read> newest;  // The newest first.
  std::optional<LogOffset> end;
  LogOffset behind;  // Where the segment behind begins.
  const DiskNode::Names& names = NamesIn(*directory, log.view);
  for (auto at = names.rbegin(); at != names.rend() && newest.size() < kNewestSegments; ++at) {
    const auto base = tablet::ParseLogFileName(at->first, tablet::kLogSuffix);
    if (!base) continue;
    const DiskFile& file = at->second->file;
    Read read{
        .file = at->second, .rewrites = file.rewrites(), .position = 0, .end = *base};
    const auto before = std::ranges::find(known, at->second, &Read::file);
    if (before != known.end() && before->rewrites == read.rewrites) read = *before;
    const Bytes& bytes = log.view == View::kSynced ? file.synced() : file.cached();
    record::LogBatchIterator batches(BytesView(bytes).substr(read.position));
    const size_t from = read.position;
    for (auto batch = batches.Next(); batch.ok() && *batch; batch = batches.Next()) {
      if ((*batch)->base_offset() != read.end) break;  // What the power failure left of one.
      read.end = (*batch)->next_offset();
      read.position = from + batches.position();
    }
    if (!end || read.end != behind) end = read.end;
    behind = *base;
    newest.push_back(std::move(read));
  }
  known = std::move(newest);
  return end;
}

std::optional<LogOffset> DiskLogs::EndOf(const TableBucket& bucket, View view) {
  return End({.bucket = bucket, .view = view, .set_aside = false});
}

std::optional<LogOffset> DiskLogs::EndOfSetAside(const TableBucket& bucket) {
  return End({.bucket = bucket, .view = View::kWritten, .set_aside = true});
}

}  // namespace strom::sim
